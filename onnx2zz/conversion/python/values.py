"""What the expressions of a Python file stand for, found without running it.

Numbers, texts, lists, tuples and dictionaries are Python's own; a set is a list, since nobody asks for its order here.
What cannot be followed is `Unknown`, which is no fault as long as nothing that is written depends on it.
"""

import ast
from dataclasses import dataclass, field
from typing import TypeGuard

from onnx2zz.files.document import is_array, is_tuple

LONGEST_TEXT = 2_000
LONGEST_LIST = 10_000
WIDEST_NUMBER = 4_096
"""Bits of a whole number. What is longer than any of these is no figure of a chip, and is not computed."""
UNKNOWN_KEY = "**"
"""Stands in a dictionary for entries of which even the key is unknown."""


@dataclass(frozen=True)
class Unknown:
    """A value that only a run would tell. `why` ends the sentence "line N: ..."; `origin` is the function that gives
    the value, where it is one that the file imports."""

    why: str
    line: int
    origin: str = ""


@dataclass(frozen=True)
class Imported:
    """A module, class or function from outside the file, by its dotted name."""

    name: str

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Call:
    """A method called on an object. `undecided`: whether it is called at all hangs on a condition that is unknown."""

    method: str
    positional: tuple[object, ...]
    named: dict[str, object]
    line: int
    undecided: bool = False


@dataclass(eq=False)
class Built:
    """An object that a class from outside the file makes: what it was called with, and what was done to it since."""

    kind: str
    positional: tuple[object, ...]
    named: dict[str, object]
    line: int
    calls: list[Call] = field(default_factory=list[Call])


@dataclass(eq=False)
class Scope:
    """The names of a function's body, or of the file."""

    names: dict[str, object]
    outer: "Scope | None" = None

    def find(self, name: str) -> object:
        """The value of a name; raises KeyError where there is none."""
        if name in self.names:
            return self.names[name]
        if self.outer is None:
            raise KeyError(name)
        return self.outer.find(name)


@dataclass(frozen=True, eq=False)
class Function:
    """A function that the file defines."""

    definition: ast.FunctionDef | ast.Lambda
    scope: Scope


def is_dict(value: object) -> TypeGuard[dict[object, object]]:
    return isinstance(value, dict)


def is_scalar(value: object) -> TypeGuard[bool | int | float | str | None]:
    return value is None or isinstance(value, bool | int | float | str)


def is_number(value: object) -> TypeGuard[bool | int | float]:
    return isinstance(value, bool | int | float)


def items_of(value: object) -> list[object] | None:
    """What a loop over the value meets; None where it is nothing to loop over."""
    if is_array(value) or is_tuple(value) or is_dict(value):
        return list(value)
    return list(value) if isinstance(value, str) else None


def forget(value: object, unknown: Unknown) -> None:
    """Let nothing be known any more of what a list or dictionary holds: nobody knows what was done to it.

    It may hold more than before, so that even an empty one holds something unknown from then on.
    """
    if is_array(value):
        value[:] = [unknown] * max(1, len(value))
    elif is_dict(value):
        value.update(dict.fromkeys((*value, UNKNOWN_KEY), unknown))


def is_key(value: object) -> bool:
    """Whether the value may be a key: a scalar, or a tuple of scalars."""
    return is_scalar(value) or (is_tuple(value) and all(map(is_scalar, value)))


def within_bounds(value: object, line: int) -> object:
    """The value; Unknown where it is too large to be worked with."""
    too_long = isinstance(value, str) and len(value) > LONGEST_TEXT
    too_many = (is_array(value) or is_tuple(value) or is_dict(value)) and len(value) > LONGEST_LIST
    if too_long or too_many or (isinstance(value, int) and value.bit_length() > WIDEST_NUMBER):
        return Unknown("a value too large to be followed", line)
    return value
