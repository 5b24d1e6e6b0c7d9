"""Layers that are cut along their channels and go row by row: which of them lie together, and what a part holds.

Beside its weights a core holds the few rows that the next row is made of, and never a whole tensor. A layer that makes
each channel of just that channel of what it reads (a pool, an addition, a depthwise convolution) lies where that is
made, so that only what other layers read leaves the core; a layer that steps over elements (a 1x1 of stride 2) lies
where others read all of them, so that they come once. What reads the network's input is cut along its columns: of those
each part needs its own only.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from onnx2zz.system.candidates import rounds, turned
from onnx2zz.system.elements import count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.movement import steps_over
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.reads import Edge
from onnx2zz.system.tile import Range, parts
from onnx2zz.system.tiling import Tiling

COLUMNS = "OX"
AT_ONCE = 2
"""Rows that a core has room for, of what is read and of what is made: the one at work, and the next."""


@dataclass(frozen=True)
class Part:
    """The largest part of a group that is cut in so many: how each layer is cut, the bits that a core holds of it
    throughout, and its iterations of the array."""

    tilings: Mapping[int, Tiling]
    bits: int
    rounds: float


@dataclass(frozen=True)
class Group:
    """Layers (by id) whose parts lie together. `along`: the loop of each that is cut, None where there is none;
    `units`: loops of each that the array unrolls, over how many units."""

    graph: LayerGraph
    layers: tuple[int, ...]
    along: Mapping[int, str | None]
    units: Mapping[int, Mapping[str, int]]

    def part(self, number: int, even: bool = False) -> Part:
        """One of so many parts: of whole steps of the array, or as `even` as can be, of which some need a step more for
        their weights."""
        tilings = {layer: self._tiling(layer, number, 1 if even else self._grain(layer)) for layer in self.layers}
        told = [self.graph.layers[layer] for layer in self.layers]
        return Part(
            tilings,
            sum(self._held(one, tilings[one.placed.id]) for one in told),
            sum(rounds(one, tilings[one.placed.id], self.units[one.placed.id]) for one in told),
        )

    @property
    def most(self) -> int:
        """Parts beyond which some would be empty, or have less than the array takes at once."""
        return min(self._steps(layer) for layer in self.layers)

    def _steps(self, layer: int) -> int:
        loop = self.along[layer]
        return 1 if loop is None else -(-self.graph.layers[layer].sizes[loop] // self._grain(layer))

    def _grain(self, layer: int) -> int:
        """Channels that are not parted. All layers of a group are cut alike: as the one asks that asks for most."""
        return max(self.units[one].get(self.along[one] or "", 1) for one in self.layers)

    def _tiling(self, layer: int, number: int, grain: int) -> Tiling:
        told, loop = self.graph.layers[layer], self.along[layer]
        _, row = turned(told, {})
        turns = ((row, told.sizes[row]),) if row is not None else ()
        if loop is None or number == 1:
            return Tiling((), turns)
        return Tiling(((loop, number),), turns, ((loop, grain),) if grain > 1 else ())

    def _held(self, told: Told, tiling: Tiling) -> int:
        """Bits: weights whole, rows a few; of the network's input all that is read (`places_kept`), too. What layers of
        the group alone read is counted where they do."""
        layer, widths = told.placed.id, told.placed.widths
        box: dict[str, Range] = {}
        for loop, number in tiling.split:
            box[loop] = parts(told.sizes[loop], number, dict(tiling.grain).get(loop, 1))[0]
        all_rows = told.ranges(box)
        for loop, size in tiling.turns:
            box[loop] = ((size - 1) // 2, min(AT_ONCE, size))
        few_rows = told.ranges(box)
        held = 0 if self._read_within(layer) else count(told.told("O", few_rows)) * widths.O_final
        made = {edge.operand for edge in self.graph.edges.get(layer, ())}
        for operand, width in zip(OPERANDS, (widths.I, widths.W), strict=True):
            if operand in made or not told.is_constant(operand):
                held += count(told.told(operand, few_rows)) * width
            if operand not in made:
                held += count(told.told(operand, all_rows)) * width
        return held

    def _read_within(self, layer: int) -> bool:
        """Whether only layers of the group read a layer."""
        readers = [edge.reader for into in self.graph.edges.values() for edge in into if edge.producer == layer]
        return bool(readers) and set(readers) <= set(self.layers)


def grouped(graph: LayerGraph, units: Mapping[int, Mapping[str, int]]) -> list[Group]:
    """The layers of a network in groups, in order."""
    found: list[list[int]] = []
    group_of: dict[int, int] = {}
    along: dict[int, str | None] = {}
    readers: dict[int, list[int]] = {}
    for told in graph.layers:
        layer = told.placed.id
        into = graph.edges.get(layer, ())
        along[layer] = _cut_along(told, {edge.operand for edge in into})
        near = [edge.producer for edge in into if _goes_on(graph, edge, along)]
        # A layer that steps over others (a residual) stays with the latest group that reads what it reads: cores of an
        # earlier one have already let go of it.
        near = near or [one for edge in into if steps_over(graph, edge) for one in readers.get(edge.producer, ())]
        if not near:
            found.append([])
        group_of[layer] = max(group_of[one] for one in near) if near else len(found) - 1
        found[group_of[layer]].append(layer)
        for edge in into:
            readers.setdefault(edge.producer, []).append(layer)
    return [Group(graph, tuple(own), {one: along[one] for one in own}, units) for own in found]


def _cut_along(told: Told, made: Container[str]) -> str | None:
    """The loop of a layer that is cut; `made`: its operands that other layers make."""
    channel, row = turned(told, {})
    layer = told.placed.layer
    reads_input = any(name not in made and not told.is_constant(name) for name in OPERANDS[: len(layer.inputs)])
    if reads_input and row != COLUMNS and layer.sizes.get(COLUMNS, 1) > 1 and COLUMNS in layer.output.loops:
        return COLUMNS
    return channel if channel in layer.output.loops and channel != layer.recurrent else None


def _goes_on(graph: LayerGraph, edge: Edge, along: Mapping[int, str | None]) -> bool:
    """Whether a layer makes each channel of just that channel of what it reads."""
    own, before = along[edge.reader], along[edge.producer]
    if own is None or before is None or COLUMNS in (own, before) or edge.operand not in OPERANDS:
        return False
    told = graph.layers[edge.reader]
    read = told.placed.layer.inputs[OPERANDS.index(edge.operand)]
    return own in read.loops and told.sizes[own] == graph.layers[edge.producer].sizes[before]
