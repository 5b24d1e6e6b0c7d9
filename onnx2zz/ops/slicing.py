"""Slice, Split and Gather by known positions: a regular part of one tensor.

Source: ONNX operator pages Slice, Split, Gather.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from weakref import WeakKeyDictionary

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import copy_layer
from onnx2zz.ops.registry import lowers

SLICING = frozenset({"Slice", "Split", "Gather"})


@dataclass(frozen=True)
class Part:
    """A regular part of a tensor: on `axis`, `size` elements from `start` in steps of `step`.

    A Slice over several axes is a part on each. `dropped` parts (Gather by a scalar) lose their axis.
    """

    axis: int
    start: int
    step: int
    size: int
    dropped: bool = False


def parts(node: Node, graph: Graph, output: str) -> tuple[Part, ...] | None:
    """Which part of its first input an output of Slice, Split or Gather is; None where only a run can tell."""
    if node.op == "Slice":
        return _slice_parts(node, graph)
    if node.op == "Split":
        return (_split_part(node, graph, output),)
    return _gather_parts(node, graph) if node.op == "Gather" else None


def _slice_parts(node: Node, graph: Graph) -> tuple[Part, ...] | None:
    shape, out = graph.shape(node.inputs[0]), graph.shape(node.outputs[0])
    starts, axes, steps = (_list(node, graph, *where) for where in ((1, "starts"), (3, "axes"), (4, "steps")))
    if starts is None:
        return None
    axes = axes if axes is not None else list(range(len(starts)))
    steps = steps if steps is not None else [1] * len(starts)
    return tuple(
        _slice_part(axis % len(shape), start, step, shape, out)
        for axis, start, step in zip(axes, starts, steps, strict=True)
    )


def _slice_part(axis: int, start: int, step: int, shape: tuple[int, ...], out: tuple[int, ...]) -> Part:
    extent = shape[axis]
    begin = start + extent if start < 0 else start
    begin = min(max(begin, 0), extent - 1 if step < 0 else extent)
    return Part(axis, begin, step, out[axis])


def _list(node: Node, graph: Graph, index: int, attribute: str) -> list[int] | None:
    if attribute in node.protos:
        return node.integers(attribute)
    value = graph.value(node.input(index))
    return None if value is None else [int(v) for v in np.asarray(value).ravel()]


def _split_part(node: Node, graph: Graph, output: str) -> Part:
    if node not in _SPLITS:
        axis = node.integer("axis", 0) % len(graph.shape(node.inputs[0]))
        sizes = [graph.shape(o)[axis] for o in node.outputs]
        begins = accumulate(sizes, initial=0)
        _SPLITS[node] = {o: Part(axis, at, 1, size) for o, at, size in zip(node.outputs, begins, sizes, strict=False)}
    return _SPLITS[node][output]


_SPLITS: WeakKeyDictionary[Node, dict[str, Part]] = WeakKeyDictionary()
"""The parts of each Split: every reader asks for one, and each begins where the ones before end."""


def _gather_parts(node: Node, graph: Graph) -> tuple[Part, ...] | None:
    indices = graph.value(node.inputs[1])
    if indices is None or indices.ndim > 1 or indices.size == 0:
        return None
    shape = graph.shape(node.inputs[0])
    axis = node.integer("axis", 0) % len(shape)
    positions = [int(i) % shape[axis] for i in indices.ravel()]
    steps = {b - a for a, b in pairwise(positions)} or {1}
    # Rows at even distances are a slice, whose elements need not be moved. A row that is taken twice, or distances that
    # change, are no affine walk.
    if len(steps) > 1 or 0 in steps:
        return None
    return (Part(axis, positions[0], steps.pop(), len(positions), dropped=indices.ndim == 0),)


def part_axes(graph: Graph, source: str, output: str, cut: tuple[Part, ...]) -> tuple[Axis, ...]:
    """How the loops over `output` (one an axis) read `source`."""
    loops = iter(tensor_loops(len(graph.shape(output))))
    by_axis = {part.axis: part for part in cut}
    return tuple(_part_axis(by_axis.get(axis), extent, loops) for axis, extent in enumerate(graph.shape(source)))


def _part_axis(part: Part | None, extent: int, loops: Iterator[str]) -> Axis:
    if part is None:
        return along(next(loops), extent)
    return fixed(extent, part.start) if part.dropped else along(next(loops), extent, part.start, part.step)


@lowers(
    "Slice", "Split", how="a view; a part that leaves the graph or goes to the host is one copy layer", kind="movement"
)
def slicing(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """One copy layer for each output."""
    return tuple(part_copy(node, graph, output) for output in node.outputs if output)


def part_copy(node: Node, graph: Graph, output: str) -> Layer:
    """The layer that copies one output's part, of the output's own volume."""
    source = node.inputs[0]
    cut = parts(node, graph, output)
    if cut is None:  # positions known at run time only: the volume is what it moves
        axes = tuple(
            along(loop, e) for loop, e in zip(tensor_loops(len(graph.shape(source))), graph.shape(source), strict=True)
        )
        return copy_layer(graph, output, Access(source, axes), also_reads=node.inputs[1:])
    return copy_layer(graph, output, Access(source, part_axes(graph, source, output, cut)))


def by_positions(node: Node, graph: Graph) -> bool:
    """Whether a Gather takes a regular part at positions known before the run."""
    return parts(node, graph, node.outputs[0]) is not None
