"""The scalar functions that layers name, as numpy ufunc-like callables (float64 in, float64 out).

Parameters follow the operands, in the order of the ONNX attributes they come from.
"""

from collections.abc import Callable

import numpy as np

Function = Callable[..., np.ndarray]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, x)


def _erf(x: np.ndarray) -> np.ndarray:
    from math import erf

    return np.vectorize(erf, otypes=[np.float64])(x)


def _narrow_float(x: np.ndarray, mantissa: float, lowest_exponent: float, largest: float) -> np.ndarray:
    """The nearest number of a float format, ties to even, beyond `largest` saturated; subnormals included."""
    exponent = np.frexp(x)[1] - 1.0
    quantum = 2.0 ** (np.maximum(exponent, lowest_exponent) - mantissa)
    return np.clip(np.rint(x / quantum) * quantum, -largest, largest)


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + _erf(x / np.sqrt(2.0)))


def _gelu_tanh(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


def _cast(x: np.ndarray, element_type: float) -> np.ndarray:
    """The value after a round trip through an ONNX element type, given by its number."""
    from onnx import TensorProto
    from onnx.helper import tensor_dtype_to_np_dtype

    if element_type in (TensorProto.INT4, TensorProto.UINT4):  # ONNX does not say how; onnxruntime rounds and wraps
        return _wrap(np.trunc(x + np.copysign(0.5, x)), 4, element_type == TensorProto.INT4)
    return np.asarray(x).astype(tensor_dtype_to_np_dtype(int(element_type))).astype(np.float64)


def _is_infinite(x: np.ndarray, detect_negative: float, detect_positive: float) -> np.ndarray:
    found = (np.isneginf(x) & bool(detect_negative)) | (np.isposinf(x) & bool(detect_positive))
    return found.astype(np.float64)


def _wrap(x: np.ndarray, bits: float, signed: float) -> np.ndarray:
    """Integers beyond the range of a type of so many bits, as it holds them."""
    lowest = -(2.0 ** (bits - 1)) if signed else 0.0
    return np.mod(x - lowest, 2.0**bits) + lowest


def _on_integers(function: Callable[..., np.ndarray]) -> Function:
    return lambda *operands: function(*(np.asarray(x).astype(np.int64) for x in operands)).astype(np.float64)


BINARY: dict[str, Function] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "int_div": lambda x, y: np.trunc(x / y),
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "prelu": lambda x, slope: np.where(x < 0, x * slope, x),
    "mod": np.mod,
    "fmod": np.fmod,
    "div_root": lambda x, y, epsilon: x / np.sqrt(y + epsilon),
    "squared_difference": lambda x, y: (x - y) ** 2,
    "keep_if": lambda x, condition: np.where(condition != 0, x, 0.0),
    "drop_if": lambda x, condition: np.where(condition != 0, 0.0, x),
    "and": lambda x, y: np.logical_and(x, y).astype(np.float64),
    "or": lambda x, y: np.logical_or(x, y).astype(np.float64),
    "xor": lambda x, y: np.logical_xor(x, y).astype(np.float64),
    "equal": lambda x, y: np.equal(x, y).astype(np.float64),
    "greater": lambda x, y: np.greater(x, y).astype(np.float64),
    "greater_or_equal": lambda x, y: np.greater_equal(x, y).astype(np.float64),
    "less": lambda x, y: np.less(x, y).astype(np.float64),
    "less_or_equal": lambda x, y: np.less_equal(x, y).astype(np.float64),
    "bit_and": _on_integers(np.bitwise_and),
    "bit_or": _on_integers(np.bitwise_or),
    "bit_xor": _on_integers(np.bitwise_xor),
    "shift_left": _on_integers(np.left_shift),
    "shift_right": _on_integers(np.right_shift),
    "or_hole": lambda condition, x: np.where(condition != 0, x, np.nan),
    "fill_hole": lambda x, y: np.where(np.isnan(x), y, x),
    "index_of": lambda x, y, index: np.where(x == y, index, np.inf),
    "hide": lambda x, position, low, high, value: np.where((position >= low) & (position <= high), x, x + value),
    "hide_from": lambda x, length, position, value: np.where(position < length, x, x + value),
    "plus_exp": lambda x, y: x + np.exp(y),
    "hide_until": lambda x, length, position, value: np.where(position >= length, x, x + value),
    "hide_where_not": lambda x, mask, value: np.where(mask != 0, x, x + value),
    "before": lambda x, length, position: np.where(position < length, x, 0.0),
    "not_before": lambda x, length, position: np.where(position >= length, x, 0.0),
    "last_of": lambda x, length, position: np.where(position == length - 1, x, 0.0),
    "keep_from": lambda x, position, first: np.where(position >= first, x, 0.0),
    "keep_to": lambda x, position, last: np.where(position <= last, x, 0.0),
}

