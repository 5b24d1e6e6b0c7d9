"""Layers shared out so that no core has more to do than another: whoever has least to do takes the next tile.

Groups of cores that own layers leave rests, since a layer takes a whole number of cores. Here each layer's tiles go to
the cores that have least to do; then one layer after the other is taken back and shared out again, in any of its ways,
as long as that makes the busiest core's frame, or what all have to do together, shorter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.assignment import Assigned, Way

ROUNDS = 6
"""How often every layer is shared out again at most."""
Cost = tuple[float, float]
"""The interval that cores and port allow, and the squares of all loads."""


@dataclass(frozen=True)
class Loads:
    """Cycles and bits of weights on each core, so far."""

    cycles: np.ndarray
    weights: np.ndarray

    def plus(self, way: Way, places: np.ndarray, sign: int = 1) -> "Loads":
        cycles, weights = self.cycles.copy(), self.weights.copy()
        cycles[places] += sign * np.array(way.loads)
        weights[places] += sign * np.array(way.weights)
        return Loads(cycles, weights)


@dataclass(frozen=True)
class Balance:
    """`ways` of each layer; `room` bits of a core for weights: what is beyond it comes through the port, `port` bit a
    cycle (0: may not come), with every frame, beside `always` cycles of other things."""

    ways: Sequence[Sequence[Way]]
    cores: Sequence[CoreId]
    room: float
    always: float
    port: float

    def best(self) -> Assigned:
        """Each layer's way and its cores."""
        empty = np.zeros(len(self.cores))
        loads, chosen = Loads(empty, empty), dict[int, tuple[Way, np.ndarray]]()
        # The largest first: small ones even out what these leave.
        for layer in sorted(range(len(self.ways)), key=lambda layer: (-self._work(layer), layer)):
            chosen[layer], loads = self._shared(layer, loads)
        for _ in range(ROUNDS):
            before = self._cost(loads)
            for layer, (way, places) in list(chosen.items()):
                # Taken back before: beside itself a layer would avoid the cores that it is on.
                again, others = self._shared(layer, loads.plus(way, places, -1))
                if self._cost(others) < self._cost(loads):
                    chosen[layer], loads = again, others
            if self._cost(loads) == before:
                break
        return tuple(
            (chosen[layer][0], tuple(self.cores[int(place)] for place in chosen[layer][1].tolist()))
            for layer in sorted(chosen)
        )

    def _work(self, layer: int) -> float:
        return min(sum(way.loads) for way in self.ways[layer])

    def _shared(self, layer: int, loads: Loads) -> tuple[tuple[Way, np.ndarray], Loads]:
        """The cheapest way of a layer beside what the cores have already, its longest tile where least is done."""
        idlest = np.argsort(loads.cycles, kind="stable")
        found: list[tuple[Cost, int, tuple[Way, np.ndarray], Loads]] = []
        for number, way in enumerate(self.ways[layer]):
            places = np.empty(way.cores, dtype=np.int64)
            places[np.argsort([-load for load in way.loads], kind="stable")] = idlest[: way.cores]
            together = loads.plus(way, places)
            found.append((self._cost(together), number, (way, places), together))
        _, _, best, together = min(found, key=lambda one: one[:2])
        return best, together

    def _cost(self, loads: Loads) -> Cost:
        beyond = np.maximum(loads.weights - self.room, 0.0).sum()
        through = float(beyond) / self.port if self.port else float(beyond) and math.inf
        # The interval is the busiest core's; squares tell apart what has the same, so that rests can be evened out
        # step by step.
        return max(float(loads.cycles.max()), self.always + through), float((loads.cycles**2).sum() + beyond)
