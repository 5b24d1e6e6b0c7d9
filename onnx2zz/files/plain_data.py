"""Plain data, as JSON holds it, read as a dataclass: the way back from `dataclasses.asdict`.

Each field is read as its type says, so a list becomes the tuple that was written, and nothing of another form passes.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Literal, TypeGuard, TypeVar, Union, get_args, get_origin, get_type_hints

from onnx2zz.files.document import is_array, is_object

T = TypeVar("T")
Reader = Callable[[object], object]
"""What makes a value of one type out of plain data. Raises ValueError for data of another form."""


def read_as(kind: type[T], value: object) -> T:
    """`value` as the dataclass `kind`: an object with its fields by name, or a list of them in their order.

    Fields are numbers, texts, True and False, None, Literals, tuples, frozensets, mappings with texts for keys, and
    dataclasses. What has a default may be absent. Raises ValueError for anything else.
    """
    found = _reader(kind)(value)
    assert isinstance(found, kind)
    return found


@cache
def _reader(kind: object) -> Reader:
    """The reader of a type, made once: what a type is made of takes longer to ask than a value to read."""
    # A type is asked in the order in which types can hide one another: a Literal and a Union are no classes, the origin
    # of `tuple[int, ...]` is one, and bool is an int to Python.
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return lambda value: value if value in arguments else _refused(kind, value)
    if origin in (Union, types.UnionType):
        return _union_reader(arguments)
    if origin in (tuple, frozenset):
        items = _items_reader(arguments)
        if origin is tuple:
            return lambda value: tuple(items(value)) if is_array(value) else _refused(kind, value)
        return lambda value: frozenset(items(value)) if is_array(value) else _refused(kind, value)
    if origin is Mapping:
        inner = _reader(arguments[1])
        return lambda value: (
            {key: inner(one) for key, one in value.items()} if is_object(value) else _refused(kind, value)
        )
    if _is_class(kind):
        return _dataclass_reader(kind) if is_dataclass(kind) else _plain_reader(kind)
    return lambda value: _refused(kind, value)


def _is_class(kind: object) -> TypeGuard[type[object]]:
    return isinstance(kind, type)


def _refused(kind: object, value: object) -> object:
    """Raises ValueError."""
    raise ValueError(f"{value!r:.60} where {kind} is needed")


def _plain_reader(kind: type[object]) -> Reader:
    def read(value: object) -> object:
        if isinstance(value, bool) and kind is not bool:
            raise ValueError(f"{value} where {kind} is needed")
        if isinstance(value, kind) or (kind is float and isinstance(value, int)):
            return value
        return _refused(kind, value)

    return read


def _union_reader(kinds: Sequence[object]) -> Reader:
    """By the first type that it fits."""
    readers = [_reader(kind) for kind in kinds]
    may_be_none = types.NoneType in kinds

    def read(value: object) -> object:
        if value is None and may_be_none:
            return None
        for reader in readers[:-1]:
            try:
                return reader(value)
            except ValueError:
                continue
        return readers[-1](value)

    return read


def _items_reader(kinds: Sequence[object]) -> Callable[[Sequence[object]], list[object]]:
    """The items of a `tuple[int, ...]` or a frozenset, all of one type, or of a `tuple[str, int]`."""
    readers = [_reader(kind) for kind in kinds if kind is not Ellipsis]
    if len(kinds) == 1 or kinds[-1] is Ellipsis:
        return lambda items: [readers[0](item) for item in items]

    def read(items: Sequence[object]) -> list[object]:
        if len(readers) != len(items):
            raise ValueError(f"{len(items)} items where {len(readers)} are needed")
        return [reader(item) for reader, item in zip(readers, items, strict=True)]

    return read


def _dataclass_reader(kind: type[object]) -> Reader:
    def read(value: object) -> object:
        # Asked here and not before: a dataclass may have fields of its own type.
        readers, needed = _fields_of(kind)
        given = dict(zip(readers, value, strict=False)) if is_array(value) else value
        if not is_object(given) or not needed <= given.keys() <= readers.keys():
            raise ValueError(f"{value!r:.60} where {kind.__name__} is needed")
        try:
            return kind(**{name: readers[name](inner) for name, inner in given.items()})
        except ValueError as error:
            raise ValueError(f"{kind.__name__}: {error}") from error

    return read


@cache
def _fields_of(kind: type[object]) -> tuple[Mapping[str, Reader], frozenset[str]]:
    """The fields with their readers, and those that have no default."""
    assert is_dataclass(kind)
    hints: Mapping[str, object] = get_type_hints(kind)
    needed = (one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING)
    return {one.name: _reader(hints[one.name]) for one in fields(kind)}, frozenset(needed)
