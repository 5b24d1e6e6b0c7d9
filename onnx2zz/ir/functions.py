"""The scalar functions that layers apply: each an object with its arity and its body in numpy.

A body takes arrays of float64 (one for each operand, broadcast to each other) and then the parameters, in the order of
the ONNX attributes that they come from. A layer's step may bring one operand more than the values it works on (a bias,
a position): it counts as the last of the operands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import erf
from typing import overload

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Body = Callable[..., Array]


@dataclass(frozen=True, slots=True)
class Function:
    """A scalar function, known by its name.

    `operands` and `parameters`: how many it takes. `commutes`: its two operands may be exchanged. `additive`: ZigZag's
    equation joins the operands by `+`, not by `*` (parser/workload_validator.py:14). `exchanged`: the
    function that this one is with its operands in the other order.
    """

    name: str
    operands: int
    parameters: int
    body: Body = field(repr=False, compare=False)
    commutes: bool = False
    additive: bool = False
    exchanged: "Function | None" = field(default=None, repr=False, compare=False)

    def __call__(self, *values: npt.ArrayLike) -> Array:
        """The function's value; operands first, then parameters. Infinities and NaN are values like any other."""
        operands = [np.asarray(value, np.float64) for value in values[: self.operands]]
        with np.errstate(all="ignore"):
            return self.body(*operands, *values[self.operands :])

    def __str__(self) -> str:
        return self.name

    def swapped(self) -> "Function":
        """The function of the same two operands in the other order."""
        if self.commutes:
            return self
        if self.exchanged is not None:
            return self.exchanged
        return Function(
            f"swapped_{self.name}",
            self.operands,
            self.parameters,
            partial(_exchanged, self.body),
            additive=self.additive,
            exchanged=self,
        )


def _exchanged(body: Body, x: Array, y: Array, *parameters: float) -> Array:
    return body(y, x, *parameters)


@overload
def unary(name: str, body: Callable[[Array], Array]) -> Function: ...
@overload
def unary(name: str, body: Callable[[Array, float], Array], parameters: int) -> Function: ...
@overload
def unary(name: str, body: Callable[[Array, float, float], Array], parameters: int) -> Function: ...
@overload
def unary(name: str, body: Callable[[Array, float, float, float], Array], parameters: int) -> Function: ...
def unary(name: str, body: Body, parameters: int = 0) -> Function:
    """A function of one operand. One that a single operator applies may be made in that operator's file."""
    return Function(name, 1, parameters, body)


@overload
def binary(
    name: str, body: Callable[[Array, Array], Array], *, commutes: bool = ..., additive: bool = ...
) -> Function: ...
@overload
def binary(name: str, body: Callable[[Array, Array, float], Array], parameters: int) -> Function: ...
@overload
def binary(name: str, body: Callable[[Array, Array, float, float], Array], parameters: int) -> Function: ...
@overload
def binary(name: str, body: Callable[[Array, Array, float, float, float], Array], parameters: int) -> Function: ...
def binary(name: str, body: Body, parameters: int = 0, *, commutes: bool = False, additive: bool = False) -> Function:
    """A function of two operands; see `unary`."""
    return Function(name, 2, parameters, body, commutes, additive)


@overload
def ternary(name: str, body: Callable[[Array, Array, Array], Array]) -> Function: ...
@overload
def ternary(name: str, body: Callable[[Array, Array, Array, float], Array], parameters: int) -> Function: ...
def ternary(name: str, body: Body, parameters: int = 0) -> Function:
    """A function of three operands; see `unary`."""
    return Function(name, 3, parameters, body)


def _number_of(numbers: Sequence[float]) -> Callable[[Array], Array]:
    """The number that a code stands for."""
    table = np.array(numbers)
    return lambda code: table[code.astype(np.int64)]


def _truth(values: npt.NDArray[np.bool_]) -> Array:
    return values.astype(np.float64)


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


def _erf(x: Array) -> Array:
    return np.vectorize(erf, otypes=[np.float64])(x)


def _narrow_float(x: Array, mantissa: float, lowest_exponent: float, largest: float) -> Array:
    """The nearest number of a float format, ties to even, beyond `largest` saturated; subnormals included."""
    exponent = np.frexp(x)[1] - 1.0
    quantum = 2.0 ** (np.maximum(exponent, lowest_exponent) - mantissa)
    return np.clip(np.rint(x / quantum) * quantum, -largest, largest)


def _gelu(x: Array) -> Array:
    return 0.5 * x * (1.0 + _erf(x / np.sqrt(2.0)))


def _gelu_tanh(x: Array) -> Array:
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


def _cast(x: Array, element_type: float) -> Array:
    """The value after a round trip through an ONNX element type, given by its number."""
    from onnx import TensorProto
    from onnx.helper import tensor_dtype_to_np_dtype

    if element_type in (TensorProto.INT4, TensorProto.UINT4):  # ONNX does not say how; onnxruntime rounds and wraps
        return _wrap(np.trunc(x + np.copysign(0.5, x)), 4, element_type == TensorProto.INT4)
    return np.asarray(x).astype(tensor_dtype_to_np_dtype(int(element_type))).astype(np.float64)


