"""What one unrolling takes at least where several costs must be low at once: no chain may be good for one port, or for
energy, and bad for the others.

The least of a weighted sum of costs over all chains is a bound on the same sum of any mapping. Weights that put more
on what a chain is bad at make it rise (a Lagrangian of "the busiest port", or of energy and cycles together); every
chain that is met on the way is a mapping to try.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from onnx2zz.zigzag.search.chain import Cost, Placed, cheapest_chain
from onnx2zz.zigzag.search.crossings import Border, Crossings

Floats = NDArray[np.float64]

ROUNDS = 12
"""Weights that are tried."""
SHARES = (0.5, 0.25, 0.75)
"""Of energy in the sum of energy and cycles, each as a share of its own least."""


@dataclass
class JointBound:
    """Of one candidate (C = 1). `beyond`: cycles that come on top of the computation."""

    crossings: Crossings
    ports: Sequence[int]
    beyond: float
    chains: dict[tuple[Placed, ...], None] = field(default_factory=dict[tuple[Placed, ...], None])

    def __post_init__(self) -> None:
        crossings = self.crossings
        self.borders = [
            [
                crossings.border(op, level, crossings.everywhere(), energy=True, cycles=True)
                for level in range(len(operand.levels))
            ]
            for op, operand in enumerate(crossings.operands)
        ]
        self.iterations = float(crossings.iterations[0])
        self.mac_energy = float(crossings.mac_energy[0])

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
        # The first weight is that of the array, which is busy in every iteration: latency is the busiest of it and the
        # ports.
        weights = np.full(len(self.ports) + 1, 1 / (len(self.ports) + 1))
        best = 0.0
        for number in range(ROUNDS):
            by_port = dict(zip(self.ports, of_cycles * weights[1:], strict=True))
            chain = cheapest_chain(self._costs(of_energy, by_port), self.crossings.shape)
            self.chains[chain] = None
            spent, busy = self._of(chain)
            taken = np.array([self.iterations, *(busy.get(port, 0.0) for port in self.ports)])
            found = of_energy * spent + of_cycles * (float(weights @ taken) + self.beyond)
            best = max(best, found)
            worst = of_energy * spent + of_cycles * (float(taken.max()) + self.beyond)
            # This chain is priced at what the bound says. No other weights can raise the bound above a chain that
            # reaches it.
            if worst <= best * (1 + 1e-9):
                break
            # Multiplicative weights: what is busier than the average gains. Divided by the busiest, so that the step
            # does not depend on the size of the layer, and shrinking, so that the weights settle instead of swinging
            # between two chains.
            weights = weights * np.exp(2 / np.sqrt(number + 1) * (taken - weights @ taken) / taken.max())
            weights = weights / weights.sum()
        return best

    def _costs(self, of_energy: float, of_ports: Mapping[int, float]) -> list[list[Cost]]:
        return [
            [Cost(border.view, _weighted(border, of_energy, of_ports)) for border in levels] for levels in self.borders
        ]

    def _of(self, chain: Sequence[Placed]) -> tuple[float, dict[int, float]]:
        """pJ, and cycles of each port."""
        spent = self.mac_energy
        busy: dict[int, float] = {}
        for one in chain:
            border = self.borders[one.operand][one.level]
            spent += _at(border.energy, one)
            for port, taken in border.busy.items():
                busy[port] = busy.get(port, 0.0) + _at(taken, one)
        for levels in self.borders:  # what lies at no loop is on no chain
            if levels and all(part == slice(0, 1) for part in levels[0].view):
                spent += float(levels[0].energy.reshape(-1)[0])
                for port, taken in levels[0].busy.items():
                    busy[port] = busy.get(port, 0.0) + float(taken.reshape(-1)[0])
        return spent, busy


def _weighted(border: Border, of_energy: float, of_ports: Mapping[int, float]) -> Floats:
    # Infinite stands for "does not fit". Times a weight of 0 it would be NaN, and NaN would win each minimum.
    fits = np.isfinite(border.energy)
    values = np.where(fits, border.energy, 0.0) * of_energy
    for port, weight in of_ports.items():
        if port in border.busy:
            taken = border.busy[port]
            values = values + weight * np.where(np.isfinite(taken), taken, 0.0)
    return np.where(fits, values, np.inf)


def _at(values: Floats, placed: Placed) -> float:
    # An axis along which nothing changes has length 1, whatever the place on the lattice.
    return float(values[(*(min(place, size - 1) for place, size in zip(placed.below, values.shape, strict=False)), 0)])


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
