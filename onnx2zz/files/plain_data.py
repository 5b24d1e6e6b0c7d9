"""Plain data, as JSON holds it, read as a dataclass: the way back from `dataclasses.asdict`.

Each field is read as its type says, so a list becomes the tuple that was written, and nothing of another form passes.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from onnx2zz.files.document import is_array, is_object

T = TypeVar("T")


def read_as(kind: type[T], value: object) -> T:
    """`value` as the dataclass `kind`: an object with its fields by name, or a list of them in their order.

    Fields are numbers, texts, True and False, None, Literals, tuples, frozensets, mappings with texts for keys, and
    dataclasses. What has a default may be absent. Raises ValueError for anything else.
    """
    found = _read(kind, value)
    assert isinstance(found, kind)
    return found


def _read(kind: object, value: object) -> object:
    # A type is asked in the order in which types can hide one another: a Literal and a Union are no classes, the origin
    # of `tuple[int, ...]` is one, and bool is an int to Python.
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal and value in arguments:
        return value
    if origin in (Union, types.UnionType):
        return _read_union(arguments, value)
    if origin in (tuple, frozenset) and is_array(value):
        items = _read_items(arguments, value)
        return tuple(items) if origin is tuple else frozenset(items)
    if origin is Mapping and is_object(value):
        return {key: _read(arguments[1], inner) for key, inner in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**_read_fields(kind, value))
    if isinstance(value, bool) and kind is not bool:
        raise ValueError(f"{value} where {kind} is needed")
    if kind is float and isinstance(value, int):
        return value
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    raise ValueError(f"{value!r:.60} where {kind} is needed")


def _read_union(kinds: Sequence[object], value: object) -> object:
    """By the first type that it fits."""
    for kind in kinds[:-1]:
        try:
            return _read(kind, value)
        except ValueError:
            continue
    return _read(kinds[-1], value)


def _read_items(kinds: Sequence[object], items: Sequence[object]) -> list[object]:
    """The items of a `tuple[int, ...]` or a frozenset, all of one type, or of a `tuple[str, int]`."""
    if len(kinds) == 1 or kinds[-1] is Ellipsis:
        return [_read(kinds[0], item) for item in items]
    if len(kinds) != len(items):
        raise ValueError(f"{len(items)} items where {len(kinds)} are needed")
    return [_read(kind, item) for kind, item in zip(kinds, items, strict=True)]


def _read_fields(kind: type[object], value: object) -> dict[str, object]:
    hints, needed = _fields_of(kind)
    given = dict(zip(hints, value, strict=False)) if is_array(value) else value
    if not is_object(given) or not needed <= given.keys() <= hints.keys():
        raise ValueError(f"{value!r:.60} where {kind.__name__} is needed")
    try:
        return {name: _read(hints[name], inner) for name, inner in given.items()}
    except ValueError as error:
        raise ValueError(f"{kind.__name__}: {error}") from error


@cache
def _fields_of(kind: type[object]) -> tuple[Mapping[str, object], frozenset[str]]:
    """The fields with their types, and those that have no default."""
    assert is_dataclass(kind)
    hints: Mapping[str, object] = get_type_hints(kind)
    needed = (one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING)
    return {one.name: hints[one.name] for one in fields(kind)}, frozenset(needed)