def _is_infinite(x: Array, detect_negative: float, detect_positive: float) -> Array:
    found = (np.isneginf(x) & bool(detect_negative)) | (np.isposinf(x) & bool(detect_positive))
    return found.astype(np.float64)


def _wrap(x: Array, bits: float, signed: float) -> Array:
    """Integers beyond the range of a type of so many bits, as it holds them."""
    lowest = -(2.0 ** (bits - 1)) if signed else 0.0
    return np.mod(x - lowest, 2.0**bits) + lowest


def _bits_of(function: np.ufunc) -> Callable[[Array, Array], Array]:
    def on_integers(x: Array, y: Array) -> Array:
        return np.asarray(function(x.astype(np.int64), y.astype(np.int64))).astype(np.float64)

    return on_integers


def _inverted(x: Array) -> Array:
    return np.invert(x.astype(np.int64)).astype(np.float64)


ADD = binary("add", np.add, commutes=True, additive=True)
SUB = binary("sub", np.subtract, additive=True)
MUL = binary("mul", np.multiply, commutes=True)
DIV = binary("div", np.divide)
INT_DIV = binary("int_div", lambda x, y: np.trunc(x / y))
MAX = binary("max", np.maximum, commutes=True, additive=True)
MIN = binary("min", np.minimum, commutes=True, additive=True)
POW = binary("pow", np.power)
PRELU = binary("prelu", lambda x, slope: np.where(x < 0, x * slope, x))
MOD = binary("mod", np.mod)
FMOD = binary("fmod", np.fmod)
DIV_ROOT = binary("div_root", lambda x, y, epsilon: x / np.sqrt(y + epsilon), 1)
SQUARED_DIFFERENCE = binary("squared_difference", lambda x, y: (x - y) ** 2, commutes=True, additive=True)
KEEP_IF = binary("keep_if", lambda x, condition: np.where(condition != 0, x, 0.0))
DROP_IF = binary("drop_if", lambda x, condition: np.where(condition != 0, 0.0, x))
AND = binary("and", lambda x, y: _truth(np.logical_and(x, y)), commutes=True)
OR = binary("or", lambda x, y: _truth(np.logical_or(x, y)), commutes=True)
XOR = binary("xor", lambda x, y: _truth(np.logical_xor(x, y)), commutes=True)
EQUAL = binary("equal", lambda x, y: _truth(np.equal(x, y)), commutes=True)
GREATER = binary("greater", lambda x, y: _truth(np.greater(x, y)))
GREATER_OR_EQUAL = binary("greater_or_equal", lambda x, y: _truth(np.greater_equal(x, y)))
LESS = binary("less", lambda x, y: _truth(np.less(x, y)))
LESS_OR_EQUAL = binary("less_or_equal", lambda x, y: _truth(np.less_equal(x, y)))
BIT_AND = binary("bit_and", _bits_of(np.bitwise_and))
BIT_OR = binary("bit_or", _bits_of(np.bitwise_or))
BIT_XOR = binary("bit_xor", _bits_of(np.bitwise_xor))
SHIFT_LEFT = binary("shift_left", _bits_of(np.left_shift))
SHIFT_RIGHT = binary("shift_right", _bits_of(np.right_shift))
OR_HOLE = binary("or_hole", lambda condition, x: np.where(condition != 0, x, np.nan))
FILL_HOLE = binary("fill_hole", lambda x, y: np.where(np.isnan(x), y, x))
INDEX_OF = ternary("index_of", lambda x, y, index: np.where(x == y, index, np.inf))
HIDE = binary(
    "hide", lambda x, position, low, high, value: np.where((position >= low) & (position <= high), x, x + value), 3
)
HIDE_FROM = ternary("hide_from", lambda x, length, position, value: np.where(position < length, x, x + value), 1)
PLUS_EXP = binary("plus_exp", lambda x, y: x + np.exp(y))
HIDE_UNTIL = ternary("hide_until", lambda x, length, position, value: np.where(position >= length, x, x + value), 1)
HIDE_WHERE_NOT = binary("hide_where_not", lambda x, mask, value: np.where(mask != 0, x, x + value), 1)
BEFORE = ternary("before", lambda x, length, position: np.where(position < length, x, 0.0))
NOT_BEFORE = ternary("not_before", lambda x, length, position: np.where(position >= length, x, 0.0))
LAST_OF = ternary("last_of", lambda x, length, position: np.where(position == length - 1, x, 0.0))
KEEP_FROM = binary("keep_from", lambda x, position, first: np.where(position >= first, x, 0.0), 1)
KEEP_TO = binary("keep_to", lambda x, position, last: np.where(position <= last, x, 0.0), 1)

