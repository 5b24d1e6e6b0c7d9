"""Functions of Python's own and of its libraries that files about hardware use, as far as they only compute."""

import copy
import math
import posixpath
from collections.abc import Callable, Mapping, Sequence
from math import prod

from onnx2zz.conversion.python.values import (
    LONGEST_LIST,
    Built,
    is_dict,
    is_number,
    is_scalar,
    items_of,
)

Known = Callable[..., object]
"""Positional arguments only. Raises TypeError or ValueError for what it does not take."""


def _numbers(values: Sequence[object]) -> list[float]:
    found = [value for value in values if is_number(value)]
    if len(found) != len(values):
        raise TypeError("numbers are needed")
    return found


def _arguments(values: tuple[object, ...]) -> list[object]:
    """Of `max(a, b)` and of `max([a, b])`."""
    return _listed(values[0]) if len(values) == 1 else list(values)


def _listed(*values: object) -> list[object]:
    found = items_of(values[0]) if values else []
    if found is None:
        raise TypeError("a list is needed")
    return found


def _of_number(function: Callable[[float], float]) -> Known:
    def apply(value: object) -> float:
        return function(*_numbers([value]))

    return apply


def _of_numbers(function: Callable[[list[float]], float]) -> Known:
    def apply(*values: object) -> float:
        return function(_numbers(_arguments(values)))

    return apply


def _range(*bounds: object) -> list[int]:
    whole = range(*[bound for bound in bounds if isinstance(bound, int)])
    if len(whole) > LONGEST_LIST:
        raise ValueError("the range is too long")
    return list(whole)


def _logarithm(*values: object) -> float:
    return math.log(*_numbers(values))


def _rounded(value: object, digits: object = None) -> float:
    (number,) = _numbers([value])
    return round(number, digits) if isinstance(digits, int) else round(number)


def _whole(value: object) -> int:
    if not isinstance(value, bool | int | float | str):
        raise TypeError("a number is needed")
    return int(value)


def _real(value: object) -> float:
    if not isinstance(value, bool | int | float | str):
        raise TypeError("a number is needed")
    return float(value)


def _text(value: object) -> str:
    if not is_scalar(value):
        raise TypeError("a number or a text is needed")
    return str(value)


def _length(value: object) -> int:
    return len(_listed(value))


def _dictionary(*values: object) -> dict[object, object]:
    if values and is_dict(values[0]):
        return dict(values[0])
    if values:
        raise TypeError("a dictionary is needed")
    return {}


def _tuple(*values: object) -> tuple[object, ...]:
    return tuple(_listed(*values))


def _sorted(values: object) -> list[object]:
    found = _listed(values)
    texts = [one for one in found if isinstance(one, str)]
    return [*sorted(texts)] if len(texts) == len(found) else [*sorted(_numbers(found))]


def _enumerated(values: object, start: object = 0) -> list[object]:
    return [*enumerate(_listed(values), start if isinstance(start, int) else 0)]


def _zipped(*values: object) -> list[object]:
    return [*zip(*map(_listed, values), strict=False)]


def _reversed(values: object) -> list[object]:
    return _listed(values)[::-1]


def _path_part(function: Callable[[str], object]) -> Known:
    def apply(path: object) -> object:
        if not isinstance(path, str):
            raise TypeError("a path is needed")
        return function(path)

    return apply


def _copied(value: object) -> object:
    """As deep as an object goes: what is done to the copy is not done to it."""
    if isinstance(value, Built):
        return Built(value.kind, value.positional, dict(value.named), value.line, list(value.calls))
    return copy.copy(value)


def _least(values: list[float]) -> float:
    return min(values)


def _most(values: list[float]) -> float:
    return max(values)


BUILTINS: Mapping[str, Known] = {
    "abs": _of_number(abs),
    "bool": bool,
    "dict": _dictionary,
    "enumerate": _enumerated,
    "float": _real,
    "frozenset": _listed,
    "int": _whole,
    "len": _length,
    "list": _listed,
    "max": _of_numbers(_most),
    "min": _of_numbers(_least),
    "range": _range,
    "reversed": _reversed,
    "round": _rounded,
    "set": _listed,
    "sorted": _sorted,
    "str": _text,
    "sum": _of_numbers(sum),
    "tuple": _tuple,
    "zip": _zipped,
}
OF_MODULES: Mapping[str, Known] = {
    **{
        f"{module}.{name}": _of_number(getattr(math, name)) for module in ("math", "numpy") for name in ("sqrt", "log2")
    },
    "math.ceil": _of_number(math.ceil),
    "math.floor": _of_number(math.floor),
    "math.log": _logarithm,
    "math.log10": _of_number(math.log10),
    "math.prod": _of_numbers(prod),
    "numpy.prod": _of_numbers(prod),
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "os.path.basename": _path_part(posixpath.basename),
    "os.path.dirname": _path_part(posixpath.dirname),
    "os.path.splitext": _path_part(posixpath.splitext),
}
METHODS: Mapping[type[object], frozenset[str]] = {
    str: frozenset(
        (*("split", "upper", "lower", "strip", "startswith", "endswith", "replace", "removesuffix", "join"),)
    ),
    list: frozenset(("append", "extend", "insert", "index", "count", "copy", "pop", "add", "update")),
    tuple: frozenset(("index", "count")),
    dict: frozenset(("get", "keys", "values", "items", "update", "copy", "pop", "setdefault")),
}
"""Methods of plain values that are carried out as they are. `add` and `update` of a list are a set's."""
CHANGING = frozenset(
    (
        *("append", "extend", "insert", "pop", "add", "update", "setdefault"),
        *("sort", "reverse", "remove", "discard", "clear", "popitem"),
        *("difference_update", "intersection_update", "symmetric_difference_update"),
    )
)
"""Methods that change the list or dictionary that they are called on."""
