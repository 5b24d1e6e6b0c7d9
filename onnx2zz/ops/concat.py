"""Concat: its inputs' layers write into one tensor; what cannot be placed there is copied.

Source: ONNX operator page Concat.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.layer import Access, Layer, along
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import movement, placed
from onnx2zz.ops.registry import lowers


@lowers("Concat", how="a view; an input that cannot be placed is one copy layer of its own volume", kind="movement")
def concat(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """One copy layer for each input."""
    return tuple(concat_copy(node, graph, index) for index in range(len(node.inputs)))


def concat_copy(node: Node, graph: Graph, index: int) -> Layer:
    """The layer that copies one input to its place."""
    name, out = node.inputs[index], node.outputs[0]
    shape, axis = graph.shape(name), concat_axis(node, graph)
    loops = tensor_loops(len(shape))
    axes = tuple(map(along, loops, shape))
    target = placed(axes, axis, offsets(node, graph)[index], graph.shape(out)[axis])
    return movement(tuple(zip(loops, shape, strict=True)), Access(out, target), Access(name, axes))


def concat_axis(node: Node, graph: Graph) -> int:
    """The axis, counted from the front."""
    return node.attribute("axis", 1) % len(graph.shape(node.outputs[0]))


def offsets(node: Node, graph: Graph) -> tuple[int, ...]:
    """Where each input begins on the axis."""
    axis = concat_axis(node, graph)
    sizes = [graph.shape(name)[axis] for name in node.inputs]
    return tuple(sum(sizes[:i]) for i in range(len(sizes)))
