"""Two layers joined by one tensor through access maps that no operator has: any steps, offsets, windows and splits."""

from dataclasses import dataclass
from math import prod

import numpy as np
from hypothesis import strategies as st

from onnx2zz.emission.entry import entry
from onnx2zz.formats.workload_entry import read_layer
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, affine, along, fixed, split, window
from onnx2zz.ir.functions import MUL
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer, Widths
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.operands import Told
from onnx2zz.system.reads import Edge, by_element
from tests.present import present
from tests.system.by_element import Numbered

TENSOR = "t"


@dataclass(frozen=True)
class AffinePair:
    """A producer (layer 0) and a reader (layer 1), with the numbers of the tensor's elements."""

    graph: LayerGraph
    numbers: Numbered


@st.composite
def affine_pairs(draw: st.DrawFn, diagonals: bool = False) -> AffinePair:
    """With `diagonals` a loop may walk several axes of the tensor that is read."""
    producer = draw(producers())
    extents = [axis.extent for axis in producer.output.axes]
    reader = draw(readers(extents, diagonals))
    placed = [
        PlacedLayer(0, "L0", "first", producer, draw(widths()), {"I": ("input:x",), "W": ("const",)}, frozenset("IW")),
        PlacedLayer(1, "L1", "second", reader, draw(widths()), {"I": (0,), "W": ("const",)}, frozenset("W")),
    ]
    entries = tuple(entry(one) for one in placed)
    layers = tuple(
        Told(one, present(read_layer(one.id, written))) for one, written in zip(placed, entries, strict=True)
    )
    edge = Edge(0, 1, "I", ((),), by_element(layers[0].entry, layers[1].entry, "I", 1))
    named = frozenset(("Conv",))
    graph = LayerGraph(layers, entries, {1: (edge,)}, (1,), {0: named, 1: named})
    seen = np.arange(1, prod(extents) + 1).reshape(extents)
    results = np.arange(prod(extents) + 1, prod(extents) + 1 + reader_size(reader)).reshape(
        [axis.extent for axis in reader.output.axes]
    )
    return AffinePair(graph, Numbered([producer, reader], {TENSOR: seen, "y": results}))


def reader_size(reader: Layer) -> int:
    return prod(axis.extent for axis in reader.output.axes)


@st.composite
def widths(draw: st.DrawFn) -> Widths:
    bits = st.sampled_from((2, 4, 8, 12, 16))
    return Widths(draw(bits), draw(bits), draw(bits), draw(bits))


@st.composite
def producers(draw: st.DrawFn) -> Layer:
    """A layer that writes its tensor in steps, from an offset on, or with several loops on one axis."""
    sizes = {loop: draw(st.integers(1, 5)) for loop in ("K", "OY", "OX", "G")}
    together = draw(st.booleans())
    axes: list[Axis] = [draw(written_by(loop, sizes[loop])) for loop in ("OY", "OX")]
    if together:
        axes.append(split([("G", sizes["G"]), ("K", sizes["K"])], sizes["G"] * sizes["K"]))
    else:
        del sizes["G"]
        axes.append(draw(written_by("K", sizes["K"])))
    loops = (*sizes.items(), ("C", draw(st.integers(1, 3))))
    output = Access(TENSOR, tuple(draw(st.permutations(axes))))
    inputs = (Access("x", plain(dict(loops), "OY", "OX", "C")), Access("w", plain(dict(loops), "K", "C")))
    return Layer("Conv", loops, output, inputs, Step(MUL), "sum")


@st.composite
def written_by(draw: st.DrawFn, loop: str, size: int) -> Axis:
    step, offset = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    return along(loop, offset + step * (size - 1) + 1 + draw(st.integers(0, 2)), offset, step)


def plain(sizes: dict[str, int], *loops: str) -> tuple[Axis, ...]:
    return tuple(along(loop, sizes[loop]) for loop in loops)


@st.composite
def readers(draw: st.DrawFn, extents: list[int], diagonals: bool) -> Layer:
    """A layer that walks each axis of the tensor in its own way."""
    sizes = {loop: draw(st.integers(1, 4)) for loop in ("K", "OY", "OX", "OZ", "C", "FY", "FX", "FZ")}
    free = [("OY", "FY"), ("OX", "FX"), ("OZ", "FZ")]
    axes: list[Axis] = []
    for extent in extents:
        pair = draw(st.sampled_from(free)) if diagonals else free.pop(0)
        axes.append(draw(walked(pair, sizes, extent)))
    read = Access(TENSOR, tuple(axes))
    loops = tuple(sizes.items())
    output = Access("y", plain(sizes, *draw(st.permutations(("K", "OY", "OX", "OZ")))))
    return Layer("Conv", loops, output, (read, Access("v", plain(sizes, "K", "C"))), Step(MUL), "sum")


@st.composite
def walked(draw: st.DrawFn, loops: tuple[str, str], sizes: dict[str, int], extent: int) -> Axis:
    """A window with padding, or one or two loops that stay inside, forwards or backwards, or one element."""
    outer, inner = loops
    kind = draw(st.sampled_from(("window", "one", "two", "fixed")))
    if kind == "window":
        stride, dilation, before = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(0, 2))
        return window(outer, inner, extent, stride, dilation, before)
    steps = [draw(st.integers(-2, 3)) for _ in range({"one": 1, "two": 2, "fixed": 0}[kind])]
    reach = [step * (sizes[loop] - 1) for step, loop in zip(steps, loops, strict=False)]
    low, high = sum(min(0, r) for r in reach), sum(max(0, r) for r in reach)
    if not steps or high - low >= extent:
        return fixed(extent, draw(st.integers(0, extent - 1)))
    offset = draw(st.integers(-low, extent - 1 - high))
    return affine(tuple(zip(loops, steps, strict=False)), extent, offset)
