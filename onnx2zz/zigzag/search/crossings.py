"""What crosses each border of a memory, by the multiset of temporal loops below it, for many unrollings at once.

A multiset says how often each loop occurs below the border (orderings.py): a place on a lattice with an axis a loop.
Arrays have the shape (loop 1, loop 2, ..., C), C candidates; an axis that does not matter has length 1. A border costs
what the traffic between two memories costs (traffic.py, energy.py), and is infinite where the tile below it does not
fit its memory beside the least that the others keep there. Whatever ordering ZigZag's allocator is given, and whatever
cuts it chooses: each border lies at one of these places, and the price is the sum of the borders.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from .arrays import Flags, Floats
from .border import Border
from .border_costs import Asked, BorderCosts
from .greed import taken_for_sure
from .lattice import ALWAYS, EVERY, NEVER, Ladder, View, where_any
from .nest import Operand
from .place import Place
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

    def border(self, op: int, level: int, view: View, asked: Asked, *, anyway: bool = False) -> Border:
        """Between memory `level` and the one below it, or the array. `anyway`: whether its tile fits or not."""
        if level == 0:
            # The array holds one element a unit, and the only loops that may run while it stays are those that do not
            # move it.
            view = self._within_array(op, view)
            place = Place(self.ladders, view)
            return self._costs.of(op, level, place, np.ones(1), None, asked)
        place = Place(self.ladders, view)
        if anyway:
            return self._costs.of(op, level, place, self.elements(op, level - 1, place), None, asked)
        if self.settled(op, level):
            view = (ALWAYS,) * len(self.ladders)
            place = Place(self.ladders, view)
        tile, fits = self._tile(op, level - 1, place)
        goes_on = self._goes_on(op, level, tile) if self.greedy and not self.settled(op, level) else None
        # Measured once on the whole view, then priced on the part that matters: pricing is several times as much work.
        small = where_any(view, fits)
        if small != view:
            place = Place(self.ladders, small)
            tile, fits = self._tile(op, level - 1, place)
        if goes_on is not None:
            fits = fits & self._may_end(op, level, place)
        return replace(self._costs.of(op, level, place, tile, fits, asked), goes_on=goes_on)

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

    def _may_end(self, op: int, level: int, place: Place) -> Flags:
        """Where the allocator may stop: some loop that moves the operand, as long as can be, is too much, or none is
        left."""
        found = ~place.left(tuple(self.over[axis] for axis in self.moving(op)))
        for dim in {self.over[axis] for axis in self.moving(op)}:
            longest = Place(
                self.ladders,
                tuple(ALWAYS if over == dim else one for over, one in zip(self.over, place.view, strict=True)),
            )
            found = found | ~self._goes_on_at(op, level, self.elements(op, level - 1, longest))
        return found

    @cached_property
    def _whole(self) -> list[list[Floats]]:
        """Per operand and memory (C,): elements that it holds if all loops run below it."""
        everything = Place(self.ladders, (ALWAYS,) * len(self.ladders))
        return [
            [self.elements(op, level, everything).reshape(-1) for level in range(len(operand.levels))]
            for op, operand in enumerate(self.operands)
        ]

    @cached_property
    def _costs(self) -> BorderCosts:
        return BorderCosts(self.spread, self.iterations, self._whole)

    @cached_property
    def _sure(self) -> dict[tuple[int, int], Floats]:
        return taken_for_sure(self.ground, self._whole)

    def fits(self, op: int, level: int, view: View) -> Flags:
        """Whether the tile below a border fits memory `level`."""
        return self._tile(op, level, Place(self.ladders, view))[1]

    def _within_array(self, op: int, view: View) -> View:
        """An input stays while loops that do not move it run innermost, an output leaves the array in every cycle."""
        stays = self.ground.nest.keeps_at_output and not self.operands[op].is_output
        moving = self.moving(op)
        return tuple(one if stays and axis not in moving else NEVER for axis, one in enumerate(view))

    def _tile(self, op: int, level: int, place: Place) -> tuple[Floats, Flags]:
        """Elements in a memory, and whether they fit it."""
        elements = self.elements(op, level, place)
        bits = elements * self._precision(op, level, place)
        # Only tiles smaller than the whole are doubled, as in the allocator (:205-207).
        if self.ground.doubled[op][level]:
            whole = self.elements(op, level, Place(self.ladders, (ALWAYS,) * len(self.ladders)))
            whole = whole * self._precision(op, level, Place(self.ladders, (ALWAYS,) * len(self.ladders)))
            bits = np.where(bits < whole, bits * 2, bits)
        return elements, bits <= self._room[op, level]

    def elements(self, op: int, level: int, place: Place) -> Floats:
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

    def _precision(self, op: int, level: int, place: Place) -> Floats | float:
        """Bits of an element in a memory, at least. Sums are partial while a reduction is left above the border below
        (opt/loma/memory_allocator.py:163-175), which lies at no loop for the lowest memory."""
        operand = self.operands[op]
        if not operand.is_output or operand.precision <= operand.final_precision:
            return float(operand.precision)
        # The allocator settles a memory's precision by the loops above its previous cut (`output_precision`). That cut
        # is not known here, but it is not above this border, so no more is reduced below it than here: width is never
        # overstated.
        before = Place(self.ladders, self.nowhere()) if level == 0 else place
        partial = before.left(operand.irrelevant) | self.spread.reduced_above(op, level)
        return np.where(partial, float(operand.precision), float(operand.final_precision))

    @cached_property
    def _room(self) -> dict[tuple[int, int], Floats]:
        """Operand and memory -> bits (C,) that the others leave it at most."""
        none, all_below = Place(self.ladders, self.nowhere()), Place(self.ladders, (ALWAYS,) * len(self.ladders))
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
