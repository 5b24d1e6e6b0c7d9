"""What crosses each border of a memory, by the multiset of temporal loops below it, for many unrollings at once.

A multiset says how often each loop occurs below the border (orderings.py): a place on a lattice with an axis a loop.
Arrays have the shape (loop 1, loop 2, ..., C), C candidates; an axis that does not matter has length 1. A border costs
what the traffic between two memories costs (traffic.py, energy.py), and is infinite where the tile below it does not
fit its memory beside the least that the others keep there. Whatever ordering ZigZag's allocator is given, and whatever
cuts it chooses: each border lies at one of these places, and the price is the sum of the borders.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrays import Element, Flags, Floats
from .loop_factors import primes_of
from .nest import (
    READ_TO_HIGH,
    READ_TO_LOW,
    WRITE_FROM_HIGH,
    WRITE_FROM_LOW,
    DataDirection,
    Operand,
    OperandLevel,
)
from .spread import Candidates, Spread, narrowest, unclipped
from .whole_unrolling import Ground

Whole = NDArray[np.int64]
View: TypeAlias = tuple[slice, ...]
"""Per loop: how often it may occur below a border."""

EVERY, NEVER, ALWAYS = slice(None), slice(0, 1), slice(-1, None)


@dataclass(frozen=True)
class Ladder:
    """How much of one loop may lie below a border: (places, C) steps each, rising from 1, and whether all of it does.
    Several ladders may be over one loop: what lies below is their product."""

    dim: int
    below: Floats
    complete: Flags


def prime_ladders(steps: Whole) -> list[Ladder]:
    """Every multiset of the prime factors of steps (C, loops), an axis for each distinct prime of a loop. Primes are in
    the order of how often they occur, so that candidates whose steps factor alike share the axes; what one of them
    lacks is a loop of one step, which changes nothing."""
    found: list[Ladder] = []
    for dim in range(steps.shape[1]):
        distinct, inverse = np.unique(steps[:, dim], return_inverse=True)
        factors = [factored(int(step)) for step in distinct]
        # A loop of 12 steps and one of 18 both have a prime that occurs twice and one that occurs once. On shared axes
        # they are looked at in one array, whatever the primes are.
        for axis in range(max(map(len, factors), default=0)):
            pairs = np.array([one[axis] if axis < len(one) else (1, 0) for one in factors])
            primes, times = pairs[inverse].T
            places = np.arange(int(times.max()) + 1)[:, None]
            # An axis is as long as the candidate with the most needs it; the others stay where all of the loop lies
            # below.
            below: Floats = np.power(primes.astype(float), np.minimum(places, times))
            found.append(Ladder(dim, below, places >= times))
    return found


def short_ladders(steps: Whole) -> list[Ladder]:
    """Nothing, the least prime factor, or all of each loop of steps (C, loops)."""
    found: list[Ladder] = []
    for dim in range(steps.shape[1]):
        distinct, inverse = np.unique(steps[:, dim], return_inverse=True)
        if distinct[-1] > 1:
            least = np.array([min(primes_of(int(step)), default=1) for step in distinct])[inverse]
            below = np.stack([np.ones(len(steps)), least.astype(float), steps[:, dim].astype(float)])
            found.append(Ladder(dim, below, below == below[-1]))
    return found


@lru_cache(maxsize=1 << 14)
def factored(step: int) -> tuple[tuple[int, int], ...]:
    """(prime, how often), the most frequent first."""
    found = Counter(primes_of(step))
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class Border:
    """The costs of one border at the places `view`, C last: pJ, and cycles of the ports in all periods but the first;
    infinite where the tile does not fit."""

    view: View
    energy: Floats
    busy: Mapping[int, Floats]


class Crossings:
    """Of candidates, on the lattice that `ladders` span."""

    def __init__(self, ground: Ground, given: Candidates, ladders: Sequence[Ladder]):
        self.ground, self.given, self.ladders = ground, given, ladders
        self.over = tuple(ladder.dim for ladder in ladders)
        self.shape = (*(len(ladder.below) for ladder in ladders), len(given.sizes))
        self.iterations: Floats = (given.sizes // given.factors.prod(axis=1)).prod(axis=1, dtype=float)
        self.spread = Spread(ground, given)

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
            return self._crossed(op, level, place, np.ones(1), place.iterations, None, energy, cycles)
        place = _Place(self, view)
        if anyway:
            tile = self.elements(op, level - 1, place)
            return self._crossed(op, level, place, tile, place.iterations, None, energy, cycles)
        tile, fits = self._tile(op, level - 1, place)
        # Measured once on the whole view, then priced on the part that matters: pricing is several times as much work.
        small = _where_any(view, fits)
        if small != view:
            place = _Place(self, small)
            tile, fits = self._tile(op, level - 1, place)
        return self._crossed(op, level, place, tile, place.iterations, fits, energy, cycles)

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
        period: Floats,
        fits: Flags | None,
        energy: bool,
        cycles: bool,
    ) -> Border:
        operand = self.operands[op]
        # ZigZag's words and energies (energy.py), every part that depends on the order at its least: that is what keeps
        # a sum over borders below a price.
        periods = self.iterations / period
        spent = np.zeros(1)
        busy: dict[int, Floats] = {}
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
                    busy[port] = busy.get(port, 0.0) + np.ceil(passed / width.greatest) * np.maximum(times - 1, 0)
        if fits is not None and not fits.all():
            spent = np.where(fits, spent, np.inf)
            busy = {port: np.where(fits, taken, np.inf) for port, taken in busy.items()}
        return Border(place.view, spent, busy)

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


def _where_any(view: View, fits: Flags) -> View:
    """The view without the outer places at which no candidate's tile fits: small memories take few of all places."""
    found = list(view)
    for axis in range(fits.ndim - 1):
        others = tuple(other for other in range(fits.ndim) if other != axis)
        places = np.flatnonzero(fits.any(axis=others))
        length = int(places[-1]) + 1 if len(places) else 1
        if length < fits.shape[axis]:
            start: int = view[axis].start or 0
            found[axis] = slice(start, start + length)
    return tuple(found)


def access_energy(memory: OperandLevel, way: DataDirection) -> float:
    """pJ of an access of a port's greatest width."""
    return memory.read_energy if way in (READ_TO_HIGH, READ_TO_LOW) else memory.write_energy


FROM_ABOVE = {READ_TO_LOW: WRITE_FROM_HIGH, WRITE_FROM_LOW: READ_TO_HIGH}
"""What crosses a border is a direction for the memory above it, and another one for the memory below."""
