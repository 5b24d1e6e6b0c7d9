"""Reads through Expand: a repeated tensor is read where it is stored, once, not once a repetition.

Grouped-query attention expands K and V to every query head and merges the new axis with the heads. A product that
reads them gets its head loop cut in two (stored heads, repetitions), and its access moves with the stored heads only.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.axis import Axis, affine, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.lowering.cut_loop import cut_loop
from onnx2zz.lowering.layout import Digit, Layout, contiguous, walk_digits
from onnx2zz.lowering.view_chain import after_view, own_layout, renamed

Stored = tuple[str, Layout]
"""The tensor before an Expand, and how a view of what is expanded lies in it."""


@dataclass
class Repeated:
    """View tensor to the tensor before the earliest Expand behind it; asked in execution order, when all views before
    are known."""

    graph: Graph
    views: Collection[Node]
    _known: dict[str, Stored | None] = field(default_factory=dict[str, Stored | None])

    def of(self, tensor: str) -> Stored | None:
        """Where the elements of a repeated tensor are stored; None if none is repeated, or no layout tells."""
        chain: list[tuple[Node, str]] = []
        name = tensor
        while name not in self._known:
            node = self.graph.maker.get(name)
            if node is None or node not in self.views or node.op == "Concat":
                self._known[name] = None
                break
            chain.append((node, name))
            name = renamed(node, name)
        for node, output in reversed(chain):
            self._known[output] = self._behind(node, output)
        return self._known[tensor]

    def _behind(self, view: Node, output: str) -> Stored | None:
        name = renamed(view, output)
        before = self._known[name]
        if before is not None:
            layout = after_view(view, output, before[1], self.graph)
            return None if layout is None else (before[0], layout)
        own = own_layout(view, output, self.graph) if view.op == "Expand" else None
        return (name, own) if own is not None and own.repeats else None


def read_where_stored(layer: Layer, graph: Graph, repeated: Repeated) -> Layer:
    """The layer with every operand that is an expanded view read from the tensor before the Expand."""
    for index, access in enumerate(layer.inputs):
        if found := repeated.of(access.tensor):
            stored, layout = found
            layer = unrepeated(layer, index, stored, graph.tensors[stored].elements, layout) or layer
    return layer


def unrepeated(layer: Layer, index: int, stored: str, elements: int, layout: Layout) -> Layer | None:
    """The layer with an operand read from `stored`, a tensor of `elements` in which the operand has this layout.

    None where the read is no affine walk of the stored tensor: padding beside repeated elements, windows over them,
    rows that a run picks.
    """
    access = layer.inputs[index]
    extents = tuple(axis.extent for axis in access.axes)
    seen: Layout | None = layout if layout.shape == extents else layout.then(contiguous(extents))
    steered = access.picks is not None or access.packed or access.outside is not None or access.border != "constant"
    if seen is None or steered:
        return None
    walked: list[tuple[int, Axis]] = []  # stride in the stored tensor, the axis of that stride
    # An axis of the view may be made up of several stored ones. If a loop runs over the border between them it is cut
    # there first, and the layer with the smaller loops starts again: the cut changes every access of the layer, not
    # only this one. Each cut makes a loop smaller, so this ends.
    for axis, digits in zip(access.axes, seen.axes, strict=True):
        if (cut := _crossing(axis, digits, layer)) is not None:
            smaller = cut_loop(layer, *cut)
            return None if smaller is None else unrepeated(smaller, index, stored, elements, layout)
        if (found := _walked(axis, digits, layer)) is None:
            return None
        walked += found
    axes = _stored_axes(walked, elements, seen.offset, layer)
    if axes is None:
        return None
    inputs = (replace(a, tensor=stored, axes=axes) if i == index else a for i, a in enumerate(layer.inputs))
    return replace(layer, inputs=tuple(inputs))


def _plain(digits: tuple[Digit, ...]) -> bool:
    """Whether an axis is at most one digit that repeats nothing: it is walked as before, padding included."""
    return not digits or (len(digits) == 1 and digits[0][1] != 0)


def _crossing(axis: Axis, digits: tuple[Digit, ...], layer: Layer) -> tuple[str, list[int]] | None:
    """A loop that runs over several digits of an axis, and the sizes that it has to be cut into."""
    if _plain(digits) or axis.shared_by != 1:
        return None
    terms = _moving(axis, layer)
    walk = walk_digits(digits, axis.offset, [(layer.sizes[loop], coefficient) for loop, coefficient in terms])
    if walk is None:
        return None
    cuts = ((loop, [m.size for m in moves]) for (loop, _), moves in zip(terms, walk.moves, strict=True))
    return next(((loop, sizes) for loop, sizes in cuts if len(sizes) > 1), None)


def _walked(axis: Axis, digits: tuple[Digit, ...], layer: Layer) -> list[tuple[int, Axis]] | None:
    """The axes of the stored tensor that an axis of the view walks, each with its stride."""
    if _plain(digits):
        return [(digits[0][1] if digits else 0, axis)]
    # Strides of 0 are what was repeated: those digits have no element of their own in the stored tensor and fall away.
    # Padding cannot be taken along, since a window's border in the view lies inside a row of the stored tensor.
    terms = _moving(axis, layer)
    walk = walk_digits(digits, axis.offset, [(layer.sizes[loop], coefficient) for loop, coefficient in terms])
    if walk is None or axis.shared_by != 1 or axis.padding(layer.sizes) != (0, 0):
        return None
    moved = [(loop, move) for (loop, _), moves in zip(terms, walk.moves, strict=True) for move in moves]
    return [
        (stride, affine(tuple((loop, m.steps) for loop, m in moved if m.digit == number), size, walk.start[number]))
        for number, (size, stride) in enumerate(digits)
        if stride
    ]


def _moving(axis: Axis, layer: Layer) -> list[tuple[str, int]]:
    return [(loop, coefficient) for loop, coefficient in axis.terms if coefficient and layer.sizes[loop] > 1]


def _stored_axes(
    walked: Iterable[tuple[int, Axis]], elements: int, offset: int, layer: Layer
) -> tuple[Axis, ...] | None:
    """The stored tensor as row-major axes: those that are walked, each as long as the tensor has it, and fixed ones
    where a part was cut out."""
    axes: list[Axis] = []
    outer = elements
    for stride, axis in sorted(walked, key=lambda each: -each[0]):
        if stride == 0:
            axes.append(axis)
            continue
        if stride < 0 or outer % stride:
            return None
        extent, start = outer // stride, offset // stride
        whole = axis.extent == extent
        if start + axis.extent > extent or (not whole and axis.padding(layer.sizes) != (0, 0)):
            return None  # beyond a part lie its neighbours, not padding
        axes.append(replace(axis, extent=extent, offset=axis.offset + start))
        offset, outer = offset % stride, stride
    return (*axes, fixed(outer, offset)) if outer > 1 else tuple(axes)
