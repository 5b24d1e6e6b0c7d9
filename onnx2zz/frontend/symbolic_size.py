"""Sizes as exporters write them: a symbol (`N`), or an expression in symbols (`2*u0 + 1`, `(s0 - 1)//2 + 1`).

PyTorch's exporter writes sympy's spelling, others plain arithmetic; both read as Python does. What is neither is a
symbol as a whole, as ONNX has it.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from onnx2zz.files.arithmetic import ARITHMETIC

LONGEST = 1000
"""Letters of an expression: a size that takes more is a symbol of its own."""
LARGEST = 2**62
MOST_POWER = 8
Number = Fraction
Combine = Callable[[Number, Number], Number]


def _power(base: Number, exponent: Number) -> Number:
    if exponent.denominator != 1 or not 0 <= exponent <= MOST_POWER:
        raise ValueError("no whole power")
    return base ** int(exponent)


OPERATORS: Mapping[type[ast.operator], Combine] = {
    **ARITHMETIC,
    ast.FloorDiv: lambda a, b: Fraction(a // b),
    ast.Pow: _power,
}
FUNCTIONS: Mapping[str, Callable[[Sequence[Number]], Number]] = {
    "Max": lambda given: max(given),
    "Min": lambda given: min(given),
    "max": lambda given: max(given),
    "min": lambda given: min(given),
    "floor": lambda given: _of_one(math.floor, given),
    "ceiling": lambda given: _of_one(math.ceil, given),
    "ceil": lambda given: _of_one(math.ceil, given),
    "FloorDiv": lambda given: _of_two(ast.FloorDiv, given),
    "CleanDiv": lambda given: _of_two(ast.Div, given),
    "Mod": lambda given: _of_two(ast.Mod, given),
}


def _of_one(function: Callable[[Number], int], given: Sequence[Number]) -> Number:
    (value,) = given
    return Fraction(function(value))


def _of_two(operator: type[ast.operator], given: Sequence[Number]) -> Number:
    a, b = given
    return OPERATORS[operator](a, b)


FAULTS = (ValueError, TypeError, ZeroDivisionError, OverflowError)


def symbols_in(axis: str) -> frozenset[str]:
    """The symbols of an expression; of a mere symbol itself."""
    tree = _parsed(axis)
    if tree is None:
        return frozenset({axis})
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)


def size_of(axis: str, dims: Mapping[str, int]) -> int | None:
    """The size, symbols being bound by `dims`; None where one is open, or where no whole number of 0 or more comes of
    them."""
    if axis in dims:
        return dims[axis]
    tree = _parsed(axis)
    if tree is None:
        return None
    try:
        found = _value(tree, dims)
    except FAULTS:
        return None
    return int(found) if found is not None and found.denominator == 1 and 0 <= found <= LARGEST else None


@lru_cache(maxsize=512)
def _parsed(axis: str) -> ast.expr | None:
    """An expression of what is known here; None for anything else, a symbol that no expression could name included."""
    if len(axis) > LONGEST:
        return None
    try:
        tree = ast.parse(axis.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if not isinstance(tree, ast.Name) and _is_arithmetic(tree) else None


def _is_arithmetic(tree: ast.expr) -> bool:
    match tree:
        case ast.Constant(value=value):
            # Not isinstance: True is an int of Python's, and would be a size of 1.
            return type(value) is int
        case ast.Name():
            return True
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _is_arithmetic(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return type(op) in OPERATORS and _is_arithmetic(left) and _is_arithmetic(right)
        # Without keywords, which none of these has: what is written so is a symbol as a whole.
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return name in FUNCTIONS and bool(args) and all(map(_is_arithmetic, args))
        case _:
            return False


def _value(tree: ast.expr, dims: Mapping[str, int]) -> Number | None:
    """None where a symbol is open."""
    match tree:
        case ast.Constant(value=int(value)):
            return Fraction(value)
        case ast.Name(id=name):
            return Fraction(dims[name]) if name in dims else None
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, dims)
            return inner if inner is None or isinstance(op, ast.UAdd) else -inner
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _value(left, dims), _value(right, dims)
            return None if first is None or second is None else _bounded(OPERATORS[type(op)](first, second))
        case ast.Call(func=ast.Name(id=name), args=args):
            # Max(1, N) would be known from 1 on, and not its value: one open symbol leaves all of it open.
            given = [_value(arg, dims) for arg in args]
            known = [value for value in given if value is not None]
            return FUNCTIONS[name](known) if len(known) == len(given) else None
        case _:
            return None


def _bounded(value: Number) -> Number:
    """The value; beyond all sizes an error rather than ever longer numbers."""
    if abs(value.numerator) > LARGEST**2:
        raise OverflowError
    return value
