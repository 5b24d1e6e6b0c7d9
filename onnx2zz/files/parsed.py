"""What a parser of JSON or YAML hands out, told apart step by step: of such a value nothing is known but its kind."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value has keys. Those of JSON are text; who reads YAML must not rely on that."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is a list of others, and no text."""
    return isinstance(value, list | tuple)
