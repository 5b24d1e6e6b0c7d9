"""Concat: its inputs' layers write into one tensor; what cannot be placed there is copied.

Source: ONNX operator page Concat.
"""

from collections.abc import Iterable
from itertools import accumulate

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import movement, placed
from onnx2zz.ops.registry import lowers


@lowers("Concat", how="a view; an input that cannot be placed is one copy layer of its own volume", kind="movement")
def concat(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """One copy layer for each input."""
    return concat_copies(node, graph, range(len(node.inputs)))


def concat_copies(node: Node, graph: Graph, indices: Iterable[int]) -> tuple[Layer, ...]:
    """The layers that copy some inputs to their places."""
    begins = offsets(node, graph)
    return tuple(_copy(node, graph, index, begins[index]) for index in indices)


def _copy(node: Node, graph: Graph, index: int, begin: int) -> Layer:
    name, out = node.inputs[index], node.outputs[0]
    shape, axis = graph.shape(name), concat_axis(node, graph)
    loops = tensor_loops(len(shape))
    axes = tuple(map(along, loops, shape))
    target = placed(axes, axis, begin, graph.shape(out)[axis])
    return movement(tuple(zip(loops, shape, strict=True)), Access(out, target), Access(name, axes))


def concat_axis(node: Node, graph: Graph) -> int:
    """The axis, counted from the front."""
    return node.integer("axis", 1) % len(graph.shape(node.outputs[0]))


def offsets(node: Node, graph: Graph) -> tuple[int, ...]:
    """Where each input begins on the axis."""
    axis = concat_axis(node, graph)
    return tuple(accumulate((graph.shape(name)[axis] for name in node.inputs[:-1]), initial=0))
