"""Expand: elements repeated along new or 1-sized axes.

Source: ONNX operator page Expand.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import broadcast
from onnx2zz.ops.movement import copy_layer
from onnx2zz.ops.registry import lowers


def adds_nothing(node: Node, graph: Graph) -> bool:
    """Whether the output has no more elements than the input."""
    return graph.tensors[node.inputs[0]].elements == graph.tensors[node.outputs[0]].elements


@lowers(
    "Expand",
    how="a view where every reader can repeat its reads, else one copy layer",
    kind="movement",
    view=adds_nothing,
)
def expand(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Loops over the output that read the stored elements again and again."""
    out = node.outputs[0]
    return (copy_layer(graph, out, broadcast(graph, node.inputs[0], graph.shape(out))),)
