"""What operators of Python give for values that are known: arithmetic, comparison, truth. Nothing is looked up here."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

from onnx2zz.conversion.python.signatures import is_foreign
from onnx2zz.conversion.python.values import (
    LONGEST_LIST,
    WIDEST_NUMBER,
    Imported,
    Unknown,
    is_dict,
    is_number,
    is_scalar,
    items_of,
)
from onnx2zz.files.arithmetic import ARITHMETIC
from onnx2zz.files.document import is_array, is_tuple

COMPARISONS: Mapping[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
ORDERS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def first_unknown(values: Sequence[object]) -> Unknown | None:
    return next((value for value in values if isinstance(value, Unknown)), None)


def combined(kind: ast.operator, left: object, right: object, line: int) -> object:
    """`left kind right`."""
    if unknown := first_unknown((left, right)):
        return unknown
    if isinstance(kind, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(kind, ast.Add) and is_array(left) and is_array(right):
        return [*left, *right]
    if isinstance(kind, ast.Add) and is_tuple(left) and is_tuple(right):
        return (*left, *right)
    if isinstance(kind, ast.BitOr) and is_dict(left) and is_dict(right):
        return left | right
    # Sets are lists here: a union.
    if isinstance(kind, ast.BitOr) and is_array(left) and is_array(right):
        return [*left, *right]
    # Before the numbers: `[0] * 4` is no product, and a file could ask for one that fills memory.
    if isinstance(kind, ast.Mult) and isinstance(right, int):
        repeated = _repeated(left, right)
        if repeated is not None:
            return repeated
    function = ARITHMETIC.get(type(kind))
    if function is None or not is_number(left) or not is_number(right):
        return Unknown("this expression cannot be followed without running it", line)
    # Powers alone grow beyond any bound in one step; sums and products are caught where values are kept.
    if isinstance(kind, ast.Pow) and _bits(left) * abs(right) > WIDEST_NUMBER:
        return Unknown("a value too large to be followed", line)
    return function(left, right)


def _repeated(value: object, times: int) -> object:
    items = items_of(value)
    if items is None or is_dict(value):
        return None
    if len(items) * times > LONGEST_LIST:
        raise ValueError("too long")
    if isinstance(value, str):
        return value * times
    return tuple(items * times) if is_tuple(value) else items * times


def _bits(number: float) -> int:
    return int(abs(number)).bit_length() if abs(number) < 2**WIDEST_NUMBER else WIDEST_NUMBER


def truth_of(value: object) -> bool | None:
    """Whether a condition holds; None where only a run would tell."""
    if isinstance(value, Unknown | Imported) or is_foreign(value):
        return None
    items = items_of(value)
    return bool(items) if items is not None else bool(value)


def compared(kind: ast.cmpop, left: object, right: object, line: int) -> object:
    """Whether `left kind right`, one comparison of a row of them."""
    if unknown := first_unknown((left, right)):
        return unknown
    if is_foreign(left) or is_foreign(right):
        return Unknown("this comparison is only known in a run", line)
    items = items_of(right)
    if isinstance(kind, ast.In | ast.NotIn) and is_scalar(left) and items is not None:
        # In a text `in` looks for a part, and in a list for an item: one item of a list is never a part of another.
        within = left in right if isinstance(left, str) and isinstance(right, str) else _among(left, items)
        return within is isinstance(kind, ast.In)
    if type(kind) in ORDERS and is_number(left) and is_number(right):
        return ORDERS[type(kind)](left, right)
    # A scalar on one side is enough: lists hold values that cannot be compared (Unknown), objects are only compared
    # with None.
    if type(kind) in COMPARISONS and (is_scalar(left) or is_scalar(right)):
        return bool(COMPARISONS[type(kind)](left, right))
    return Unknown("this comparison cannot be followed without running it", line)


def _among(value: object, items: Sequence[object]) -> bool:
    return any(is_scalar(item) and item == value for item in items)
