"""The least that orderings can cost under many unrollings of a layer, all at once: pJ and cycles, never above a price.

What crosses the border of a memory depends on which loops lie below it, not on their order (orderings.py): a table over
multisets says what each border costs, infinite where the tile does not fit its memory beside the least that the others
keep there. An ordering is a chain of multisets. ZigZag's allocator cuts each operand at some of them; here each border
lies where it is cheapest on the chain, whatever the other borders do. So a bound differs from the price only where
operands compete for a memory, or where the allocator, which counts accesses, does not find the cheapest cut. Of cycles,
what a port has to move in the periods after the first is counted; the first and the last count with the smallest tile
that the lowest memory may hold (docs/search.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from .arrays import Flags, Floats, Ints
from .least_loads import first_tiles, last_tile
from .loop_factors import LoopFactors
from .nest import (
    FROM_ABOVE,
    READ_TO_LOW,
    WRITE_FROM_LOW,
    DataDirection,
)
from .orderings import REMEMBERED, FixedLoops, how_many, members, remembered
from .reading import NotCoveredError
from .spread import ROUNDING, Candidates, Spread, narrowest, unclipped
from .whole_unrolling import Ground

AT_ONCE = 1 << 16
"""Candidates times orderings that are looked at together."""

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Least:
    """(C, orderings) each: pJ and cycles at least; infinite where an ordering cannot fit."""

    energy: Floats
    cycles: Floats


def alike(ground: Ground, given: Candidates) -> Iterator[Ints]:
    """Candidates by place, a few at a time, that have the same number of orderings, in the same order. Raises
    NotCoveredError where there are too many orderings to say anything."""
    found: dict[tuple[tuple[int, ...], tuple[FixedLoops, ...]], list[int]] = {}
    for row, factors in enumerate(factored(ground, given)):
        found.setdefault((factors.loops.counts, factors.fixed), []).append(row)
    for (counts, _), rows in found.items():
        if how_many(counts) > REMEMBERED:
            raise NotCoveredError("the bound of so many orderings costs as much as their price")
        together = max(1, AT_ONCE // how_many(counts))
        for first in range(0, len(rows), together):
            yield np.array(rows[first : first + together])


def factored(ground: Ground, given: Candidates) -> list[LoopFactors]:
    """Each candidate's temporal loops."""
    steps = given.sizes // given.factors.prod(axis=1)
    return [ground.factors(tuple(row)) for row in steps.tolist()]


def least(
    ground: Ground, given: Candidates, loads: Floats | float = 0.0, *, energy: bool = True, cycles: bool = True
) -> Least:
    """Of candidates that are `alike`; what is not asked for is 0. `loads` (C, 1): cycles that their first loads take at
    least, where more is known of them."""
    factors = factored(ground, given)
    below = _Below(ground, given, factors)
    asked = energy, cycles
    chains = _chains(factors[0].loops.counts, factors[0].fixed)
    spent = np.full((len(factors), 1), ground.unit_energy) * given.sizes.prod(axis=1, dtype=float)[:, None]
    busy: dict[int, Floats] = {}
    for op in range(len(ground.nest.operands)):
        for border in _borders(below, op, *asked):
            if energy:
                spent = spent + chains.least(np.where(border.fits, border.energy, np.inf))
            # Each border takes its own best place on the chain, and for each port anew: that is what makes it a bound.
            for port, taken in border.busy.items() if cycles else ():
                busy[port] = busy.get(port, 0.0) + chains.least(np.where(border.fits, taken, np.inf))
    # Ports work at the same time as the array and each other, so only the busiest counts.
    worst = reduce(np.maximum, busy.values(), below.iterations[:, -1:]) + below.spread.drain[:, None]
    if cycles:
        worst = worst + np.maximum(loads, first_tiles(below.spread)[:, None]) + last_tile(below.spread)[:, None]
    shape = np.ones((len(factors), len(chains.rows)))
    return Least(spent * ROUNDING * shape, worst * ROUNDING * shape)


@dataclass(frozen=True)
class _Border:
    """What crosses the border between a memory and what lies below it, by the multiset below (C, multisets): whether it
    may lie there, pJ, and cycles of the ports in all periods but the first."""

    fits: Flags
    energy: Floats
    busy: dict[int, Floats]


