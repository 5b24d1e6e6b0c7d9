"""The numbers of a schedule: each box is computed from the elements that it was found to need and from no others.

Positions tell that these lie on the tile's core in time (`positions`); here they are shown to be enough. All other
elements of the operands are NaN, and what comes out is held against onnxruntime's output of the node, so that by
induction every tile has made what its readers get. Equal boxes are computed once, in whichever frame and on which core.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.compiler import Compiled
from onnx2zz.conservation.groups import Group, groups
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.interpreter import REDUCERS, Grid, apply, elements_of, run_at, unpacked
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.proof.binding import bind
from onnx2zz.proof.check_node import trial_of
from onnx2zz.proof.comparison import A_STEP, differing, is_byte
from onnx2zz.proof.element_origins import ElementOrigins, Numbers
from onnx2zz.proof.execution import run_whole
from onnx2zz.proof.node_comparison import Trial, points_in
from onnx2zz.proof.node_run import CannotRunError
from onnx2zz.proof.result import NotExecuted
from onnx2zz.proof.sampling import WHOLE, sample
from onnx2zz.proof.values import Values
from onnx2zz.proof.verify import VerifyOptions, Watch, at_hand
from onnx2zz.system.elements import Elements, positions
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.replay.fault import Fault
from onnx2zz.system.replay.needs import Box, Need, Needs
from onnx2zz.system.replay.written import Id, WrittenSchedule
from onnx2zz.system.tile import Box as TileBox
from onnx2zz.system.tile import cut

Parts = tuple[Box, ...]
"""A box of a layer's loops and, where its sum was cut, those whose partial sums it adds."""
ONE_AFTER_THE_OTHER = "its steps follow each other, and its tiles were not run"


@dataclass(frozen=True)
class Numbered:
    """What became of the numbers: `points` output elements compared of `layers` layers."""

    layers: int
    points: int
    faults: tuple[Fault, ...]
    not_run: tuple[NotExecuted, ...]


def play_numbers(
    schedule: WrittenSchedule, needs: Needs, compiled: Compiled, options: VerifyOptions, watch: Watch
) -> Numbered:
    """Computes the boxes of all layers that claim to compute what their nodes compute."""
    parts = _parts(schedule, needs)
    lowered = groups(compiled.graph, compiled.workload)
    exact = {node: group for node, group in lowered.items() if group.kind == "exact"}
    origins = ElementOrigins(compiled.graph, compiled.workload.layers, compiled.workload.own_fates)
    layers = points = 0
    faults: list[Fault] = []
    not_run: list[NotExecuted] = []
    for group, values in at_hand(exact, compiled, options, watch):
        if any(layer.recurrent for layer in group.layers):
            not_run.append(NotExecuted(group.node.label, group.node.op, ONE_AFTER_THE_OTHER))
            continue
        try:
            playing = _Playing(needs, origins, group, compiled.entries, trial_of(group, values))
        except CannotRunError as error:
            not_run.append(NotExecuted(group.node.label, group.node.op, str(error)[:200]))
            continue
        for placed in group.placed:
            found = list(playing.outputs(placed, parts[placed.id], values, options.points))
            layers, points = layers + 1, points + sum(len(one.got) for one in found)
            faults += playing.wrong(placed, found)
    return Numbered(layers, points, tuple(faults), tuple(not_run))


def _parts(schedule: WrittenSchedule, needs: Needs) -> dict[int, dict[Parts, Id]]:
    """The different boxes of each layer, each with the first tile that has it."""
    found: dict[int, dict[Parts, Id]] = {layer: {} for layer in range(len(needs.graph.layers))}
    for tile in schedule.tiles.values():
        if not tile.partial:
            ranges = needs.told(tile.layer).ranges
            together = (tile, *(schedule.tiles[other] for other in tile.adds))
            found[tile.layer].setdefault(tuple(tuple(ranges(one.ranges).items()) for one in together), tile.id)
    return found


@dataclass(frozen=True)
class _Output:
    """What the tile `tile` makes at some points, where they lie, and what it should."""

    tile: Id
    grid: Grid
    elements: tuple[np.ndarray, ...]
    got: np.ndarray
    wanted: np.ndarray


