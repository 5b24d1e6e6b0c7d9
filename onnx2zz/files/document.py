"""What a JSON or YAML document may hold, and the questions that are asked of a value before its form has been checked.

The readers of such files hand out values of these types; what they mean is found out once, at the border (formats/).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, TypeGuard

Key: TypeAlias = str | int | float | bool | None
"""What stands before a colon: text in JSON, any scalar in YAML (`1:` is an int)."""

Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[Key, Value] | None"
"""Any value of a document. YAML's dates are texts to whoever asks: no file of ours has one."""

Data: TypeAlias = Mapping[Key, Value]
"""A mapping of a document, its values unchecked."""


def is_mapping(value: object) -> TypeGuard[Data]:
    """Whether a value is a mapping, for what may be typed already (an entry) or not at all."""
    return isinstance(value, Mapping)


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is an object of JSON, or a mapping of YAML whose keys are asked for by their names: of what lies
    under them nothing is known."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether a value is a list, of whose items nothing is known."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    """Whether a value is a tuple: what code holds, and no document."""
    return isinstance(value, tuple)


def is_iterator(value: object) -> TypeGuard[Iterator[object]]:
    """Whether a value is items that come one after the other: what code makes, and no document."""
    return isinstance(value, Iterator)


def is_list(value: object) -> TypeGuard[list[Value]]:
    """Whether a value is a list, as readers make them."""
    return isinstance(value, list)


def texts(value: Value) -> tuple[str, ...]:
    """The texts in a list, () for anything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def integer(value: Value) -> int | None:
    """A whole number; None for anything else, true and false too, which Python counts among the numbers."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
