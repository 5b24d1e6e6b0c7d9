"""QLinearConcat: every input is requantised to the output's scale as it is written to its place.

Source: ONNX Runtime's ContribOperators page (QLinearConcat).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import placed
from onnx2zz.ops.qlinear_elementwise import quantising
from onnx2zz.ops.quantisation import dequantised, scalar
from onnx2zz.ops.registry import lowers


@lowers("com.microsoft.QLinearConcat", how="one element-wise layer for each input: they differ in scale")
def qlinear_concat(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Y's scale and zero point, then each input with its scale and zero point."""
    out = node.outputs[0]
    axis = node.integer("axis", 1) % len(graph.shape(out))
    after = quantising(graph, out, node.inputs[0], node.inputs[1])
    layers: list[Layer] = []
    offset = 0
    for at in range(2, len(node.inputs), 3):
        name, scale, zero_point = node.inputs[at : at + 3]
        shape = graph.shape(name)
        axes = tuple(map(along, tensor_loops(len(shape)), shape))
        read = Access(name, axes, dequantised(scalar(graph, scale), scalar(graph, zero_point)))
        layer = elementwise(out, shape, (read,), Step(functions.IDENTITY), after)
        target = Access(out, placed(axes, axis, offset, graph.shape(out)[axis]))
        layers.append(replace(layer, output=target))
        offset += shape[axis]
    return tuple(layers)