IDENTITY = unary("identity", lambda x: x)
RELU = unary("relu", lambda x: np.maximum(x, 0.0))
SIGMOID = unary("sigmoid", _sigmoid)
TANH = unary("tanh", np.tanh)
EXP = unary("exp", np.exp)
LOG = unary("log", np.log)
SQRT = unary("sqrt", np.sqrt)
RECIPROCAL = unary("reciprocal", lambda x: 1.0 / x)
NEG = unary("neg", np.negative)
ABS = unary("abs", np.abs)
ERF = unary("erf", _erf)
FLOOR = unary("floor", np.floor)
CEIL = unary("ceil", np.ceil)
ROUND = unary("round", np.rint)
ROUND_AWAY = unary("round_away", lambda x: np.trunc(x + np.copysign(0.5, x)))
TRUNC = unary("trunc", np.trunc)
SOFTPLUS = unary("softplus", _softplus)
LEAKY_RELU = unary("leaky_relu", lambda x, alpha: np.where(x < 0, alpha * x, x), 1)
HARD_SIGMOID = unary("hard_sigmoid", lambda x, alpha, beta: np.clip(alpha * x + beta, 0.0, 1.0), 2)
HARD_SWISH = unary("hard_swish", lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0))
ELU = unary("elu", lambda x, alpha: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0.0)), x), 1)
SELU = unary("selu", lambda x, alpha, gamma: gamma * np.where(x <= 0, alpha * np.expm1(np.minimum(x, 0.0)), x), 2)
CELU = unary(
    "celu", lambda x, alpha: np.maximum(x, 0.0) + np.minimum(0.0, alpha * np.expm1(np.minimum(x, 0.0) / alpha)), 1
)
MISH = unary("mish", lambda x: x * np.tanh(_softplus(x)))
SOFTSIGN = unary("softsign", lambda x: x / (1.0 + np.abs(x)))
THRESHOLDED_RELU = unary("thresholded_relu", lambda x, alpha: np.where(x > alpha, x, 0.0), 1)
SIGN = unary("sign", np.sign)
SIN = unary("sin", np.sin)
COS = unary("cos", np.cos)
NOT = unary("not", lambda x: _truth(np.logical_not(x)))
SHRINK = unary("shrink", lambda x, lambd, bias: np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, 0.0)), 2)
CLIP = unary("clip", lambda x, low, high: np.clip(x, low, high), 2)
SINGLE = unary("single", lambda x: np.asarray(x, np.float32).astype(np.float64))
NARROW_FLOAT = unary("narrow_float", _narrow_float, 3)
SCALE = unary("scale", lambda x, factor: x * factor, 1)
SHIFT = unary("shift", lambda x, amount: x + amount, 1)
SQUARE = unary("square", np.square)
RAISED = unary("pow", lambda x, power: np.power(x, power), 1)
ABS_POWER = unary("abs_power", lambda x, p: np.abs(x) ** p, 1)
SOFTCAP = unary("softcap", lambda x, cap: cap * np.tanh(x / cap), 1)
FINITE_OR_ZERO = unary("finite_or_zero", lambda x: np.where(np.isneginf(x), 0.0, x))
ONE_IF_ZERO = unary("one_if_zero", lambda x: np.where(x == 0, 1.0, x))
AFFINE = unary("affine", lambda x, alpha, beta: alpha * x + beta, 2)
SCALED_TANH = unary("scaled_tanh", lambda x, alpha, beta: alpha * np.tanh(beta * x), 2)
RSQRT = unary("rsqrt", lambda x: 1.0 / np.sqrt(x))
TAN = unary("tan", np.tan)
ASIN = unary("asin", np.arcsin)
ACOS = unary("acos", np.arccos)
ATAN = unary("atan", np.arctan)
SINH = unary("sinh", np.sinh)
COSH = unary("cosh", np.cosh)
ASINH = unary("asinh", np.arcsinh)
ACOSH = unary("acosh", np.arccosh)
ATANH = unary("atanh", np.arctanh)
GELU = unary("gelu", _gelu)
GELU_TANH = unary("gelu_tanh", _gelu_tanh)
SWISH = unary("swish", lambda x, alpha: x * _sigmoid(alpha * x), 1)
IS_NAN = unary("is_nan", lambda x: _truth(np.isnan(x)))
IS_INFINITE = unary("is_infinite", _is_infinite, 2)
BIT_NOT = unary("bit_not", _inverted)
WRAP = unary("wrap", _wrap, 2)
CAST = unary("cast", _cast, 1)
FP4_NUMBERS = (0.0, 1 / 192, 2 / 3, 1.0, 1 / 3, 1 / 2, 1 / 6, 1 / 4)
"""Of the codes 0 to 7; the others are these with a minus."""
FP4 = unary("fp4", _number_of((*FP4_NUMBERS, *(-number for number in FP4_NUMBERS))))
NF4_BELOW = (-1.0, -0.6961928, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.09105004, 0.0)
NF4_ABOVE = (0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0)
NF4 = unary("nf4", _number_of((*NF4_BELOW, *NF4_ABOVE)))
