"""The least that unrollings can cost, by which loop is innermost: for a hundred thousand of them in a second.

Whatever the loop ordering, one loop is innermost. A border then lies below all loops or above that loop; where a tile
with the least prime factor of the loop does not fit the memory, it lies below all. Elsewhere each tensor crosses the
border once at least. That is close to the price where the lowest memories hold one element, and far below it where
they hold several: then chains know more (chain.py).
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats
from .border import Border
from .border_costs import Asked
from .crossings import Crossings
from .lattice import ALWAYS, NEVER, View


@dataclass(frozen=True)
class Least:
    """(C,) each: pJ and cycles at least, without first and last loads."""

    energy: Floats
    cycles: Floats


def by_innermost(crossings: Crossings, asked: Asked) -> Least:
    """`crossings` on short ladders: nothing, the least prime factor, or all of a loop."""
    none = _Sum(crossings)
    sums = [_Sum(crossings) for _ in crossings.ladders]
    for op, operand in enumerate(crossings.operands):
        moving = crossings.moving(op)
        for level in range(len(operand.levels)):
            below_all = crossings.border(op, level, crossings.nowhere(), asked)
            none.add(below_all)
            # The same for each innermost loop, and dear: hence once for all of them.
            above = _above(crossings, op, level, asked)
            for axis, one in enumerate(sums):
                one.add(below_all, above, _may_lie_above(crossings, op, level, axis, moving))
    return _least_of(crossings, none, sums)


def _least_of(crossings: Crossings, none: "_Sum", sums: "list[_Sum]") -> Least:
    """A loop of one step is not innermost; where all are of one step, nothing lies below any border."""
    runs = [ladder.below[-1] > 1 for ladder in crossings.ladders]
    idle = ~np.logical_or.reduce(runs) if runs else np.ones(len(crossings.iterations), dtype=np.bool_)

    def least(values: list[Floats], alone: Floats) -> Floats:
        options = [np.where(run, value, np.inf) for run, value in zip(runs, values, strict=True)]
        return np.minimum.reduce([*options, np.where(idle, alone, np.inf)])

    energy = least([one.energy for one in sums], none.energy)
    cycles = least([one.cycles for one in sums], none.cycles)
    return Least(crossings.mac_energy + energy, cycles)


class _Sum:
    """Of all borders if one loop is innermost."""

    def __init__(self, crossings: Crossings):
        self.count = len(crossings.iterations)
        self.iterations = crossings.iterations
        self.energy: Floats = np.zeros(self.count)
        self.busy: dict[int, Floats] = {}

    def add(self, below_all: Border, above: Border | None = None, may: Flags | None = None) -> None:
        self.energy = self.energy + self._either(below_all.energy, above.energy if above else None, may)
        for port, taken in below_all.busy.items():
            other = above.busy.get(port) if above else None
            self.busy[port] = self.busy.get(port, 0.0) + self._either(taken, other, may)

    def _either(self, below_all: Floats, above: Floats | None, may: Flags | None) -> Floats:
        low = np.broadcast_to(below_all.reshape(-1), (self.count,))
        if above is None or may is None:
            return low
        # The lower one, since a border may lie below all loops although it could lie above this one.
        return np.where(may, np.minimum(low, above.reshape(-1)), low)

    @property
    def cycles(self) -> Floats:
        """The array works all the time, and so does the busiest port."""
        return np.maximum.reduce([self.iterations, *self.busy.values()])


def _above(crossings: Crossings, op: int, level: int, asked: Asked) -> Border:
    """The border above all loops that may lie below it: of the array, those that do not move an input."""
    if level == 0:
        return crossings.border(op, 0, crossings.sunk(op, 0), asked)
    return crossings.border(op, level, (ALWAYS,) * len(crossings.ladders), asked, anyway=True)


def _may_lie_above(crossings: Crossings, op: int, level: int, axis: int, moving: tuple[int, ...]) -> Flags:
    """Whether a border may lie above this loop if it is innermost."""
    if level == 0:
        return np.array(axis not in moving)
    view: View = tuple(
        # Loops that do not move the operand take no room, so they may all lie below. Place 1 on a short ladder is the
        # least prime factor: the smallest tile with anything of the loop in it.
        ALWAYS if other not in moving else slice(1, 2) if other == axis else NEVER
        for other in range(len(crossings.ladders))
    )
    return crossings.fits(op, level - 1, view).reshape(-1) if axis in moving else np.array(True)
