"""QONNX's quantisers: floats in, floats of few values out; they ride on the layer that feeds them.

Source: the operator pages of QONNX (Quant, IntQuant, FloatQuant, BipolarQuant, Trunc) and its executors
(src/qonnx/custom_op/general), whose order of operations in float32 is followed: a float64 operation and then "single".
"""

from collections.abc import Mapping

import numpy as np

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.qonnx_domains import in_each_domain
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.functions import Array, Function, binary, unary
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import broadcast, elementwise, per_channel
from onnx2zz.ops.known_values import known_value
from onnx2zz.ops.quantisation import SINGLE, scalar
from onnx2zz.ops.registry import lowers

HOW = "rides on the layer that feeds it and gives it its width, else one element-wise layer; folded on weights"


def _away(x: Array) -> Array:
    return np.sign(x) * np.ceil(np.abs(x))


def _half_to_zero(x: Array) -> Array:
    return np.sign(x) * np.ceil(np.abs(x) - 0.5)


ROUNDING: Mapping[str, Function] = {
    "ROUND": functions.ROUND,
    "HALF_EVEN": functions.ROUND,
    "CEIL": functions.CEIL,
    "FLOOR": functions.FLOOR,
    "UP": unary("round_up", _away),
    "DOWN": functions.TRUNC,
    "HALF_UP": functions.ROUND_AWAY,
    "HALF_DOWN": unary("half_to_zero", _half_to_zero),
}


def _bounded(x: Array, bits: Array, signed: float, narrow: float) -> Array:
    """Within the integers of so many bits; of one bit with a sign, -1 and 1."""
    low = -(2.0 ** (bits - 1)) + narrow if signed else 0.0 * bits
    high = 2.0 ** (bits - 1) - 1 if signed else 2.0**bits - 1 - narrow
    inside = np.maximum(np.minimum(x, high), low)
    return np.where((bits == 1) & bool(signed), np.where(x >= 0, 1.0, -1.0), inside)


def _of_float(rounding: Function) -> Function:
    """The nearest number of a float format, rounded by mantissa; what is beyond `largest` is cut off, or `beyond`
    (infinity, or not a number)."""

    def body(x: Array, mantissa: float, lowest_exponent: float, largest: float, beyond: float) -> Array:
        quantum = 2.0 ** (np.maximum(np.frexp(x)[1] - 1.0, lowest_exponent) - mantissa)
        found = rounding(x / quantum) * quantum
        outside = np.sign(found) * (largest if beyond == 0 else beyond)
        return np.where(np.abs(found) > largest, outside, found)

    return Function(f"of_float_{rounding}", 1, 4, body)


BOUNDED = binary("bounded", _bounded, 2)
BIPOLAR = unary("bipolar", lambda x: np.where(x >= 0, 1.0, -1.0))
UP_BY = binary("shifted_up", lambda x, bits: x * 2.0**bits)
DOWN_BY = binary("shifted_down", lambda x, bits: x / 2.0**bits)
NEAREST_POWER = unary("nearest_power", lambda x: 2.0 ** np.rint(np.log2(x)))


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The tensor; scales, zero points and widths are constants, a scalar or a vector of the channels."""
    others = [name for name in node.inputs[1:] if name]
    fixed = all(name in graph.static and per_channel(graph.shape(name)) for name in others)
    return (node.inputs[0],) if fixed and node.inputs[0] not in graph.static else ()


def rounding(node: Node, default: str = "ROUND") -> Step:
    """How a node rounds. Raises InputError for a mode that there is not."""
    mode = node.text("rounding_mode", default)
    if mode.upper() not in ROUNDING:
        what = f"its attribute rounding_mode is {mode!r}; it takes {', '.join(ROUNDING)}"
        raise InputError(Problem(f"node {node.label} ({node.op})", what))
    return Step(ROUNDING[mode.upper()])


def _operands(node: Node, graph: Graph) -> list[Access]:
    """Every input, read as it is broadcast to the first."""
    shape = graph.shape(node.inputs[0])
    wide = [graph.tensors[name].elements > 1 for name in node.inputs]
    pairs = zip(node.inputs, wide, strict=True)
    return [
        broadcast(graph, name, shape) if many or not index else scalar(graph, name)
        for index, (name, many) in enumerate(pairs)
    ]


def _layer(node: Node, graph: Graph, first: Step, *after: Step) -> tuple[Layer, ...]:
    shape = graph.shape(node.outputs[0])
    return (elementwise(node.outputs[0], shape, (_operands(node, graph)[0],), first, after),)


@lowers(*in_each_domain("Quant", "IntQuant"), how=HOW, rides=rides)
def quant(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, scale, zero point, width: (round(bounded(X / scale + zero point)) - zero point) * scale."""
    _, scale, zero_point, bits = _operands(node, graph)
    kept = tuple(float(node.integer(name, 1)) for name in ("signed", "narrow"))
    return _layer(
        node,
        graph,
        Step(functions.DIV, scale),
        SINGLE,
        Step(functions.ADD, zero_point),
        SINGLE,
        Step(BOUNDED, bits, kept),
        rounding(node),
        Step(functions.SUB, zero_point),
        SINGLE,
        Step(functions.MUL, scale),
        SINGLE,
    )


