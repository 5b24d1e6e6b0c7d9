"""Where a network is cut in stacks: of each run of layers one part that is likely to fit, of all cuts the cheapest.

Costs are guessed: iterations of the busiest core, so many for each tile, and what moves between parts. That is enough
to tell which few cuts are worth a schedule.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.system.candidates import rounds, unrolled
from onnx2zz.system.fused.part import Alone, Part, Parts
from onnx2zz.system.fused.room import Room
from onnx2zz.system.fused.sizes import from_large_to_small, tiles_of
from onnx2zz.system.fused.stack import Stack, bands_along
from onnx2zz.system.network import CoreId
from onnx2zz.system.offers import TRIED_LEVELS
from onnx2zz.system.prices import Prices
from onnx2zz.system.tiling import Tiling

PER_TILE = 200.0
"""Iterations that a tile is taken to cost beside its own."""
MOST_LAYERS = 24
"""Layers of a stack at most."""


@dataclass
class CutPoints:
    """`share`: of the memories that parts may take; `cores`: that a stack may have; `alone`: the ways of single layers,
    and `parts`, found so far; `reached`: how many layers from the first some parts are likely to fit that end there."""

    room: Room
    prices: Mapping[CoreId, Prices]
    share: float
    cores: int
    alone: dict[int, list[Alone]] = field(default_factory=dict[int, list[Alone]])
    parts: dict[tuple[int, ...], Part | None] = field(default_factory=dict[tuple[int, ...], Part | None])
    reached: int = 0

    def cheapest(self, moving: float) -> Parts | None:
        """The cheapest parts that are likely to fit; None where some layer has none. `moving`: iterations that a bit
        between parts is taken to cost."""
        layers = [told.placed.id for told in self.room.graph.layers]
        best: list[tuple[float, Parts]] = [(0.0, ()), *[(math.inf, ())] * len(layers)]
        for end in range(1, len(layers) + 1):
            # The shortest run first: weights that do not fit together, or rows that do not line up, rule out all
            # longer runs that end here.
            for start in range(end - 1, max(-1, end - 1 - MOST_LAYERS), -1):
                run = tuple(layers[start:end])
                if len(run) > 1 and not self._can_be_a_stack(run):
                    break  # nor can what is longer
                part = self.part(run) if best[start][0] < math.inf else None
                if part is not None:
                    self.reached = max(self.reached, end)
                    cost = best[start][0] + self._cost(part) + moving * self._moved(part)
                    best[end] = min(best[end], (cost, (*best[start][1], part)), key=lambda one: one[0])
        return best[-1][1] if best[-1][0] < math.inf else None

    def why_not(self) -> str:
        """Where no cut is likely to fit, the first layer that no part up to it fits with."""
        layers = self.room.graph.layers
        name = layers[min(self.reached, len(layers) - 1)].placed.name
        return f"{name}: neither it alone nor a stack with it is likely to fit a core's highest memory"

    def part(self, layers: tuple[int, ...]) -> Part | None:
        """The cheapest part of these layers that is likely to fit; None where none is."""
        if layers not in self.parts:
            self.parts[layers] = self._part(layers)
        return self.parts[layers]

    def _part(self, layers: tuple[int, ...]) -> Part | None:
        found: list[Part] = []
        if len(layers) == 1:
            found += [one for one in self._alone(layers[0]) if self.room.has(one, self.share)]
        # A single layer as a stack is cut in rows, which its ways alone need not be: which is cheaper hangs on its
        # neighbours.
        if self._can_be_a_stack(layers):
            found += [stack] if (stack := self.stack(layers, self._cores(layers))) is not None else []
        return min(found, key=self._cost, default=None)

    def _can_be_a_stack(self, layers: tuple[int, ...]) -> bool:
        placed = any(layer in self.room.offers.fixed for layer in layers)
        return not placed and self.room.weights_fit(layers) and bool(self._cores(layers))

    def _cores(self, layers: tuple[int, ...]) -> tuple[CoreId, ...]:
        """The cores of the kind of which most may run all of some layers, as many as have rows to share."""
        loops = bands_along(self.room.graph, layers)
        system, graph = self.room.system, self.room.graph
        if not loops:
            return ()
        kinds = [
            [core.id for core in cores if all(core.runs(graph.operators[layer]) for layer in layers)]
            for cores in system.kinds.values()
        ]
        # A stack stays on one kind: its tiles must take alike for bands to keep in step.
        most = max(kinds, key=len)
        rows = graph.layers[layers[-1]].placed.layer.sizes[loops[0]]
        return system.nearest(most, min(len(most), rows, self.cores)) if most else ()

    def stack(self, layers: tuple[int, ...], cores: tuple[CoreId, ...]) -> Stack | None:
        """The stack in the largest tiles that are likely to fit, as if smaller ones always did."""
        capacity = min(self.room.system.by_id[core].capacity for core in cores)
        stacks = from_large_to_small(self.room.graph, layers, cores, capacity)
        # Each look plans the first bands of a stack, so halving is worth it even where sizes and fits do not quite go
        # together.
        low, high = 0, len(stacks)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.room.has(stacks[middle], self.share) else (middle + 1, high)
        return stacks[high] if high < len(stacks) else None

    def _alone(self, layer: int) -> list[Alone]:
        if layer not in self.alone:
            told = self.room.graph.layers[layer]
            found = {one: None for level in range(TRIED_LEVELS) for one in self.room.offers.tilings(told, level)}
            self.alone[layer] = [Alone(layer, one) for one in found]
        return self.alone[layer]

    def _cost(self, part: Part) -> float:
        """Iterations of the busiest core."""
        if isinstance(part, Alone):
            tiling = part.on_cores[0]
            tiles = math.prod(number for _, number in tiling.turns)
            return self._rounds(part.layer, tiling, part.on_cores[1][0]) + PER_TILE * tiles
        loops = bands_along(self.room.graph, part.layers)
        work = sum(self._rounds(layer, Tiling(), part.cores[0]) for layer in part.layers) / len(part.cores)
        return work + PER_TILE * tiles_of(self.room.graph, part, loops)

    def _rounds(self, layer: int, tiling: Tiling, core: CoreId) -> float:
        told, prices = self.room.graph.layers[layer], self.prices[core]
        array = dict(prices.inputs.hardware.array)
        units = unrolled(prices.mapping_of(layer), told.sizes, array) if prices.search is None else {}
        return rounds(told, tiling, units)

    def _moved(self, part: Part) -> float:
        """Bits that a core gets of what other parts have made, if nothing of it is there already."""
        made = {
            edge.producer
            for layer in part.layers
            for edge in self.room.graph.edges.get(layer, ())
            if edge.producer not in part.layers
        }
        # Of what lies evenly on n cores, one has 1/n and gets its share of the other n - 1.
        several = len(self.room.system.cores)
        return sum(self.room.graph.layers[layer].output_bits for layer in made) * (several - 1) / several**2
