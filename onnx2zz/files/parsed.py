"""What a parser of JSON or YAML hands out, told apart step by step: of such a value nothing is known but its kind."""

from collections.abc import Mapping
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value has keys. Those of JSON are text; who reads YAML must not rely on that."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value is a list of others."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    """Whether a value is a tuple, of whatever: what code holds, and no document."""
    return isinstance(value, tuple)
