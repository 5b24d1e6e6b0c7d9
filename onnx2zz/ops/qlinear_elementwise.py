"""Element-wise operators of integers, each operand with its own scale and zero point.

Source: ONNX Runtime's ContribOperators page (QLinearAdd, QLinearMul, QLinearSigmoid, QLinearLeakyRelu, QLinearWhere).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import broadcast, elementwise
from onnx2zz.ops.quantisation import SINGLE, dequantised, quantised, ratio, rounded, scalar, without
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import attributes


def dequantising(graph: Graph, name: str, scale: str, zero_point: str, out: tuple[int, ...]) -> Access:
    """A quantised tensor, broadcast to the shape `out` and read as floats."""
    prepare = dequantised(scalar(graph, scale), scalar(graph, zero_point) if zero_point else None)
    return replace(broadcast(graph, name, out), prepare=prepare)


def quantising(graph: Graph, out: str, scale: str, zero_point: str) -> tuple[Step, ...]:
    """Floats as `out` stores them."""
    return quantised(scalar(graph, scale), scalar(graph, zero_point) if zero_point else None, graph.tensors[out].type)


@lowers("com.microsoft.QLinearAdd", how="one element-wise layer")
def qlinear_add(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A, B and C, each followed by its scale and zero point; A and B are rescaled to C before they are added.

    ONNX Runtime adds C's zero point before it rounds, here and in QLinearMul (core/mlas/lib/qladd.cpp, qlmul.cpp).
    """
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    c_scale = scalar(graph, node.inputs[6])
    operands: list[Access] = []
    for name, scale, zero_point in (node.inputs[0:3], node.inputs[3:6]):
        factor = replace(scalar(graph, scale), prepare=(Step(functions.DIV, c_scale), SINGLE))
        off = without(scalar(graph, zero_point) if zero_point else None)
        operands.append(replace(broadcast(graph, name, shape), prepare=(*off, Step(functions.MUL, factor))))
    return (elementwise(out, shape, tuple(operands), Step(functions.ADD), _shifted(node, graph)),)


def _shifted(node: Node, graph: Graph) -> tuple[Step, ...]:
    shift = (Step(functions.ADD, scalar(graph, node.inputs[7])),) if node.input(7) else ()
    return (*shift, SINGLE, *rounded(None, graph.tensors[node.outputs[0]].type))


@lowers("com.microsoft.QLinearMul", how="one element-wise layer")
def qlinear_mul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A, B and C, each followed by its scale and zero point; the integers' product is requantised."""
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    operands = tuple(
        replace(broadcast(graph, name, shape), prepare=without(scalar(graph, zero_point) if zero_point else None))
        for name, zero_point in (node.inputs[0:3:2], node.inputs[3:6:2])
    )
    factor = ratio(*(scalar(graph, node.inputs[index]) for index in (1, 4, 6)))
    after = (SINGLE, Step(functions.MUL, factor), SINGLE, *_shifted(node, graph))
    return (elementwise(out, shape, operands, Step(functions.MUL), after),)


@lowers("com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu", how="one element-wise layer (a table)")
def qlinear_unary(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, its scale and zero point, y's scale and zero point: the function of the dequantised number, quantised."""
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    x = dequantising(graph, node.inputs[0], node.inputs[1], node.input(2), shape)
    slope = attributes(alpha=0.01)(node, graph)
    step = Step(functions.SIGMOID) if node.op.endswith("Sigmoid") else Step(functions.LEAKY_RELU, parameters=slope)
    return (elementwise(out, shape, (x,), step, (SINGLE, *quantising(graph, out, node.inputs[3], node.input(4)))),)


@lowers("com.microsoft.QLinearWhere", how="two element-wise layers: what is chosen of X, then what is chosen of Y")
def qlinear_where(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """condition, X with scale and zero point, Y with its own, Z's scale and zero point."""
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    condition, chosen = broadcast(graph, node.inputs[0], shape), f"{out}/chosen"
    to_z = quantising(graph, out, node.inputs[7], node.input(8))
    x = dequantising(graph, node.inputs[1], node.inputs[2], node.input(3), shape)
    y = dequantising(graph, node.inputs[4], node.inputs[5], node.input(6), shape)
    x = replace(x, prepare=(*x.prepare, *to_z))
    y = replace(y, prepare=(*y.prepare, *to_z, Step(functions.DROP_IF, condition)))
    first = elementwise(chosen, shape, (x, condition), Step(functions.KEEP_IF))
    rest = Access(chosen, first.output.axes)
    return replace(first, output_bits=8), elementwise(out, shape, (rest, y), Step(functions.ADD))
