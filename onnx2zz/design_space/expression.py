"""Arithmetic in a sweep file: numbers, names, + - * / // % **, and a few functions. Nothing else is run."""

import ast
import math
from collections.abc import Callable, Mapping

from onnx2zz.files.arithmetic import ARITHMETIC
from onnx2zz.formats.spelling import did_you_mean

Number = int | float
Value = Number | Mapping[str, Number]
"""A name's value: a number, or the figures of one alternative (`technology.energy`)."""

UNARY: Mapping[type[ast.unaryop], Callable[[Number], Number]] = {
    ast.USub: lambda value: -value,
    ast.UAdd: lambda value: value,
}
FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "log2": math.log2,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": round,
}
LARGEST_EXPONENT = 64
"""A typing error like 9 ** 9 ** 9 must not keep the machine busy."""
LARGEST_BITS = 4096
"""Of a whole number on the way to the result; a float ends at 1024."""


def evaluate(text: str, names: Mapping[str, Value]) -> Number:
    """The value of an expression. Raises ValueError with what is wrong with it."""
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body, names)
        finite = type(value) is not complex and math.isfinite(value)
    except (SyntaxError, MemoryError) as error:  # the parser's own stack counts as memory
        raise ValueError(f"`{text}` is no arithmetic expression") from error
    except (ArithmeticError, TypeError, RecursionError) as error:
        raise ValueError(f"`{text}` cannot be computed ({error})") from error
    if not finite:
        raise ValueError(f"`{text}` is {value}, no number to go on with")
    return value


def _value(node: ast.expr, names: Mapping[str, Value]) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name):
            return _number(name, _known(name, names))
        case ast.Attribute(value=ast.Name(id=name), attr=figure):
            return _figure(name, figure, _known(name, names))
        case ast.UnaryOp(op=operation, operand=operand) if type(operation) in UNARY:
            return UNARY[type(operation)](_value(operand, names))
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in ARITHMETIC:
            return _binary(type(operation), _value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if arguments:
            return _function(name)(*(_value(argument, names) for argument in arguments))
        case _:
            pass
    raise ValueError(f"`{ast.unparse(node)}` is not understood: numbers, parameters, + - * / // % **, functions")


def _binary(operation: type[ast.operator], left: Number, right: Number) -> Number:
    if operation is ast.Pow and abs(right) > LARGEST_EXPONENT:
        raise ValueError(f"the exponent {right} is above {LARGEST_EXPONENT}")
    if isinstance(left, int) and left.bit_length() > LARGEST_BITS:
        raise ValueError("a number on the way is beyond all bounds")
    return ARITHMETIC[operation](left, right)


def _function(name: str) -> Callable[..., Number]:
    if name not in FUNCTIONS:
        raise ValueError(f"there is no function {name}{did_you_mean(name, FUNCTIONS)}")
    return FUNCTIONS[name]


def _known(name: str, names: Mapping[str, Value]) -> Value:
    if name not in names:
        raise ValueError(f"there is no parameter {name}{did_you_mean(name, names)}")
    return names[name]


def _number(name: str, value: Value) -> Number:
    if isinstance(value, Mapping):
        raise ValueError(f"{name} has several figures: {', '.join(f'{name}.{figure}' for figure in value)}")
    return value


def _figure(name: str, figure: str, value: Value) -> Number:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is one number, it has no .{figure}")
    if figure not in value:
        raise ValueError(f"{name} has no .{figure}{did_you_mean(figure, value)}")
    return value[figure]
