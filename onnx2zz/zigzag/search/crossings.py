"""What crosses each border of a memory, by the multiset of temporal loops below it, for many unrollings at once.

A multiset says how often each loop occurs below the border (orderings.py): a place on a lattice with an axis a loop.
Arrays have the shape (loop 1, loop 2, ..., C), C candidates; an axis that does not matter has length 1. A border costs
what the traffic between two memories costs (traffic.py, energy.py), and is infinite where the tile below it does not
fit its memory beside the least that the others keep there. Whatever ordering ZigZag's allocator is given, and whatever
cuts it chooses: each border lies at one of these places, and the price is the sum of the borders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from operator import mul

import numpy as np
from numpy.typing import NDArray

from .arrays import Element, Flags, Floats
from .border import Border
from .greed import taken_for_sure
from .lattice import ALWAYS, EVERY, NEVER, Ladder, View, where_any
from .least_loads import flows_back, is_loaded, loads_of
from .nest import (
    READ_TO_HIGH,
    READ_TO_LOW,
    WRITE_FROM_HIGH,
    WRITE_FROM_LOW,
    DataDirection,
    Operand,
    OperandLevel,
)
from .spread import Candidates, Spread, narrowest, unclipped, widest
from .whole_unrolling import Ground


class Crossings:
    """Of candidates, on the lattice that `ladders` span. `greedy`: what the allocator takes for sure is known, which is
    closer and takes longer (greed.py)."""

    def __init__(self, ground: Ground, given: Candidates, ladders: Sequence[Ladder], *, greedy: bool = True):
        self.ground, self.given, self.ladders, self.greedy = ground, given, ladders, greedy
        self.over = tuple(ladder.dim for ladder in ladders)
        self.shape = (*(len(ladder.below) for ladder in ladders), len(given.sizes))
        self.iterations: Floats = (given.sizes // given.factors.prod(axis=1)).prod(axis=1, dtype=float)
        self.spread = Spread(ground, given)

    @cached_property
    def axes(self) -> list[tuple[int, int]]:
        """Of each axis the loop, and how many axes of the same loop come before it."""
        return [(dim, self.over[:axis].count(dim)) for axis, dim in enumerate(self.over)]

    def along(self, axis: int, values: NDArray[Element]) -> NDArray[Element]:
        """Values (places on the axis, C) in the shape of the lattice."""
        return values.reshape(*(len(values) if other == axis else 1 for other in range(len(self.ladders))), -1)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return self.ground.nest.operands

    @property
    def mac_energy(self) -> Floats:
        """(C,) pJ of all operations."""
        return self.ground.unit_energy * self.given.sizes.prod(axis=1, dtype=float)

    def everywhere(self) -> View:
        return (EVERY,) * len(self.ladders)

    def nowhere(self) -> View:
        """The place where no loop lies below."""
        return (NEVER,) * len(self.ladders)

    def moving(self, op: int) -> tuple[int, ...]:
        """The axes whose loops move an operand."""
        still = self.operands[op].irrelevant
        return tuple(axis for axis, dim in enumerate(self.over) if dim not in still)

    def sunk(self, op: int, level: int) -> View:
        """The places of a border when all loops that do not move the operand lie below it: none is cheaper than the
        cheapest of these, since such loops do not make the tile larger."""
        moving = self.moving(op)
        relevant = NEVER if level == 0 else EVERY
        return tuple(relevant if axis in moving else ALWAYS for axis in range(len(self.ladders)))

    def border(self, op: int, level: int, view: View, *, energy: bool, cycles: bool, anyway: bool = False) -> Border:
        """Between memory `level` and the one below it, or the array."""
        if level == 0:
            # The array holds one element a unit, and the only loops that may run while it stays are those that do not
            # move it.
            view = self._within_array(op, view)
            place = _Place(self, view)
            return self._crossed(op, level, place, np.ones(1), None, energy, cycles)
        place = _Place(self, view)
        if anyway:
            return self._crossed(op, level, place, self.elements(op, level - 1, place), None, energy, cycles)
        if self.settled(op, level):
            view = (ALWAYS,) * len(self.ladders)
            place = _Place(self, view)
        tile, fits = self._tile(op, level - 1, place)
        goes_on = self._goes_on(op, level, tile) if self.greedy and not self.settled(op, level) else None
        # Measured once on the whole view, then priced on the part that matters: pricing is several times as much work.
        small = where_any(view, fits)
        if small != view:
            place = _Place(self, small)
            tile, fits = self._tile(op, level - 1, place)
        if goes_on is not None:
            fits = fits & self._may_end(op, level, place)
        return replace(self._crossed(op, level, place, tile, fits, energy, cycles), goes_on=goes_on)

    def settled(self, op: int, level: int) -> bool:
        """Whether a border lies above all loops for sure, for all candidates: the tensor fits the memory below it as a
        whole, or one still farther in."""
        return level > self._unsettled[op]

    @cached_property
    def _unsettled(self) -> list[int]:
        """Per operand the highest border that may lie elsewhere."""
        found: list[int] = []
        for op, operand in enumerate(self.operands):
            whole = (
                self._goes_on_at(op, level, self._whole[op][level - 1]).all() for level in range(1, operand.top + 1)
            )
            found.append(next((place for place, one in enumerate(whole) if one), operand.top))
        return found

    def _goes_on(self, op: int, level: int, tile: Floats) -> Flags | None:
        found = self._goes_on_at(op, level, tile)
        return found if found.any() else None

    def _goes_on_at(self, op: int, level: int, tile: Floats) -> Flags:
        """Where the tile below a border is small enough for the allocator to take it for sure, and so to go on."""
        return tile * widest(self.operands[op]) <= self._sure[op, level - 1]

    def _may_end(self, op: int, level: int, place: "_Place") -> Flags:
        """Where the allocator may stop: some loop that moves the operand, as long as can be, is too much, or none is
        left."""
        found = ~place.left(tuple(self.over[axis] for axis in self.moving(op)))
        for dim in {self.over[axis] for axis in self.moving(op)}:
            longest = _Place(
                self, tuple(ALWAYS if over == dim else one for over, one in zip(self.over, place.view, strict=True))
            )
            found = found | ~self._goes_on_at(op, level, self.elements(op, level - 1, longest))
        return found

    @cached_property
    def _whole(self) -> list[list[Floats]]:
        """Per operand and memory (C,): elements that it holds if all loops run below it."""
        everything = _Place(self, (ALWAYS,) * len(self.ladders))
        return [
            [self.elements(op, level, everything).reshape(-1) for level in range(len(operand.levels))]
            for op, operand in enumerate(self.operands)
        ]

    @cached_property
    def _sure(self) -> dict[tuple[int, int], Floats]:
        return taken_for_sure(self.ground, self._whole)

    def fits(self, op: int, level: int, view: View) -> Flags:
        """Whether the tile below a border fits memory `level`."""
        return self._tile(op, level, _Place(self, view))[1]

    def _within_array(self, op: int, view: View) -> View:
        """An input stays while loops that do not move it run innermost, an output leaves the array in every cycle."""
        stays = self.ground.nest.keeps_at_output and not self.operands[op].is_output
        moving = self.moving(op)
        return tuple(one if stays and axis not in moving else NEVER for axis, one in enumerate(view))

    def _tile(self, op: int, level: int, place: "_Place") -> tuple[Floats, Flags]:
        """Elements in a memory, and whether they fit it."""
        elements = self.elements(op, level, place)
        bits = elements * self._precision(op, level, place)
        # Only tiles smaller than the whole are doubled, as in the allocator (:205-207).
        if self.ground.doubled[op][level]:
            whole = self.elements(op, level, _Place(self, (ALWAYS,) * len(self.ladders)))
            whole = whole * self._precision(op, level, _Place(self, (ALWAYS,) * len(self.ladders)))
            bits = np.where(bits < whole, bits * 2, bits)
        return elements, bits <= self._room[op, level]

    def elements(self, op: int, level: int, place: "_Place") -> Floats:
        operand, unrolled = self.operands[op], self._unrolled[op][level]
        size = np.ones(1)
        for dim in operand.relevant:
            size = size * (place.size(dim) * unrolled[:, dim])
        for number, axis in enumerate(operand.partial):
            both = [place.size(dim) * unrolled[:, dim] for dim in (axis.first, axis.second)]
            # Clipped for each candidate: a lengthened loop makes the axis longer than the layer's own is.
            size = size * np.minimum(self.spread.extents[op][number], unclipped(axis, both[0], both[1]))
        return size

    @cached_property
    def _unrolled(self) -> list[list[Floats]]:
        """Per operand and memory (C, loops): how often each loop is unrolled in a tile."""
        return [
            [np.prod(levels[: level + 1], axis=0) for level in range(len(operand.levels))]
            for operand, levels in zip(self.operands, self.spread.spatial, strict=True)
        ]

    def _reduced_above(self, op: int, level: int) -> Flags:
        """(C,): whether units above a memory add up the same results."""
        above = np.prod(self.spread.spatial[op][level + 1 :], axis=0)
        return above[:, list(self.operands[op].irrelevant)].prod(axis=1) > 1

    def _precision(self, op: int, level: int, place: "_Place") -> Floats | float:
        """Bits of an element in a memory, at least. Sums are partial while a reduction is left above the border below
        (opt/loma/memory_allocator.py:163-175), which lies at no loop for the lowest memory."""
        operand = self.operands[op]
        if not operand.is_output or operand.precision <= operand.final_precision:
            return float(operand.precision)
        # The allocator settles a memory's precision by the loops above its previous cut (`output_precision`). That cut
        # is not known here, but it is not above this border, so no more is reduced below it than here: width is never
        # overstated.
        before = _Place(self, self.nowhere()) if level == 0 else place
        partial = before.left(operand.irrelevant) | self._reduced_above(op, level)
        return np.where(partial, float(operand.precision), float(operand.final_precision))

    @cached_property
    def _room(self) -> dict[tuple[int, int], Floats]:
        """Operand and memory -> bits (C,) that the others leave it at most."""
        none, all_below = _Place(self, self.nowhere()), _Place(self, (ALWAYS,) * len(self.ladders))
        found: dict[tuple[int, int], Floats] = {}
        seen = [0] * len(self.operands)
        for memory in self.ground.nest.memories:
            least: dict[int, Floats] = {}
            # At their highest memory operands lie as a whole, wherever else they are cut; elsewhere one of them may
            # keep only what its units work on at once. Every combination that the allocator can choose leaves at most
            # this room.
            for op in memory.operands:
                place = all_below if op in memory.top_of else none
                elements = self.elements(op, seen[op], place)
                least[op] = elements.reshape(-1) * narrowest(self.operands[op])
            for op in memory.operands:
                taken = sum((bits for other, bits in least.items() if other != op), np.zeros(1))
                found[op, seen[op]] = memory.capacity - taken
                seen[op] += 1
        return found

    def _crossed(
        self,
        op: int,
        level: int,
        place: "_Place",
        tile: Floats,
        fits: Flags | None,
        energy: bool,
        cycles: bool,
    ) -> Border:
        operand = self.operands[op]
        # ZigZag's words and energies (energy.py), every part that depends on the order at its least: that is what keeps
        # a sum over borders below a price.
        periods = self.iterations / place.iterations
        spent = np.zeros(1)
        busy: dict[int, Floats] = {}
        waiting: dict[int, Floats] = {}
        passing: dict[int, Floats] = {}
        steady: dict[int, Floats] = {}
        window = self._window(op, level, place, tile) if cycles else np.ones(1)
        for direction, bits, flows in self._ways(op, level, place, tile):
            times = periods * flows
            # The memory above serves several distinct tiles at once, to different units: its port sees all of them, and
            # there are fewer of it. The port of a memory below sees its own tile only.
            ends = [(level, direction, bits * self.spread.boost(op, level), self.spread.units(op, level + 1))]
            if level > 0:
                ends.append((level - 1, FROM_ABOVE[direction], bits, self.spread.units(op, level)))
            for memory, way, passed, units in ends:
                width = operand.levels[memory].widths.get(way)
                # Where data pass a memory without a port ZigZag raises, and there is no price that a bound could be
                # above.
                if width is not None and energy:
                    accesses = np.ceil(passed / width.least) * (width.least / width.greatest)
                    # In ZigZag's order (cost_model/cost_model.py:536): a last bit decides whether an access is whole.
                    spent = spent + np.trunc(accesses * times * units) * access_energy(operand.levels[memory], way)
                if width is not None and cycles:
                    port = self.ground.port[op, memory, way]
                    # The first period is no stall: it is loaded before the computation, and `first_tiles` counts it.
                    taken, again = np.ceil(passed / width.greatest), np.maximum(times - 1, 0)
                    busy[port] = busy.get(port, 0.0) + taken * again
                    waiting[port] = waiting.get(port, 0.0) + np.maximum(taken - window, 0) * again
                    if not flows_back(op, way):
                        # In whole bits a cycle (loading.py), but for the first period.
                        share = np.floor(passed / place.iterations) / self.ground.nest.ports[port].width
                        often = np.where(times > 1, np.minimum(share * self.iterations, taken * again), 0.0)
                        once = np.where(times == 1, taken, 0.0) if is_loaded(self.ground, op, level) else 0.0
                        steady[port] = steady.get(port, 0.0) + often
                        passing[port] = passing.get(port, 0.0) + often + once
        loading = loads_of(self.spread, op, level, tile, periods) if cycles and level > 0 else np.zeros(1)
        if fits is not None and not fits.all():
            spent = np.where(fits, spent, np.inf)
            busy = {port: np.where(fits, taken, np.inf) for port, taken in busy.items()}
        return Border(place.view, spent, busy, waiting, loading, passing, steady)

    def _window(self, op: int, level: int, place: "_Place", tile: Floats) -> Floats:
        """Cycles of a period in which a tile may pass the border, at most (stalls.py). Where the memory below is more
        than half full there is no room to prefetch, and only the first of the loops that do not move the operand are
        left: one step, if the tile is that of one step."""
        if level == 0:
            return place.iterations
        operand = self.operands[op]
        # The loops of the topmost run over one operand may be counted out of the tile (double_buffering.py): at most
        # all that move it.
        run = reduce(mul, (place.size(dim) for dim in operand.relevant), np.ones(1))
        kept = np.floor(tile * self._kept_precision(op, level, place) / run)
        prefetches = kept <= operand.levels[level - 1].capacity * (0.5 + 1e-9)
        moves = np.zeros(1, dtype=np.bool_)
        for axis in self.moving(op):
            moves = moves | self.along(axis, self.ladders[axis].below[place.view[axis]] > 1)
        return np.where(prefetches | moves | np.array(level > 1), place.iterations, 1.0)

    def _kept_precision(self, op: int, level: int, place: "_Place") -> Floats | float:
        operand = self.operands[op]
        if not operand.is_output:
            return float(operand.precision)
        if operand.partial:
            return float(narrowest(operand))
        partial = place.left(operand.irrelevant) | self._reduced_above(op, level)
        return np.where(partial, float(operand.precision), float(operand.final_precision))

    def _ways(
        self, op: int, level: int, place: "_Place", tile: Floats
    ) -> Iterator[tuple[DataDirection, Floats, Floats | float]]:
        """Directions in which a border is crossed, bits of a tile, and whether it is (traffic.py)."""
        operand = self.operands[op]
        if not operand.is_output:
            yield READ_TO_LOW, tile * operand.precision, 1.0
        elif operand.partial:  # what returns depends on rounded products: nothing does, at least
            yield WRITE_FROM_LOW, tile * narrowest(operand), 1.0
        else:
            returns = (place.left(operand.irrelevant) | self._reduced_above(op, level)).astype(float)
            width = np.where(returns > 0, float(operand.precision), float(operand.final_precision))
            yield WRITE_FROM_LOW, tile * width, 1.0
            yield READ_TO_LOW, tile * operand.precision, returns


class _Place:
    """Products of the loops below a border at the places of a view."""

    def __init__(self, crossings: Crossings, view: View):
        self.crossings, self.view = crossings, view
        self.below = [
            crossings.along(axis, ladder.below[one])
            for axis, (ladder, one) in enumerate(zip(crossings.ladders, view, strict=True))
        ]

    def size(self, dim: int) -> Floats:
        found = np.ones(1)
        # A loop may have several axes, one for each prime.
        for over, below in zip(self.crossings.over, self.below, strict=True):
            if over == dim:
                found = found * below
        return found

    @property
    def iterations(self) -> Floats:
        found = np.ones(1)
        for below in self.below:
            found = found * below
        return found

    def left(self, dims: Sequence[int]) -> Flags:
        """Whether a loop over one of these dimensions lies above."""
        found: Flags = np.zeros(1, dtype=np.bool_)
        for axis, (ladder, one) in enumerate(zip(self.crossings.ladders, self.view, strict=True)):
            if ladder.dim in dims:
                found = found | self.crossings.along(axis, ~ladder.complete[one])
        return found


def access_energy(memory: OperandLevel, way: DataDirection) -> float:
    """pJ of an access of a port's greatest width."""
    return memory.read_energy if way in (READ_TO_HIGH, READ_TO_LOW) else memory.write_energy


FROM_ABOVE = {READ_TO_LOW: WRITE_FROM_HIGH, WRITE_FROM_LOW: READ_TO_HIGH}
"""What crosses a border is a direction for the memory above it, and another one for the memory below."""