class _Playing:
    """One node: its layers, with the operands and outputs of a run of it."""

    def __init__(
        self, needs: Needs, origins: ElementOrigins, group: Group, entries: Sequence[WorkloadEntry], trial: Trial
    ):
        self._needs, self._origins = needs, origins
        bounds = {placed.id: bind(entries[placed.id], placed).layer or placed.layer for placed in group.placed}
        self._layers = bounds
        self._last: dict[str, tuple[tuple[object, ...], np.ndarray]] = {}
        between = group.made - trial.expected.keys()
        whole: dict[str, np.ndarray] = {}
        if between:  # what only the layers of the node know
            members = [bounds[m.id] if isinstance(m, PlacedLayer) else m for m in group.members]
            whole = run_whole(members, trial.operands)
        self._true: Mapping[str, np.ndarray] = {**whole, **trial.operands, **trial.expected}

    def outputs(self, placed: PlacedLayer, parts: Mapping[Parts, Id], values: Values, points: int) -> Iterator[_Output]:
        """The values of every box of a layer: a small layer's whole, of a large one about `points` in all."""
        layer = self._layers[placed.id]
        extents = [axis.extent for axis in layer.output.axes]
        true = self._true[layer.output.tensor].reshape(extents)
        own = points if layer.operations <= WHOLE else max(1, points // len(parts))
        for boxes, tile in parts.items():
            first = cut(layer, TileBox(boxes[0]))
            grid = sample(first, own, values.rng)
            got = self._computed(placed, boxes, first, grid)
            elements = tuple(np.broadcast_to(e, got.shape) for e in elements_of(first.output, grid))
            yield _Output(tile, _moved(grid, boxes[0]), elements, got, np.atleast_1d(true[elements]))

    def _computed(self, placed: PlacedLayer, boxes: Parts, first: Layer, grid: Grid) -> np.ndarray:
        with np.errstate(all="ignore"):
            if len(boxes) == 1:
                return run_at(*self._held(placed, first, boxes[0]), grid)
            layer = self._layers[placed.id]
            each = [replace(cut(layer, TileBox(box)), after=()) for box in boxes]
            sums = [run_at(*self._held(placed, one, box), grid) for one, box in zip(each, boxes, strict=True)]
            result: np.ndarray = REDUCERS[layer.reduce](np.stack(sums, axis=1))
            for step in first.after:
                result = apply(step, [result], self._true, grid)
            return np.broadcast_to(result, (points_in(grid),))

    def _held(self, placed: PlacedLayer, layer: Layer, box: Box) -> tuple[Layer, Mapping[str, np.ndarray]]:
        """A box as a layer of its own, its operands NaN but where it needs them; what its steps read (a bias, a scale)
        is no operand of the schedule, and there."""
        needed = self._needs.of(placed.id, box)
        tensors: dict[str, np.ndarray] = dict(self._true)
        inputs: list[Access] = []
        for operand, access in zip(OPERANDS, layer.inputs, strict=False):
            name = f"{access.tensor} as {operand}"
            tensors[name] = self._operand(placed, operand, [n for n in needed if n.operand == operand], box)
            inputs.append(replace(access, tensor=name, packed=0))
        return replace(layer, inputs=tuple(inputs)), tensors

    def _operand(self, placed: PlacedLayer, operand: str, needed: Sequence[Need], box: Box) -> np.ndarray:
        """An operand, NaN where a box does not need it."""
        access = self._layers[placed.id].inputs[OPERANDS.index(operand)]
        seen = self._needs.told(placed.id).seen(placed.layer.inputs[OPERANDS.index(operand)], dict(box))
        # Boxes that follow each other often differ in one operand alone, and large ones take long to blot out.
        asked = placed.id, (*needed,), seen
        if operand not in self._last or self._last[operand][0] != asked:
            self._last[operand] = asked, self._blotted(placed, operand, needed, seen, self._data(access), access.tensor)
        return self._last[operand][1]

    def _blotted(
        self,
        placed: PlacedLayer,
        operand: str,
        needed: Sequence[Need],
        seen: Elements,
        data: np.ndarray,
        tensor: str,
    ) -> np.ndarray:
        if any(edge.operand == operand for edge in self._needs.graph.edges.get(placed.id, ())):
            mask = self._from_layers(tensor, {n.producer: n.boxes for n in needed if n.producer is not None})
        elif self._needs.outside(placed.id, operand):
            outside = [part for n in needed if n.producer is None for part in n.boxes]
            mask = self._from_outside(placed, operand, seen, outside, data)
        else:  # of no bits: not in the schedule
            mask = np.ones(data.shape, bool)
        return np.where(mask.reshape(data.shape), data, np.nan) if mask.size == data.size else data

    def _data(self, access: Access) -> np.ndarray:
        data = np.asarray(self._true[access.tensor])
        data = unpacked(data, access.packed) if access.packed else data
        if access.picks is None:
            return data.reshape([axis.extent for axis in access.axes])
        # A run picks from an axis that may be longer than what is picked.
        return data.reshape([-1 if n == access.picks[0] else axis.extent for n, axis in enumerate(access.axes)])

    def _from_layers(self, tensor: str, boxes: Mapping[int, Sequence[Elements]]) -> np.ndarray:
        """Which elements of a tensor are such elements of layers' outputs."""
        held = np.zeros(self._origins.count + 1, bool)
        held[-1] = True  # what is no layer's
        for producer, parts in boxes.items():
            told = self._needs.told(producer)
            for part in parts:
                held[self._origins.written(told.placed.layer, _grid(told.indices("O"), part)).ravel()] = True
        return held[self._origins.of(tensor)]

    def _from_outside(
        self, placed: PlacedLayer, operand: str, seen: Elements, parts: Sequence[Elements], data: np.ndarray
    ) -> np.ndarray:
        """Which elements of an operand from outside are such elements, by the indices that the file tells them by."""
        told, access = self._needs.told(placed.id), placed.layer.inputs[OPERANDS.index(operand)]
        mask = np.zeros(data.shape, bool)
        for part in parts:
            by_index = dict(zip(told.indices(operand), part, strict=True))
            axes = [positions(axis) for axis in seen]
            if access.picks is not None:
                axes[access.picks[0]] = list(range(data.shape[access.picks[0]]))
            elif access.border == "constant":
                axes = [_along(told, axis, by_index) or own for axis, own in zip(access.axes, axes, strict=True)]
            mask[np.ix_(*axes)] = True
        return mask

    def wrong(self, placed: PlacedLayer, found: Sequence[_Output]) -> Iterator[Fault]:
        """A sentence for each tile whose values differ."""
        if not found:
            return
        wanted = np.concatenate([one.wanted for one in found])
        got = np.concatenate([one.got for one in found])
        differ = differing(got, wanted.astype(self._true[self._layers[placed.id].output.tensor].dtype))
        at = 0
        for one in found:
            mine = np.flatnonzero(differ[at : at + len(one.got)])
            at += len(one.got)
            if len(mine) and is_byte(wanted.dtype):
                mine = self._without_ties(placed, one, mine)
            if len(mine):
                yield self._fault(placed, one, mine)

    def _without_ties(self, placed: PlacedLayer, one: _Output, wrong: np.ndarray) -> np.ndarray:
        """Without values that the whole layer rounds the same way: the neighbour of a tie."""
        few = {loop: values[wrong] for loop, values in one.grid.items()}
        with np.errstate(all="ignore"):
            whole = run_at(self._layers[placed.id], self._true, few)
        near = np.abs(one.got[wrong] - one.wanted[wrong].astype(np.float64)) <= A_STEP
        return wrong[~((one.got[wrong] == whole) & near)]

    def _fault(self, placed: PlacedLayer, one: _Output, wrong: np.ndarray) -> Fault:
        first = wrong[0]
        place = ", ".join(str(int(axis[first])) for axis in one.elements)
        got, wanted = float(one.got[first]), float(one.wanted[first])
        number = f"{got:.6g}" if not np.isnan(got) else "made of an element that it does not need"
        what = f"{placed.layer.output.tensor}[{place}] is {number}, and onnxruntime makes {wanted:.6g}"
        more = f"; {len(wrong) - 1} more of {len(one.got)}" if len(wrong) > 1 else ""
        return Fault(f"tile {one.tile} (layer {placed.id})", what + more)


def _along(told: Told, axis: Axis, by_index: Mapping[str, int]) -> list[int] | None:
    """The positions of an axis that an operand's indices name; None where they say nothing of it alone."""
    # Where the file names the very loops that the axis walks, their values are its positions, unless several values
    # share a position (a nearest Resize).
    walking = [(loop, step) for loop, step in axis.terms if step and told.sizes[loop] > 1]
    if axis.shared_by == 1 and walking and all(loop in by_index for loop, _ in walking):
        found = {axis.offset}
        for loop, step in walking:
            found = {at + step * value for at in found for value in positions(by_index[loop])}
        return sorted(at for at in found if 0 <= at < axis.extent)
    # Else the file has one index for them all, the target of a relation (IY of OY and FY): positions in the tensor,
    # without the padding that the loops walk over.
    for index, relation in told.entry.related.items():
        if index in by_index and {(loop, step) for step, loop in relation.terms} == set(axis.terms):
            begins = axis.offset + told.entry.padding.get(index, (0, 0))[0]
            return [at + begins for at in positions(by_index[index]) if 0 <= at + begins < axis.extent]
    return None


def _moved(grid: Grid, box: Box) -> Grid:
    """Points of a box as points of the whole layer."""
    starts = {loop: start for loop, (start, _) in box}
    return {loop: values + starts.get(loop, 0) for loop, values in grid.items()}


def _grid(indices: Sequence[str], elements: Elements) -> dict[str, Numbers]:
    """A set of elements by its indices, as loop values to be broadcast."""
    axes = [np.array(positions(axis), np.int64) for axis in elements]
    shapes = np.eye(len(axes), dtype=int)
    return {
        index: axis.reshape([-1 if own else 1 for own in shape])
        for index, axis, shape in zip(indices, axes, shapes, strict=True)
    }