class _Below:
    """What lies below a cut, for each candidate and multiset."""

    def __init__(self, ground: Ground, given: Candidates, factors: Sequence[LoopFactors]):
        self.ground = ground
        loops = [one.loops for one in factors]
        self.within = members(loops[0].counts)
        self.dims = np.array([one.dims for one in loops])
        powers = np.array([one.sizes for one in loops], dtype=float)[:, :, None] ** self.within
        self.iterations: Floats = powers.prod(axis=1)
        self.size = {
            dim: np.where((self.dims == dim)[:, :, None], powers, 1.0).prod(axis=1)
            for dim in range(len(ground.dims))
            if (self.dims == dim).any()
        }
        self.spread = Spread(ground, given)
        self.elements = [self._elements(op) for op in range(len(ground.nest.operands))]
        self.room = self._room()

    def moves(self, dims: Sequence[int]) -> Flags:
        """(C, multisets): whether a loop over one of these dimensions lies below."""
        return self._lies(dims, self.within)

    def left(self, dims: Sequence[int]) -> Flags:
        """(C, multisets): whether one lies above."""
        return self._lies(dims, self.within[:, -1:] - self.within)

    def _lies(self, dims: Sequence[int], within: Ints) -> Flags:
        over = np.isin(self.dims, dims)
        return np.logical_or.reduce(over[:, :, None] & (within > 0), axis=1)

    def _elements(self, op: int) -> list[Floats]:
        """Per memory: elements of a tile."""
        operand = self.ground.nest.operands[op]
        unrolled = np.ones_like(self.spread.spatial[op][0])
        found: list[Floats] = []
        for level in range(len(operand.levels)):
            unrolled = unrolled * self.spread.spatial[op][level]
            found.append(self._tile(op, unrolled))
        return found

    def _tile(self, op: int, unrolled: Floats) -> Floats:
        operand = self.ground.nest.operands[op]
        size = np.ones_like(self.iterations)
        for dim in operand.relevant:
            size = size * self._swept(dim, unrolled)
        for place, axis in enumerate(operand.partial):
            both = self._swept(axis.first, unrolled), self._swept(axis.second, unrolled)
            size = size * np.minimum(self.spread.extents[op][place][:, None], unclipped(axis, *both))
        return size

    def _swept(self, dim: int, unrolled: Floats) -> Floats:
        return self.size[dim] * unrolled[:, dim, None] if dim in self.size else unrolled[:, dim, None]

    def _room(self) -> dict[tuple[int, int], Floats]:
        """Operand and memory level -> bits (C, 1) that the others leave it at most."""
        nest = self.ground.nest
        found: dict[tuple[int, int], Floats] = {}
        seen = [0] * len(nest.operands)
        for memory in nest.memories:
            least: dict[int, Floats] = {}
            for op in memory.operands:
                bits = self.elements[op][seen[op]] * narrowest(nest.operands[op])
                # The last multiset is everything, the first is nothing but the spatial loops.
                least[op] = bits[:, -1:] if op in memory.top_of else bits[:, :1]
            for op in memory.operands:
                others = [bits for other, bits in least.items() if other != op]
                found[op, seen[op]] = (
                    memory.capacity - np.sum(others, axis=0) if others else np.full((1, 1), memory.capacity)
                )
                seen[op] += 1
        return found

    def fits(self, op: int, level: int) -> Flags:
        # At the width of final results, although sums may be wider: which they are depends on cuts that are not known
        # here.
        bits = self.elements[op][level] * narrowest(self.ground.nest.operands[op])
        if self.ground.doubled[op][level]:
            bits = np.where(bits < bits[:, -1:], bits * 2, bits)
        return bits <= self.room[op, level]


def _borders(below: _Below, op: int, energy: bool, cycles: bool) -> Iterator[_Border]:
    for level in range(len(below.ground.nest.operands[op].levels)):
        yield _crossing(below, op, level, energy, cycles)


