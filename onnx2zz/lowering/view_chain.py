"""Where the elements of a view lie: the layout behind each kind of view, one step or a whole chain of them."""

from collections.abc import Iterable

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.ops.slicing import SLICING, parts
from onnx2zz.ops.transpose import permutation


def after_view(view: Node, output: str, layout: Layout, graph: Graph) -> Layout | None:
    """The layout of a view's output, given its input's; None where no layout describes it."""
    if view.op == CALL:
        return layout
    if view.op == "Transpose":
        return layout.transposed(permutation(view, graph))
    if view.op == "Pad":  # a Pad that is a view moves nothing, but what it adds has no place
        return layout if all(stride for axis in layout.axes for _, stride in axis) else None
    if view.op == "Expand":
        return layout.expanded(graph.shape(output))
    if view.op in SLICING:
        return _after_slicing(view, output, layout, graph)
    return layout.reshaped(graph.shape(output))


def _after_slicing(view: Node, output: str, layout: Layout, graph: Graph) -> Layout | None:
    following: Layout | None = layout
    for part in sorted(parts(view, graph, output) or (), key=lambda p: -p.axis):
        following = following.resized(part.axis, part.size, part.dropped) if following else None
    return following


def along_chain(start: str, chain: Iterable[tuple[Node, str]], graph: Graph) -> Layout | None:
    """The layout of the last output of a chain of views (node, output), relative to the tensor `start`."""
    layout: Layout | None = contiguous(graph.shape(start))
    for view, output in chain:
        layout = after_view(view, output, layout, graph) if layout else None
    return layout
