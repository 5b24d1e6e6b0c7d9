"""Where: two layers, since a layer has two operands.

Source: ONNX operator page Where.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import broadcast, common_shape, elementwise, spread
from onnx2zz.ops.registry import lowers


@lowers("Where", how="two layers: X where the condition holds, then Y in the holes")
def where(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """condition, X, Y, broadcast to each other. Holes are marked NaN between the layers."""
    condition, x, y = node.inputs
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    chosen, partial = f"{out}/chosen", common_shape(graph.shape(condition), graph.shape(x))
    first = (broadcast(graph, condition, partial), broadcast(graph, x, partial))
    return (
        elementwise(chosen, partial, first, Step(functions.OR_HOLE)),
        elementwise(
            out, shape, (spread(chosen, partial, shape), broadcast(graph, y, shape)), Step(functions.FILL_HOLE)
        ),
    )
