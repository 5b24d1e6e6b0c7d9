"""Layers that are cut along their channels and go row by row: which of them lie together, and what a part holds.

Beside its weights a core holds the few rows that the next row is made of, and never a whole tensor. A layer that makes
each channel of just that channel of what it reads (a pool, an addition, a depthwise convolution) lies where that is
made, so that only what other layers read leaves the core; a layer that steps over elements (a 1x1 of stride 2) lies
where others read all of them, so that they come once. What reads the network's input is cut along its columns: of those
each part needs its own only.
"""

from collections.abc import Container, Mapping, Sequence
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
class Size:
    """The bits that a core holds of a part throughout, and its iterations of the array."""

    bits: int
    rounds: float


@dataclass(frozen=True)
class Parts:
    """A group that is cut: how each layer is, and the parts in their order."""

    tilings: Mapping[int, Tiling]
    sizes: Sequence[Size]

    @property
    def bits(self) -> int:
        """Of the part that holds most."""
        return max(size.bits for size in self.sizes)

    @property
    def rounds(self) -> float:
        """Of the part that has most to do."""
        return max(size.rounds for size in self.sizes)


@dataclass(frozen=True)
class Group:
    """Layers (by id) whose parts lie together. `along`: the loop of each that is cut, None where there is none;
    `units`: loops of each that the array unrolls, over how many units."""

    graph: LayerGraph
    layers: tuple[int, ...]
    along: Mapping[int, str | None]
    units: Mapping[int, Mapping[str, int]]

    def parts(self, number: int, even: bool = False) -> Parts:
        """The group in so many parts: of whole steps of the array, or as `even` as can be, of which some need a step
        more for their weights."""
        tilings = {layer: self._tiling(layer, number, 1 if even else self._grain(layer)) for layer in self.layers}
        cuts = {layer: self._cut(layer, tiling) for layer, tiling in tilings.items()}
        # Parts of as many channels hold as much: of each length one is looked at, and none at a border, where padding
        # is not read.
        lengths = list(zip(*([size for _, size in cut] for cut in cuts.values()), strict=True))
        known: dict[tuple[int, ...], Size] = {}
        for one in dict.fromkeys(lengths):
            alike = [place for place, length in enumerate(lengths) if length == one]
            middle = alike[len(alike) // 2]
            known[one] = self._size(tilings, {layer: cut[middle] for layer, cut in cuts.items()})
        return Parts(tilings, [known[one] for one in lengths])

    def _cut(self, layer: int, tiling: Tiling) -> list[Range]:
        """The ranges of the loop of a layer that is cut, by part; that of a layer without such a loop is whole."""
        if not tiling.split:
            return [(0, 0)]
        ((loop, number),) = tiling.split
        return parts(self.graph.layers[layer].sizes[loop], number, dict(tiling.grain).get(loop, 1))

    def _size(self, tilings: Mapping[int, Tiling], cut: Mapping[int, Range]) -> Size:
        told = [self.graph.layers[layer] for layer in self.layers]
        return Size(
            sum(self._held(one, tilings[one.placed.id], cut[one.placed.id]) for one in told),
            sum(self._rounds(one, tilings[one.placed.id], cut[one.placed.id]) for one in told),
        )

    def _rounds(self, told: Told, tiling: Tiling, cut: Range) -> float:
        units = self.units[told.placed.id]
        if not tiling.split or tiling.split[0][0] in dict(tiling.turns):
            return rounds(told, tiling, units)
        ((loop, _),) = tiling.split
        step = units.get(loop, 1)
        whole = rounds(told, Tiling((), tiling.turns), units)
        return whole / -(-told.sizes[loop] // step) * -(-cut[1] // step)

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

    def _held(self, told: Told, tiling: Tiling, cut: Range) -> int:
        """Bits: weights whole, rows a few; of the network's input all that is read (`places_kept`), too. What layers of
        the group alone read is counted where they do."""
        layer, widths = told.placed.id, told.placed.widths
        box: dict[str, Range] = {}
        for loop, _ in tiling.split:
            box[loop] = cut
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
