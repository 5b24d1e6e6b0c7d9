"""Matrix products of integers.

Source: ONNX operator pages QLinearMatMul and MatMulInteger; ONNX Runtime's ContribOperators page for
MatMulIntegerToFloat and QGemm.
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.elementwise import broadcast_axes
from onnx2zz.ops.gemm import product
from onnx2zz.ops.matmul import batched_product
from onnx2zz.ops.quantisation import SINGLE, parameter, ratio, requantised, scalar, without
from onnx2zz.ops.registry import lowers


@lowers("MatMulInteger", how="one Gemm layer; zero points ride on it")
def matmul_integer(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A, B and their zero points -> int32."""
    return (integer_product(node, graph, (node.inputs[0], node.inputs[1]), (node.input(2), node.input(3))),)


@lowers("QLinearMatMul", how="one Gemm layer; zero points and requantisation ride on it")
def qlinear_matmul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """a, its scale and zero point, b with its own (one, or one a column), y's scale and zero point."""
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.inputs
    layer = integer_product(node, graph, (a, b), (a_zero, b_zero))
    factor = ratio(
        of_rows(graph, a_scale, layer), of_columns(graph, b_scale, layer.inputs[1].axes), scalar(graph, y_scale)
    )
    return (with_steps(layer, *requantised(factor, scalar(graph, y_zero), graph.tensors[node.outputs[0]].type)),)


@lowers("com.microsoft.MatMulIntegerToFloat", how="one Gemm layer; zero points, scales and bias ride on it")
def matmul_integer_to_float(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A, B, a_scale, b_scale, their zero points, bias (K) -> float."""
    layer = integer_product(node, graph, (node.inputs[0], node.inputs[1]), (node.input(4), node.input(5)))
    b_scale = of_columns(graph, node.inputs[3], layer.inputs[1].axes)
    return (with_steps(layer, *scaled(ratio(scalar(graph, node.inputs[2]), b_scale)), *float_bias(node, 6, layer)),)


@lowers("com.microsoft.QGemm", how="one Gemm layer; zero points, bias and requantisation ride on it")
def qgemm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (M, C), B (C, K), each with scale and zero point, C in int32; y's scale and zero point, else float results."""
    a, a_scale, a_zero, b, b_scale, b_zero = node.inputs[:6]
    out, bias = node.outputs[0], node.input(6)
    layer = product(graph, a, b, out, node.integer("transA", 0), node.integer("transB", 0))
    columns = (along("K", graph.shape(out)[1]),)
    layer = centred(layer, without(scalar(graph, a_zero)), without(parameter(graph, b_zero, columns, 0)))
    rows_and_columns = tuple(zip("DK", graph.shape(out), strict=True))
    added = (Step(functions.ADD, Access(bias, broadcast_axes(graph.shape(bias), rows_and_columns))),) if bias else ()
    left = replace(
        scalar(graph, a_scale), prepare=(Step(functions.SCALE, parameters=(node.number("alpha", 1.0),)), SINGLE)
    )
    right = parameter(graph, b_scale, columns, 0)
    if not node.input(7):
        return (with_steps(layer, *added, *scaled(ratio(left, right))),)
    factor = ratio(left, right, scalar(graph, node.inputs[7]))
    zero_point = scalar(graph, node.inputs[8]) if node.input(8) else None
    return (with_steps(layer, *added, *requantised(factor, zero_point, graph.tensors[out].type)),)


def integer_product(node: Node, graph: Graph, names: tuple[str, str], zero_points: tuple[str, str]) -> Layer:
    """The loop nest of a batched product of integers less their zero points."""
    layer = batched_product(graph, *names, node.outputs[0])
    a_zero = without(of_rows(graph, zero_points[0], layer)) if zero_points[0] else ()
    b_zero = without(of_columns(graph, zero_points[1], layer.inputs[1].axes)) if zero_points[1] else ()
    return centred(layer, a_zero, b_zero)


def centred(layer: Layer, a: tuple[Step, ...], b: tuple[Step, ...]) -> Layer:
    """The product of operands from which their zero points are taken off."""
    first, second = layer.inputs
    return replace(layer, inputs=(replace(first, prepare=a), replace(second, prepare=b)))


def of_rows(graph: Graph, name: str, layer: Layer) -> Access:
    """A scale or zero point of A: one, one a row (M), or (batch..., M, 1)."""
    axes = layer.inputs[0].axes
    return _aligned(graph, name, axes[:-1], (*axes[:-1], fixed()))


def of_columns(graph: Graph, name: str, axes: tuple[Axis, ...]) -> Access:
    """A scale or zero point of B, which is read with `axes`: one, one a column (K), or (batch..., 1, K)."""
    return _aligned(graph, name, axes[-1:], (*axes[:-2], fixed(), axes[-1]))


def _aligned(graph: Graph, name: str, vector: tuple[Axis, ...], whole: tuple[Axis, ...]) -> Access:
    if graph.tensors[name].elements == 1:
        return scalar(graph, name)
    shape = graph.shape(name)
    if len(shape) == 1:
        return Access(name, vector[-1:])
    axes = whole[len(whole) - len(shape) :]
    return Access(name, tuple(fixed() if size == 1 else axis for axis, size in zip(axes, shape, strict=True)))


def scaled(factor: Access) -> tuple[Step, ...]:
    """An integer sum as a float."""
    return SINGLE, Step(functions.MUL, factor), SINGLE


def float_bias(node: Node, index: int, layer: Layer) -> tuple[Step, ...]:
    """A bias of one float a column, if the node has one."""
    return (Step(functions.ADD, Access(node.input(index), layer.output.axes[-1:])), SINGLE) if node.input(index) else ()
