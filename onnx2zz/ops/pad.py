"""Pad: a view where every reader's own windows can reach past its input instead, else one movement layer.

A convolution or pool over a padded tensor is the same one over the bare tensor with wider pads, if what the Pad fills
in is what lies beyond for the reader anyway, or if the reader never looks beyond what the Pad made.

Source: ONNX operator page Pad (pads, axes, mode; negative pads cut off).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access, Border
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import filter_loops, output_loops, tensor_loops
from onnx2zz.ops.movement import copy_layer, movement
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import sliding_window

BORDERS: Mapping[str, Border] = {"constant": "constant", "edge": "edge", "reflect": "reflect", "wrap": "wrap"}
BORDER_VALUE = {"Conv": 0.0, "com.microsoft.FusedConv": 0.0, "AveragePool": 0.0, "LpPool": 0.0, "MaxPool": -math.inf}


def is_view(node: Node, graph: Graph) -> bool:
    """Whether the Pad adds nothing, or is taken into the windows of all that read it."""
    begins = pads_begin(node, graph)
    if begins is None:
        return False
    return (_same_size(node, graph) and not any(begins)) or is_absorbed(node, graph)


def _same_size(node: Node, graph: Graph) -> bool:
    return graph.shape(node.inputs[0]) == graph.shape(node.outputs[0])


@lowers(
    "Pad", how="a view before Conv, MaxPool and AveragePool where exact; else one movement layer",
    kind="movement", view=is_view,
)  # fmt: skip
def pad(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Loops over the output; the input is read beyond its borders. What is cut off before it is wrapped around is a
    layer of its own: what is left repeats."""
    x, out, begins = node.inputs[0], node.outputs[0], pads_begin(node, graph)
    shape = graph.shape(x)
    if begins is None:  # as for a Slice whose positions only a run knows: the volume is what it moves
        return (copy_layer(graph, out, _shifted(x, shape, [0] * len(shape)), also_reads=node.inputs[1:]),)
    ends = tuple(o - e - b for o, e, b in zip(graph.shape(out), shape, begins, strict=True))
    if _mode(node) == "wrap" and min(*begins, *ends) < 0:
        left = tuple(e + min(b, 0) + min(a, 0) for e, b, a in zip(shape, begins, ends, strict=True))
        cropped = Access(f"{out}/cropped", tuple(map(along, tensor_loops(len(shape)), left)))
        crop = movement(_loops(left), cropped, _shifted(x, shape, [min(b, 0) for b in begins]))
        rest = _shifted(cropped.tensor, left, [max(b, 0) for b in begins])
        return (crop, copy_layer(graph, out, replace(rest, border="wrap")))
    source = replace(_shifted(x, shape, begins), border=_mode(node))
    return (replace(copy_layer(graph, out, source), pad_value=_value(node, graph)),)


def _loops(shape: Sequence[int]) -> tuple[tuple[str, int], ...]:
    return tuple(zip(tensor_loops(len(shape)), shape, strict=True))


def _shifted(tensor: str, shape: Sequence[int], begins: Sequence[int]) -> Access:
    """A tensor read from `begins` elements before its first, on each axis."""
    axes = zip(tensor_loops(len(shape)), shape, begins, strict=True)
    return Access(tensor, tuple(along(loop, extent, -begin) for loop, extent, begin in axes))