@lowers(*in_each_domain("BipolarQuant"), how=HOW, rides=rides)
def bipolar_quant(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, scale: scale where X >= 0, else -scale."""
    _, scale = _operands(node, graph)
    return _layer(node, graph, Step(BIPOLAR), Step(functions.MUL, scale))


@lowers(*in_each_domain("Trunc"), how=HOW, rides=rides)
def trunc(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, scale, zero point, width before, width after (since version 2 the scale after stands before it): the lowest
    bits come off."""
    _, scale, zero_point, before, *_ = operands = _operands(node, graph)
    whole = (Step(functions.DIV, scale), SINGLE, Step(functions.ADD, zero_point), SINGLE, Step(functions.ROUND))
    if len(operands) < 6:
        shifted = (Step(UP_BY, operands[4]), Step(DOWN_BY, before), rounding(node, "FLOOR"))
        return _layer(
            node, graph, *whole, *shifted, Step(functions.SUB, zero_point), Step(functions.MUL, scale), SINGLE
        )
    after = operands[4]
    ratio = (Step(functions.DIV, scale), Step(NEAREST_POWER))
    factor = Access(after.tensor, after.axes, ratio)
    bounds = tuple(float(node.integer(name, default)) for name, default in (("signed", 1), ("narrow", 0)))
    moved_zero = Access(zero_point.tensor, zero_point.axes, (Step(functions.DIV, factor),))
    return _layer(
        node,
        graph,
        *whole,
        Step(functions.DIV, factor),
        Step(BOUNDED, operands[5], bounds),
        rounding(node, "FLOOR"),
        Step(functions.SUB, moved_zero),
        Step(functions.MUL, after),
        SINGLE,
    )


@lowers(*in_each_domain("FloatQuant"), how=HOW, rides=rides)
def float_quant(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, scale, bits of exponent and mantissa, exponent bias, largest value: the nearest number of that format."""
    _, scale, *_ = _operands(node, graph)
    exponent, mantissa, bias, largest = (
        float(np.max(known_value(node, graph, index, "format"))) for index in range(2, 6)
    )
    most = (2.0 - 2.0**-mantissa) * 2.0 ** (2.0**exponent - 1 - bias)
    beyond = np.inf if node.integer("has_inf", 0) else np.nan if node.integer("has_nan", 0) else 0.0
    format_ = (mantissa, 1.0 - bias, min(most, largest), 0.0 if node.integer("saturation", 1) else beyond)
    to_format = Step(_of_float(rounding(node).function), parameters=format_)
    return _layer(node, graph, Step(functions.DIV, scale), SINGLE, to_format, Step(functions.MUL, scale), SINGLE)