def _crossing(below: _Below, op: int, level: int, energy: bool, cycles: bool) -> _Border:
    """Between memory `level` and the one below it, or the array."""
    tile, period, fits = _array_tile(below, op) if level == 0 else _memory_tile(below, op, level - 1)
    operand = below.ground.nest.operands[op]
    periods = below.iterations[:, -1:] / period
    spent = np.zeros_like(period)
    busy: dict[int, Floats] = {}
    for direction, bits, flows in _ways(below, op, level, tile):
        times = periods * flows
        ends = [
            (
                level,
                direction,
                bits * below.spread.boost(op, level)[:, None],
                below.spread.units(op, level + 1)[:, None],
            )
        ]
        if level > 0:
            ends.append((level - 1, FROM_ABOVE[direction], bits, below.spread.units(op, level)[:, None]))
        for memory, way, passed, units in ends:
            width = operand.levels[memory].widths.get(way)
            if width is not None and energy:
                accesses = np.ceil(passed / width.least) * (width.least / width.greatest)
                spent = spent + np.trunc(accesses * times * units) * operand.levels[memory].access_energy(way)
            if width is not None and cycles:
                port = below.ground.port[op, memory, way]
                taken = np.ceil(passed / width.greatest) * np.maximum(times - 1, 0)
                busy[port] = busy.get(port, 0.0) + taken
    return _Border(fits, spent, busy)


def _array_tile(below: _Below, op: int) -> tuple[Floats, Floats, Flags]:
    """Elements, period, and below which multisets: an input stays while loops that do not move it run innermost, an
    output leaves the array in every cycle."""
    nest = below.ground.nest
    operand, one = nest.operands[op], np.ones_like(below.iterations)
    if nest.keeps_at_output and not operand.is_output:
        moving = [dim for dim in range(len(below.ground.dims)) if dim not in operand.irrelevant]
        return one, below.iterations, ~below.moves(moving)
    # The first multiset is the empty one.
    return one, one, np.broadcast_to(np.arange(int(one.shape[1])) == 0, one.shape)


def _memory_tile(below: _Below, op: int, level: int) -> tuple[Floats, Floats, Flags]:
    return below.elements[op][level], below.iterations, below.fits(op, level)


def _ways(below: _Below, op: int, level: int, tile: Floats) -> list[tuple[DataDirection, Floats, Floats | float]]:
    """Directions in which a border is crossed, bits of a tile, and whether it is (traffic.py)."""
    operand = below.ground.nest.operands[op]
    if not operand.is_output:
        return [(READ_TO_LOW, tile * operand.precision, 1.0)]
    if operand.partial:  # what returns depends on rounded products: nothing does, at least
        return [(WRITE_FROM_LOW, tile * narrowest(operand), 1.0)]
    above = np.prod(below.spread.spatial[op][level + 1 :], axis=0)[:, list(operand.irrelevant)].prod(axis=1) > 1
    returns = (below.left(operand.irrelevant) | above[:, None]).astype(float)
    width = np.where(returns > 0, float(operand.precision), float(operand.final_precision))
    return [(WRITE_FROM_LOW, tile * width, 1.0), (READ_TO_LOW, tile * operand.precision, returns)]


@dataclass(frozen=True)
class _Chains:
    """All orderings as a tree of prefixes: per length the prefixes' parents and multisets; rows: the last ones in the
    order of the orderings."""

    levels: tuple[tuple[Ints, Ints], ...]
    rows: Ints

    def least(self, table: Floats) -> Floats:
        """(C, orderings) from (C, multisets): the least on each chain."""
        # Every ordering begins with nothing below and ends with everything; the levels have what differs.
        found = np.minimum(table[:, :1], table[:, -1:])
        for parents, multisets in self.levels:
            found = np.minimum(found.take(parents, axis=1), table.take(multisets, axis=1))
        return found.take(self.rows, axis=1)


def _chains(counts: tuple[int, ...], fixed: tuple[FixedLoops, ...]) -> _Chains:
    return (_few if how_many(counts) <= REMEMBERED else _many)(counts, fixed)


def _tree(counts: tuple[int, ...], fixed: tuple[FixedLoops, ...]) -> _Chains:
    loop, below = remembered(counts)
    for demand in fixed:
        # The same filter as in `chunks`: bounds and orderings are matched by row.
        met = np.isin(loop[:, demand.position], demand.allowed)
        loop, below = loop[met], below[met]
    levels: list[tuple[Ints, Ints]] = []
    own = np.zeros(len(loop), dtype=np.int64)
    for length in range(1, loop.shape[1]):
        # Orderings that begin alike share a node: their minimum so far is formed once, not once for each of the
        # orderings.
        key = own * (len(counts) + 1) + loop[:, length - 1]
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        levels.append((own[first].astype(np.intp), below[first, length]))
        own = inverse.astype(np.int64)
    return _Chains(tuple(levels), own.astype(np.intp))


# As with the orderings themselves: of many, a tree takes 20 MB.
_few = lru_cache(maxsize=64)(_tree)
_many = lru_cache(maxsize=2)(_tree)
