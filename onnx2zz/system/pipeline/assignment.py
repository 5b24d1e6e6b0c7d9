"""Which layers own which cores: neighbouring layers share a group of cores, groups lie side by side.

For each number of cores a layer has a few ways to be shared out over them. A group takes as long for a frame as its
layers together; what its weights take beyond the room of its cores comes through the port with every frame. The
shortest interval that some cut of the layers into groups keeps to is found by halving, the cut by dynamic programming
over layers and cores, exact for these ways.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onnx2zz.system.network import CoreId
from onnx2zz.system.tiling import Tiling

ROUNDS = 24
"""Halvings of the interval that is looked for."""
TWICE = 1.25
"""How much of a layer's activations a core has to hold beside its weights: some of two frames."""


@dataclass(frozen=True)
class Way:
    """A layer on several cores: the cycles of each for a frame, `weights` bits of constants on the one that has most,
    and `activations` bits that one reads and makes."""

    tiling: Tiling
    loads: tuple[float, ...]
    weights: int
    activations: int

    @property
    def cores(self) -> int:
        return len(self.loads)

    @property
    def cycles(self) -> float:
        """Of the busiest core."""
        return max(self.loads)


Ways = Sequence[Mapping[int, Sequence[Way]]]
"""For each layer, by a number of cores, the ways that are looked at on at most so many."""
Assigned = tuple[tuple[Way, tuple[CoreId, ...]], ...]
"""For each layer its way, and the cores of its group that it runs on."""


@dataclass(frozen=True)
class Assignment:
    """What is shared out: `cores` in an order in which neighbours are near, `room` bits of each; `constants` bits of
    each layer's weights; `always`: cycles that the port takes for what comes and goes with every frame, `port`: its bit
    a cycle (infinite without one). `streams`: weights may come with every frame; else all stay."""

    ways: Ways
    cores: Sequence[CoreId]
    room: float
    constants: Sequence[int]
    always: float
    port: float
    streams: bool = True

    def best(self) -> list[Assigned]:
        """The groups of the shortest interval, and all layers on all cores."""
        # At the upper end all layers follow each other and all weights stream: where even that is None, weights may
        # not come with frames, or there is no such group.
        low, high = self._least(), max(self._longest(), self.always + sum(self.constants) / self.port)
        groups = self._groups(high)
        for _ in range(ROUNDS):
            # A thousandth is finer than a schedule comes to the interval anyway.
            if groups is None or high <= low * (1 + 1e-3):
                break
            middle = (low + high) / 2
            found = self._groups(middle)
            if found is None:
                low = middle
            else:
                high, groups = middle, found
        # One group of everything has no group that waits for another: where layers do not balance, it is the best.
        everywhere = [[(0, len(self.ways), max(self.counts), weight)] for weight in range(len(self._weights))]
        return [self._placed(one) for one in ([groups] if groups else []) + everywhere]

    @cached_property
    def counts(self) -> Sequence[int]:
        """Numbers of cores that a group may have."""
        return sorted({count for own in self.ways for count in own})

    @cached_property
    def _weights(self) -> Sequence[float]:
        """Cycles that a bit of weights on a core is taken to cost where a layer's way is picked."""
        # Fast ways hold more weights, and which of both counts is not known before groups are: picked for speed
        # alone, for weights, and between.
        through_port = 1 / self.port
        return list(dict.fromkeys((0.0, through_port / 8, through_port)))

    def _picked(self, layer: int, count: int, weight: float) -> Way:
        return min(self.ways[layer][count], key=lambda way: (way.cycles + weight * way.weights, way.cycles))

    @cached_property
    def _groupings(self) -> Mapping[tuple[int, int], list[tuple[float, float, int, int]]]:
        """For layers from one up to (not with) another the groups they may be: cycles, bits through the port with each
        frame, cores, and which way of picking it is."""
        found: dict[tuple[int, int], list[tuple[float, float, int, int]]] = {}
        for count in self.counts:
            for number, weight in enumerate(self._weights):
                picked = [self._picked(layer, count, weight) for layer in range(len(self.ways))]
                for first in range(len(picked)):
                    cycles, held, largest, constants = 0.0, 0, 0, 0
                    for layer in range(first, len(picked)):
                        way = picked[layer]
                        cycles += way.cycles
                        held += way.weights
                        largest = max(largest, way.activations)
                        constants += self.constants[layer]
                        # Weights that the group's cores have no room for beside its activations come with every
                        # frame, as many of the constants as of what is held.
                        beyond = held - max(0.0, self.room - TWICE * largest)
                        streamed = constants * min(1.0, beyond / held) if beyond > 0 else 0.0
                        if streamed and not self.streams:
                            # More layers hold more: no longer group can stay either.
                            break
                        found.setdefault((first, layer + 1), []).append((cycles, streamed, count, number))
        return found

    def _groups(self, interval: float) -> list[tuple[int, int, int, int]] | None:
        """Groups (first layer, end, cores, way of picking) that keep to an interval; None where there are none."""
        cores, layers = len(self.cores), len(self.ways)
        best = np.full((layers + 1, cores + 1), math.inf)
        best[0, :] = 0.0
        came: dict[tuple[int, int], tuple[int, int, int]] = {}
        # By their ends: what leads to the first layer of a group is settled before the group is looked at.
        for (first, end), groups in sorted(self._groupings.items(), key=lambda one: (one[0][1], one[0][0])):
            for cycles, streamed, count, number in groups:
                if cycles > interval or count > cores:
                    continue
                # Fewest bits through the port for each number of cores used: the interval itself is kept to by every
                # group.
                total = best[first, : cores + 1 - count] + streamed
                for used in np.flatnonzero(total < best[end, count:]):
                    best[end, used + count] = total[used]
                    came[end, int(used) + count] = first, count, number
        bits = float(best[layers].min())
        if bits == math.inf or self.always + bits / self.port > interval:
            return None
        # Fewest cores of those with the fewest bits, then back along how each was reached.
        at = layers, int(best[layers].argmin())
        found: list[tuple[int, int, int, int]] = []
        while at[0]:
            first, count, number = came[at]
            found.append((first, at[0], count, number))
            at = first, at[1] - count
        return found[::-1]

    def _placed(self, groups: Sequence[tuple[int, int, int, int]]) -> Assigned:
        found: list[tuple[Way, tuple[CoreId, ...]]] = []
        start = 0
        for first, end, count, number in groups:
            own = tuple(self.cores[start : start + count])
            start += count
            for layer in range(first, end):
                way = self._picked(layer, count, self._weights[number])
                found.append((way, own[: way.cores]))
        return tuple(found)

    def _least(self) -> float:
        """What no interval of these ways is below."""
        work = sum(min(way.cycles * way.cores for ways in own.values() for way in ways) for own in self.ways)
        return max(self.always, work / len(self.cores))

    def _longest(self) -> float:
        """What every layer's slowest way takes, one after the other."""
        return sum(max(way.cycles for ways in own.values() for way in ways) for own in self.ways)