UNARY: dict[str, Function] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "reciprocal": lambda x: 1.0 / x,
    "neg": np.negative,
    "abs": np.abs,
    "erf": _erf,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "round_away": lambda x: np.trunc(x + np.copysign(0.5, x)),
    "trunc": np.trunc,
    "softplus": _softplus,
    "leaky_relu": lambda x, alpha: np.where(x < 0, alpha * x, x),
    "hard_sigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0.0, 1.0),
    "hard_swish": lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "elu": lambda x, alpha: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0.0)), x),
    "selu": lambda x, alpha, gamma: gamma * np.where(x <= 0, alpha * np.expm1(np.minimum(x, 0.0)), x),
    "celu": lambda x, alpha: np.maximum(x, 0.0) + np.minimum(0.0, alpha * np.expm1(np.minimum(x, 0.0) / alpha)),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "softsign": lambda x: x / (1.0 + np.abs(x)),
    "thresholded_relu": lambda x, alpha: np.where(x > alpha, x, 0.0),
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "not": lambda x: np.logical_not(x).astype(np.float64),
    "shrink": lambda x, lambd, bias: np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, 0.0)),
    "clip": lambda x, low, high: np.clip(x, low, high),
    "single": lambda x: np.asarray(x, np.float32).astype(np.float64),
    "narrow_float": _narrow_float,
    "scale": lambda x, factor: x * factor,
    "shift": lambda x, amount: x + amount,
    "square": np.square,
    "abs_power": lambda x, p: np.abs(x) ** p,
    "softcap": lambda x, cap: cap * np.tanh(x / cap),
    "finite_or_zero": lambda x: np.where(np.isneginf(x), 0.0, x),
    "one_if_zero": lambda x: np.where(x == 0, 1.0, x),
    "affine": lambda x, alpha, beta: alpha * x + beta,
    "scaled_tanh": lambda x, alpha, beta: alpha * np.tanh(beta * x),
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "swish": lambda x, alpha: x * _sigmoid(alpha * x),
    "is_nan": lambda x: np.isnan(x).astype(np.float64),
    "is_infinite": _is_infinite,
    "bit_not": _on_integers(np.invert),
    "wrap": _wrap,
    "cast": _cast,
}

COMMUTE = frozenset({"add", "mul", "max", "min", "squared_difference", "and", "or", "xor", "equal"})
SWAPPED = "swapped_"


def _swap(function: Function) -> Function:
    return lambda x, y, *parameters: function(y, x, *parameters)


def swapped(name: str) -> str:
    """The function of the same two operands in the other order."""
    if name in COMMUTE:
        return name
    return name.removeprefix(SWAPPED) if name.startswith(SWAPPED) else f"{SWAPPED}{name}"


FUNCTIONS: dict[str, Function] = (
    BINARY | UNARY | {f"{SWAPPED}{n}": _swap(f) for n, f in BINARY.items() if n not in COMMUTE}
)
