"""Where the elements of a view lie: the layout of each kind of view, and of a view behind another."""

import math

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.ops.slicing import SLICING, Part, parts
from onnx2zz.ops.transpose import permutation


def renamed(view: Node, output: str) -> str:
    """The input whose elements an output of a view holds."""
    return view.inputs[view.outputs.index(output)] if view.op == CALL else view.inputs[0]


def own_layout(view: Node, output: str, graph: Graph) -> Layout | None:
    """The layout of a view's output in its input; None where the elements are no regular part of it."""
    shape, out = graph.tensors[renamed(view, output)].shape, graph.tensors[output].shape
    if shape is None or out is None:
        return None
    # Layouts are asked for of operators that are views for some readers only: Transpose, Expand and the slices have one
    # of their own. All others keep the elements in their order and change the shape at most.
    if view.op == "Transpose":
        return contiguous(shape).transposed(permutation(view, graph))
    if view.op == "Expand":
        return contiguous(shape).expanded(out)
    if view.op in SLICING:
        cut = parts(view, graph, output)
        return None if cut is None else _part_of(shape, cut)
    # else a Pad that its readers look past, or movement that is free by decree
    return contiguous(out) if math.prod(shape) == math.prod(out) else None


def after_view(view: Node, output: str, layout: Layout, graph: Graph) -> Layout | None:
    """The layout of a view's output, given its input's; None where no layout describes it."""
    own = own_layout(view, output, graph)
    return None if own is None else layout.then(own)


def _part_of(shape: tuple[int, ...], cut: tuple[Part, ...]) -> Layout:
    """A regular part of a tensor, stored as it is: fewer elements of some axes, some axes gone."""
    axes = list(contiguous(shape).axes)
    offset = 0
    # A slice keeps the strides of what it is cut from and begins later. Along an axis that is itself made of several
    # digits no single step would do, but `contiguous` gives each axis one.
    for part in cut:
        for _, stride in axes[part.axis]:
            offset += part.start * stride
            axes[part.axis] = ((part.size, part.step * stride),) if part.size > 1 else ()
    dropped = {part.axis for part in cut if part.dropped}
    return Layout(tuple(axis for i, axis in enumerate(axes) if i not in dropped), offset)
