"""Transpose: a view where every reader can take it into its access map, a movement layer where not.

Source: ONNX operator page Transpose.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import copy_layer
from onnx2zz.ops.registry import lowers


@lowers(
    "Transpose",
    how="a view where every reader can take it into its access map, else one movement layer",
    kind="movement",
)
def transpose(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Loops over the output, the input read in its own order of axes."""
    shape = graph.shape(node.inputs[0])
    order = permutation(node, graph)
    loops = tensor_loops(len(shape))
    axes = tuple(along(loops[order.index(axis)], extent) for axis, extent in enumerate(shape))
    return (copy_layer(graph, node.outputs[0], Access(node.inputs[0], axes)),)


def permutation(node: Node, graph: Graph) -> tuple[int, ...]:
    """Output axis to input axis; without the attribute the axes are reversed."""
    rank = len(graph.shape(node.inputs[0]))
    return tuple(node.integers("perm") or reversed(range(rank)))
