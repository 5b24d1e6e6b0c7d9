"""What tiles read and make, element by element: nothing here knows of boxes, views or sets of bits.

Every element of every tensor that a layer writes has a number of its own. Whatever lies between layers (Slice,
Transpose, Concat, Flatten, an activation) is run by onnxruntime on these numbers, and each loop point of a tile reads
the numbers that its access finds.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import onnx

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.frontend.graph import Graph
from onnx2zz.ir.access import Access
from onnx2zz.ir.interpreter import elements_of
from onnx2zz.ir.layer import Layer
from onnx2zz.system.elements import Elements, positions
from onnx2zz.system.tile import Box, Range
from tests.oracle import model_of, onnxruntime_run

Numbers = frozenset[int]
Grid = dict[str, np.ndarray]


def grid_of(ranges: Mapping[str, Sequence[int]]) -> Grid:
    """Every combination of the loops' values, as one flat array a loop."""
    walks = np.meshgrid(*(np.array(values) for values in ranges.values()), indexing="ij")
    return {loop: walk.ravel() for loop, walk in zip(ranges, walks, strict=True)}


def values_of(ranges: Mapping[str, Range]) -> dict[str, range]:
    return {loop: range(start, start + size) for loop, (start, size) in ranges.items()}


class Numbered:
    """The numbers of all elements that some layers write, and of what is seen of them through other nodes."""

    def __init__(self, layers: Sequence[Layer], seen: Mapping[str, np.ndarray]):
        self._layers, self._seen = layers, seen

    def made(self, layer: Layer, box: Box) -> Numbers:
        """What a tile writes."""
        return self._at(layer.output, grid_of(values_of(box.of(layer))))

    def read(self, layer: Layer, box: Box) -> Numbers:
        """What a tile reads of other layers."""
        grid = grid_of(values_of(box.of(layer)))
        found = [self._at(access, grid) for access in layer.inputs if access.tensor in self._seen]
        return frozenset[int]().union(*found)

    def told(self, layer: Layer, indices: Sequence[str], elements: Elements) -> Numbers:
        """The numbers of elements of an output that are told by its loops."""
        if not all(elements):
            return frozenset()
        walked = {index: positions(axis) for index, axis in zip(indices, elements, strict=True)}
        others = {loop: [0] for loop, _ in layer.loops if loop not in walked}
        return self._at(layer.output, grid_of({**walked, **others}))

    def _at(self, access: Access, grid: Grid) -> Numbers:
        numbers = self._seen[access.tensor].reshape([axis.extent for axis in access.axes])
        points = len(next(iter(grid.values())))
        elements = [np.broadcast_to(axis, (points,)) for axis in elements_of(access, grid)]
        inside = np.ones(points, bool)
        for element, axis in zip(elements, access.axes, strict=True):
            inside &= (element >= 0) & (element < axis.extent)
        return frozenset(np.unique(numbers[tuple(element[inside] for element in elements)]).astype(int).tolist()) - {0}


def numbered(model: onnx.ModelProto, graph: Graph, layers: Sequence[Layer]) -> Numbered:
    """The numbers of a model's layers; network inputs and constants have none."""
    seen: dict[str, np.ndarray] = {}
    first = 1
    for tensor in dict.fromkeys(layer.output.tensor for layer in layers):
        shape = graph.shape(tensor)
        size = int(np.prod(shape))
        seen[tensor] = np.arange(first, first + size, dtype=np.float32).reshape(shape)
        first += size
    assert first < 1 << 24, "float32 tells no more numbers apart"
    between = [node for node in model.graph.node if not set(node.output) & set(seen)]
    wanted = [output for node in between for output in node.output]
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    inputs = {one.name: np.zeros(graph.shape(one.name), np.float32) for one in model.graph.input}
    if between:
        seen |= onnxruntime_run(model_of(between, {**seen, **inputs}, constants, wanted), {**seen, **inputs})
    return Numbered(layers, seen)


class Told:
    """An entry of workload.yaml, walked point by point."""

    def __init__(self, entry: WorkloadEntry):
        self._entry = entry
        self._sizes = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))

    @cached_property
    def _relations(self) -> dict[str, list[tuple[int, str]]]:
        found: dict[str, list[tuple[int, str]]] = {}
        for text in self._entry.get("dimension_relations", []):
            index, terms = text.split("=")
            found[index] = [(int(step), loop.upper()) for step, loop in re.findall(r"(\d+)\*(\w+)", terms)]
        return found

    def indices(self, operand: str) -> list[str]:
        (text,) = re.findall(rf"{operand}((?:\[\w+\])+)", self._entry["equation"])
        return re.findall(r"\w+", text)

    def read(self, operand: str, box: Mapping[str, Range]) -> set[tuple[int, ...]]:
        """The elements of an operand that a box touches, padding left out."""
        grid = grid_of(values_of({loop: box.get(loop, (0, size)) for loop, size in self._sizes.items()}))
        inside = np.ones(len(next(iter(grid.values()))), bool)
        axes: list[np.ndarray] = []
        for index in self.indices(operand):
            if index not in self._relations:
                axes.append(grid[index.upper()])
                continue
            padding = dict(zip(self._entry.get("pr_loop_dims") or [], self._entry.get("padding") or [], strict=True))
            before, after = padding[index.upper()]
            terms = self._relations[index]
            last = sum(step * (self._sizes[loop] - 1) for step, loop in terms) - before - after
            walks = [step * grid[loop] for step, loop in terms]
            axes.append(np.sum(walks, axis=0) - before)
            inside &= (axes[-1] >= 0) & (axes[-1] <= last)
        return set(zip(*(axis[inside].tolist() for axis in axes), strict=True))
