"""How unrollings spread a layer over the levels of the memories: what all bounds of many of them have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np
from numpy.typing import NDArray

from .arrays import Flags, Floats
from .nest import Operand, PartialAxis
from .whole_unrolling import Ground

Whole = NDArray[np.int64]

ROUNDING = 1 - 2**-40
"""Sums of the same terms in another order differ by less."""


@dataclass(frozen=True)
class Candidates:
    """C unrollings that divide: factors (C, array dims, loops), the lengthened loops (C, loops), and the axes that two
    loops sweep, by name (C,); loops as the ground numbers them."""

    factors: Whole
    sizes: Whole
    axes: Mapping[str, Whole]

    def rows(self, rows: NDArray[np.intp]) -> "Candidates":
        return Candidates(self.factors[rows], self.sizes[rows], {name: size[rows] for name, size in self.axes.items()})


@dataclass(frozen=True)
class AtLeast:
    """(C,) each: pJ and cycles, rounded down; 0 for what was not asked for."""

    energy: Floats
    cycles: Floats


@dataclass(frozen=True)
class Spread:
    """Of candidates."""

    ground: Ground
    given: Candidates

    @cached_property
    def spatial(self) -> list[list[Floats]]:
        """Per operand and level (C, loops): how often each loop is unrolled over the units that the level serves."""
        ground, factors = self.ground, self.given.factors
        return [
            [factors[:, [ground.place(dim) for dim in dims], :].prod(axis=1).astype(float) for dims in levels]
            for levels in ground.served
        ]

    @cached_property
    def extents(self) -> list[list[Floats]]:
        """Per operand and axis that two loops sweep (C,): what ZigZag clips it to."""
        return self.ground.extents(self.given.sizes, self.given.axes)

    @cached_property
    def drain(self) -> Floats:
        """(C,) cycles until the last result has passed a systolic array."""
        array = self.given.factors.prod(axis=2)
        systolic = [self.ground.place(dim) for dim in self.ground.systolic]
        return (array[:, systolic] - 1).sum(axis=1).astype(float)

    def boost(self, op: int, level: int) -> Floats:
        """(C,): distinct elements that a unit serves at once, at least."""
        # ZigZag rounds; this is the least that `round` can give, also where the quotient came out a hair too large.
        return np.ceil(self._grown(op, level) - 0.5 - 1e-6)

    def boost_at_most(self, op: int, level: int) -> Floats:
        """The same, at most."""
        return np.floor(self._grown(op, level) + 0.5 + 1e-6)

    def _grown(self, op: int, level: int) -> Floats:
        operand, spatial = self.ground.nest.operands[op], self.spatial[op]
        # ZigZag divides the unique units of two neighbouring levels (spatial_mapping_internal.py:166). Here it is the
        # growth of the tile from one to the other, which is the same.
        below = np.prod(spatial[:level], axis=0) if level else np.ones_like(spatial[0])
        both = below * spatial[level]
        grown = np.ones(len(both))
        for dim in operand.relevant:
            grown = grown * spatial[level][:, dim]
        for number, axis in enumerate(operand.partial):
            sizes = [
                np.minimum(self.extents[op][number], unclipped(axis, one[:, axis.first], one[:, axis.second]))
                for one in (both, below)
            ]
            grown = grown * sizes[0] / sizes[1]
        return grown

    def reduced_above(self, op: int, level: int) -> Flags:
        """(C,): whether units above a level add up the same results."""
        above = np.prod(self.spatial[op][level + 1 :], axis=0)
        return above[:, list(self.ground.nest.operands[op].irrelevant)].prod(axis=1) > 1

    def smallest_tile(self, op: int) -> Floats:
        """(C,): elements that the lowest memory of an operand holds at least: what its units work on at once."""
        operand, unrolled = self.ground.nest.operands[op], self.spatial[op][0]
        size = np.ones(len(unrolled))
        for dim in operand.relevant:
            size = size * unrolled[:, dim]
        for number, axis in enumerate(operand.partial):
            swept = unclipped(axis, unrolled[:, axis.first], unrolled[:, axis.second])
            size = size * np.minimum(self.extents[op][number], swept)
        return size

    def units(self, op: int, level: int) -> Floats:
        """(C,): how many there are of a level."""
        return np.prod([one.prod(axis=1) for one in self.spatial[op][level:]], axis=0)


def narrowest(operand: Operand) -> int:
    """Bits of an element at least."""
    return min(operand.precision, operand.final_precision) if operand.is_output else operand.precision


def widest(operand: Operand) -> int:
    """Bits of an element at most."""
    return max(operand.precision, operand.final_precision) if operand.is_output else operand.precision


def unclipped(axis: PartialAxis, first: Floats, second: Floats) -> Floats:
    """`axis.size` of whole sizes, unclipped."""
    divisor = gcd(axis.first_stride, axis.second_stride)
    repeats = np.maximum(0, second - axis.first_stride // divisor) * (first - axis.second_stride // divisor)
    return first * second - repeats