@lowers("CenterCropPad", how="one movement layer; a view where the size stays", kind="movement", view=_same_size)
def center_crop_pad(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Loops over the output; the middle of the input, with zeros around it where it is too small."""
    x, out = node.inputs[0], node.outputs[0]
    shape = graph.shape(x)
    axes = (
        along(loop, extent, (extent - size) // 2 if size <= extent else -((size - extent) // 2))
        for loop, extent, size in zip(tensor_loops(len(shape)), shape, graph.shape(out), strict=True)
    )
    return (copy_layer(graph, out, Access(x, tuple(axes))),)


def pads_begin(node: Node, graph: Graph) -> tuple[int, ...] | None:
    """How many elements are added at the beginning of each axis (negative: cut off); None where only a run can tell."""
    rank = len(graph.shape(node.inputs[0]))
    given = node.integers("pads" if "pads" in node.protos else "paddings")
    if not node.protos.keys() & {"pads", "paddings"}:
        known = graph.value(node.input(1))
        if known is None or (node.input(3) and graph.value(node.input(3)) is None):
            return None
        given = [int(p) for p in np.ravel(known)]
    named = graph.value(node.input(3))
    axes = range(rank) if named is None else [int(a) % rank for a in np.ravel(named)]
    begin = dict(zip(axes, given, strict=False))
    return tuple(begin.get(axis, 0) for axis in range(rank))


def is_absorbed(node: Node, graph: Graph) -> bool:
    """Whether every reader can look past the Pad at its input."""
    x, out = graph.shape(node.inputs[0]), graph.shape(node.outputs[0])
    begins = pads_begin(node, graph)
    if begins is None:
        return False
    # A window operator can take over what is added around the spatial axes only: it has no pads for batch and channels,
    # and none that cut off. And nobody may need the padded tensor itself, as the graph's output for one.
    grows = all(b >= 0 and o - b >= e for b, o, e in zip(begins, out, x, strict=True))
    spatial = len(x) > 2 and x[:2] == out[:2] and begins[:2] == (0, 0)
    readers = graph.readers.get(node.outputs[0], ())
    return (
        grows
        and spatial
        and _mode(node) == "constant"
        and (not node.input(2) or graph.value(node.input(2)) is not None)
        and node.outputs[0] not in graph.results
        and bool(readers)
        and all(_looks_past(reader, node, graph) for reader in readers)
    )


def past_pads(layer: Layer, graph: Graph) -> Layer:
    """The layer with its activation read where an absorbed Pad reads it; divisors and output stay as they are."""
    activation = layer.inputs[0]
    maker = graph.maker.get(activation.tensor)
    if maker is None or maker.op != "Pad" or not is_absorbed(maker, graph):
        return layer
    shape, begins = graph.shape(maker.inputs[0]), pads_begin(maker, graph)
    assert begins is not None, "it is absorbed"
    axes = tuple(
        replace(axis, extent=extent, offset=axis.offset - begin)
        for axis, extent, begin in zip(activation.axes, shape, begins, strict=True)
    )
    read = replace(activation, tensor=maker.inputs[0], axes=axes)
    return replace(layer, inputs=(read, *layer.inputs[1:]), pad_value=_value(maker, graph))


def _looks_past(reader: Node, node: Node, graph: Graph) -> bool:
    padded = node.outputs[0]
    if reader.op not in BORDER_VALUE or reader.inputs[0] != padded or padded in reader.inputs[1:]:
        return False
    return _value(node, graph) == BORDER_VALUE[reader.op] or _stays_inside(reader, graph)


def _stays_inside(reader: Node, graph: Graph) -> bool:
    """Whether a window operator never looks beyond its input."""
    extents, out = graph.shape(reader.inputs[0])[2:], graph.shape(reader.outputs[0])[2:]
    weights = graph.shape(reader.inputs[1])[2:] if len(reader.inputs) > 1 else ()
    kernel = weights or tuple(reader.integers("kernel_shape"))
    rank = len(extents)
    sizes = dict(zip((*output_loops(rank), *filter_loops(rank)), (*out, *kernel), strict=True))
    return all(axis.padding(sizes) == (0, 0) for axis in sliding_window(reader, kernel, extents, out).axes(extents))


def _mode(node: Node) -> Border:
    return BORDERS[node.text("mode", "constant")]


def _value(node: Node, graph: Graph) -> float:
    """What a constant Pad fills in; 0 where only a run can tell."""
    given = graph.value(node.input(2))
    return float(node.number("value", 0.0)) if given is None or not given.size else float(np.ravel(given)[0])
