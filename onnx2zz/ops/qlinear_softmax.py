"""QLinearSoftmax: the passes of Softmax on dequantised numbers, the last of them quantised.

Source: ONNX Runtime's ContribOperators page (QLinearSoftmax); `opset` says whose Softmax is meant.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.qlinear_elementwise import quantising
from onnx2zz.ops.quantisation import SINGLE, dequantised, dequantised_reads, scalar
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.softmax import softmax_layers

ONE_AXIS_SINCE = 13  # before it, Softmax took its axis and all behind it


@lowers("com.microsoft.QLinearSoftmax", how="four layers: maximum, subtract and exp, sum, divide")
def qlinear_softmax(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, its scale and zero point, y's scale and zero point."""
    x, out = node.inputs[0], node.outputs[0]
    shape = graph.shape(out)
    axis = node.integer("axis", -1) % len(shape)
    axes = frozenset([axis] if node.integer("opset") >= ONE_AXIS_SINCE else range(axis, len(shape)))
    zero_point = scalar(graph, node.input(2)) if node.input(2) else None
    floats = {x: dequantised(scalar(graph, node.inputs[1]), zero_point)}
    *passes, last = (dequantised_reads(layer, floats) for layer in softmax_layers(x, out, shape, axes))
    return *passes, with_steps(last, SINGLE, *quantising(graph, out, node.inputs[3], node.input(4)))
