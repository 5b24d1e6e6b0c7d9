"""What one unrolling takes at least where several costs must be low at once: no chain may be good for one port, or for
energy, and bad for the others.

The least of a weighted sum of costs over all chains is a bound on the same sum of any mapping. The weights are those
under which all chains that are known are as dear as can be; the cheapest chain under them is a new one, until it is not
(a Lagrangian of "the busiest port", or of energy and cycles together, by cutting planes). Every chain that is met on
the way is a mapping to try.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from onnx2zz.zigzag.cycle_sums import Borders, Mixture, Sum, columns
from onnx2zz.zigzag.search.chain import Cost, Placed, cheapest_chains, fixed
from onnx2zz.zigzag.search.crossings import Crossings
from onnx2zz.zigzag.search.spread import ROUNDING, AtLeast
from onnx2zz.zigzag.weights import dearest_weights

Floats = NDArray[np.float64]

ROUNDS = 12
"""Weights that are tried."""
BEGUN = 6
"""Sums whose chains are known from the beginning: those that are dearest even alone."""
SHARES = (0.5, 0.25, 0.75)
"""Of energy in the sum of energy and cycles, each as a share of its own least."""


@dataclass
class JointBound:
    """Of one candidate (C = 1). `sums`: what is never above the latency."""

    crossings: Crossings
    borders: Borders
    sums: Sequence[Sum]
    mixtures: Sequence[Mixture] = ()
    dearest: Mixture | None = None
    """The weights under which the cycles are bounded best."""
    chains: dict[tuple[Placed, ...], tuple[float, Floats]] = field(
        default_factory=dict[tuple[Placed, ...], tuple[float, Floats]]
    )
    """With pJ and sums."""

    def cycles(self) -> float:
        """At least, whatever the energy."""
        return self._least(0.0, 1.0)

    def energy_times_cycles(self, energy: float, cycles: float) -> float:
        """At least, where neither can be less than these."""
        # Each line is a half-plane in which (energy, cycles) of every mapping lies. The bound of the product is its
        # least over what all of them leave.
        lines = [(1.0, 0.0, energy), (0.0, 1.0, cycles)]
        for share in SHARES:
            scale = share / energy, (1 - share) / cycles
            lines.append((*scale, self._least(*scale)))
        return _least_product(lines)

    def _least(self, of_energy: float, of_cycles: float) -> float:
        """Of the weighted sum of energy and cycles."""
        best = 0.0
        for _ in range(ROUNDS):
            known = np.array([of_energy * spent + of_cycles * taken for spent, taken in self.chains.values()])
            weights = dearest_weights(known)
            chain = self._chain(of_energy, of_cycles * weights)
            spent, taken = self._of(chain)
            found = of_energy * spent + of_cycles * float(weights @ taken)
            if found > best and not of_energy:
                shares = zip(self.sums, weights.tolist(), strict=True)
                self.dearest = Mixture(tuple((one, weight) for one, weight in shares if weight > 0))
            best = max(best, found)
            # No weights can raise the bound above this: some known chain is no dearer than what the cheapest costs.
            if found >= (known @ weights).min() * (1 - 1e-9):
                break
            self.chains[chain] = spent, taken
        return best

    def begin(self) -> AtLeast:
        """What energy and each sum are at least on their own, whose chains are the first ones that are known."""
        shape = self.crossings.shape
        energies = [[Cost(one.view, one.energy, one.goes_on) for one in levels] for levels in self.borders]
        energy, chains = cheapest_chains(energies, shape, 1)
        cycles = np.zeros(1)
        if self.sums:
            every = [*self.sums, *self.mixtures]
            side_by_side = columns(self.borders, every, 1)
            least, dearest = cheapest_chains(side_by_side, (*shape[:-1], len(every)), BEGUN)
            cycles = (least + [float(one.base(self.crossings)[0]) for one in every]).max(keepdims=True)
            # Little energy is little traffic, and so a good guess for cycles.
            chains += dearest
        for chain in chains:
            self.chains[chain] = self._of(chain)
        return AtLeast((energy + self.crossings.mac_energy) * ROUNDING, cycles * ROUNDING)

    def _chain(self, of_energy: float, of_sums: Floats) -> tuple[Placed, ...]:
        costs = [
            [
                Cost(border.view, self._weighted(op, level, of_energy, of_sums), border.goes_on)
                for level, border in enumerate(levels)
            ]
            for op, levels in enumerate(self.borders)
        ]
        return cheapest_chains(costs, self.crossings.shape, 1)[1][0]

    def _weighted(self, op: int, level: int, of_energy: float, of_sums: Floats) -> Floats:
        # Infinite stands for "cannot lie here". Times a weight of 0 it would be NaN, and NaN would win each minimum.
        border = self.borders[op][level]
        fits = np.isfinite(border.energy)
        cycles = self._finite[op][level] @ of_sums
        return np.where(fits, np.where(fits, border.energy, 0.0) * of_energy + cycles[..., None], np.inf)

    @cached_property
    def _finite(self) -> list[list[Floats]]:
        """Per border (places, sums)."""
        found: list[list[Floats]] = []
        for op, levels in enumerate(self.borders):
            found.append([])
            for border in levels:
                values = np.broadcast_arrays(*(one.of(op, border)[..., 0] for one in self.sums))
                # Where energy alone counts there are no sums.
                stacked = np.stack(values, axis=-1) if values else np.zeros(0)
                found[op].append(np.where(np.isfinite(stacked), stacked, 0.0))
        return found

    def _of(self, chain: Sequence[Placed]) -> tuple[float, Floats]:
        """pJ, and the sums."""
        spent = float(self.crossings.mac_energy[0])
        taken = np.array([float(one.base(self.crossings)[0]) for one in self.sums])
        for op, level, below in [*((one.operand, one.level, one.below) for one in chain), *self._fixed]:
            spent += float(_at(self.borders[op][level].energy, below)[0])
            taken += _at(self._finite[op][level], below)
        return spent, taken

    @cached_property
    def _fixed(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """The borders that are on no chain, since they can lie at one place only."""
        nowhere = (0,) * len(self.crossings.ladders)
        return [
            (op, level, nowhere)
            for op, levels in enumerate(self.borders)
            for level, border in enumerate(levels)
            if any(border is one for one in fixed(levels))
        ]


def _at(values: Floats, below: Sequence[int]) -> Floats:
    """At a place, of values (places, any number)."""
    # An axis along which nothing changes has length 1, whatever the place on the lattice.
    return values[tuple(min(place, size - 1) for place, size in zip(below, values.shape[:-1], strict=False))]


def _least_product(lines: Sequence[tuple[float, float, float]]) -> float:
    """The least x * y where a x + b y >= c for each (a, b, c): at a corner, since the product curves inward."""
    least = np.inf
    for (a, b, c), (d, e, f) in combinations(lines, 2):
        divisor = a * e - b * d
        # Parallel lines meet nowhere: two weights may have the same ratio, or find the same chain.
        if divisor == 0:
            continue
        x, y = (c * e - b * f) / divisor, (a * f - c * d) / divisor
        # A corner lies on two of the lines, and rounding may put it a hair outside. Left out, it would raise the bound
        # above what is true; taken by mistake, it only makes it looser.
        if all(p * x + q * y >= r * (1 - 1e-9) for p, q, r in lines):
            least = min(least, x * y)
    # 0 is always true as a bound.
    return float(least) if np.isfinite(least) else 0.0
