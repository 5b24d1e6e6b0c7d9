"""Quantisation whose scale a run decides: two reductions over the tensor, then an element-wise layer.

Source: ONNX operator page DynamicQuantizeLinear; ONNX Runtime's ContribOperators page for DynamicQuantizeMatMul.
"""

import math
from dataclasses import replace

from onnx import TensorProto

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer, Reduction
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.elementwise import elementwise, loops_over
from onnx2zz.ops.loops import in_order, tensor_loops
from onnx2zz.ops.matmul import batched_product
from onnx2zz.ops.qlinear_matmul import float_bias, of_columns, scaled
from onnx2zz.ops.quantisation import SINGLE, quantised, ratio, without
from onnx2zz.ops.registry import lowers

LEVELS = 255.0
# Of the range, rounded where arithmetic in single precision rounds: after the difference and after the division.
TO_SCALE = (SINGLE, Step(functions.SCALE, parameters=(1 / LEVELS,)), SINGLE, Step(functions.ONE_IF_ZERO))
TO_ZERO_POINT = (SINGLE, Step(functions.CLIP, parameters=(0.0, LEVELS)), Step(functions.ROUND))
NOT_BELOW_ZERO, NOT_ABOVE_ZERO = (
    Step(functions.CLIP, parameters=(0.0, math.inf)),
    Step(functions.CLIP, parameters=(-math.inf, 0.0)),
)


@lowers("DynamicQuantizeLinear", how="two reductions (largest, smallest), then one element-wise layer that quantises")
def dynamic_quantize_linear(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x -> y in uint8 with its scale and zero point, from the range of x widened to hold 0."""
    y, scale, zero_point = node.outputs
    return quantisation(graph, node.inputs[0], y, scale or f"{y}/scale", zero_point or f"{y}/zero_point")


@lowers(
    "com.microsoft.DynamicQuantizeMatMul",
    how="two reductions and one element-wise layer that quantise A, then one Gemm layer; scales and bias ride on it",
)
def dynamic_quantize_matmul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A in float, quantised to uint8; B in integers with scale and zero point (one, or one a column); bias (K)."""
    a, b, out = node.inputs[0], node.inputs[1], node.outputs[0]
    y, scale, zero_point = (f"{out}/{part}" for part in ("quantised", "scale", "zero_point"))
    layers = quantisation(graph, a, y, scale, zero_point)
    layer = batched_product(graph, a, b, out)
    read, weights = layer.inputs
    b_zero = without(of_columns(graph, node.input(3), weights.axes)) if node.input(3) else ()
    centred = (replace(read, tensor=y, prepare=without(Access(zero_point, ()))), replace(weights, prepare=b_zero))
    factor = ratio(Access(scale, ()), of_columns(graph, node.inputs[2], weights.axes))
    return *layers, with_steps(replace(layer, inputs=centred), *scaled(factor), *float_bias(node, 4, layer))


def quantisation(graph: Graph, x: str, y: str, scale: str, zero_point: str) -> tuple[Layer, ...]:
    """The layers that quantise `x` to uint8; those of one element are never priced."""
    shape = graph.shape(x)
    highest, lowest = f"{y}/highest", f"{y}/lowest"
    top, bottom = Access(highest, (), (NOT_BELOW_ZERO,)), Access(lowest, (), (NOT_ABOVE_ZERO,))
    step, zero = Access(scale, ()), Access(zero_point, ())
    whole = Access(x, tuple(map(along, tensor_loops(len(shape)), shape)))
    layer = elementwise(y, shape, (whole,), Step(functions.IDENTITY), quantised(step, zero, TensorProto.UINT8))
    layer = replace(layer, output_bits=8)
    return (
        reduced(graph, x, highest, "max"),
        reduced(graph, x, lowest, "min"),
        elementwise(scale, (), (top, bottom), Step(functions.SUB), TO_SCALE),
        elementwise(zero_point, (), (bottom,), Step(functions.NEG), (Step(functions.DIV, step), *TO_ZERO_POINT)),
        layer,
    )


def reduced(graph: Graph, x: str, out: str, reduce: Reduction) -> Layer:
    """One number from a whole tensor."""
    shape = graph.shape(x)
    whole = Access(x, tuple(map(along, tensor_loops(len(shape)), shape)))
    loops = in_order(loops_over(shape)) or (("G", 1),)
    return Layer("Pooling", loops, Access(out, ()), (whole,), Step(functions.IDENTITY), reduce)
