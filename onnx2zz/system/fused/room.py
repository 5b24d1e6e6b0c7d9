"""Whether a part of a network has room on its cores, before all of it is planned."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from onnx2zz.system.description import System
from onnx2zz.system.fused.bands import shared_out, stripes
from onnx2zz.system.fused.order import depth_first
from onnx2zz.system.fused.part import Alone, Part, Shares
from onnx2zz.system.fused.stack import Stack, bands_along
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.least_work import constant_bits
from onnx2zz.system.network import CoreId
from onnx2zz.system.offers import Offers
from onnx2zz.system.order import Overfull, most_held
from onnx2zz.system.planning import plan

FIRST_TURNS = 3
"""Bands of a stack after which it holds as much as it ever does, but for what is kept for later stacks."""
FIRST_STRIPES, LAST_STRIPES = 3, 4
"""Stripes of a stack that are planned: the first bands at the top are higher than others, the stripe at the bottom
computes what no reader needs, and those between hold as much as the inner ones of these, but for a few where a stripe
is lower than halos are. What does not fit after all is told when the whole is planned."""
MOST_TILES = 60_000
"""Tiles of all stacks that are looked at: beyond them a stack is taken not to fit."""


@dataclass
class Room:
    """What parts hold on the core that holds most; what lies between parts is taken to be shared out evenly. `spent`:
    tiles of the stacks that were looked at."""

    system: System
    graph: LayerGraph
    offers: Offers
    known: dict[Stack, float] = field(default_factory=dict[Stack, float])
    at_least: dict[Stack, float] = field(default_factory=dict[Stack, float])
    spent: int = 0

    def has(self, part: Part, share: float) -> bool:
        """Whether a part is likely to fit a share of the memories."""
        capacity = share * self._capacity
        if isinstance(part, Alone):
            return self._of_one(part) + self._passing(part.layers) / len(self.system.cores) <= capacity
        # What lies beside it is known at once, what it holds at least soon: bands are planned only where that leaves
        # any room.
        beside = self.beside(part)
        if beside > capacity or beside + self.least(part) > capacity:
            return False
        return beside + self.inside(part) <= capacity

    def weights_fit(self, layers: tuple[int, ...]) -> bool:
        """Whether all weights of a stack can be on a core together."""
        return sum(constant_bits(self.graph.layers[layer]) for layer in layers) <= self._capacity

    @cached_property
    def _capacity(self) -> float:
        return min(core.capacity for core in self.system.cores)

    def _of_one(self, part: Alone) -> float:
        tiling, cores = part.on_cores
        fill = self.offers.fill(part.layer, tiling, cores, weights=True)
        return fill * min(self.system.by_id[core].capacity for core in cores)

    def inside(self, stack: Stack) -> float:
        """Bits that a stack holds while it runs, without what lies before and behind it."""
        if stack not in self.known:
            self.known[stack] = self._held(stack) if self.spent < MOST_TILES else math.inf
        return self.known[stack]

    def least(self, stack: Stack) -> float:
        """The same at least, which takes no plan: weights of layers that have several bands stay until the last one."""
        if stack not in self.at_least:
            self.at_least[stack] = self._weights(stack)
        return self.at_least[stack]

    def _weights(self, stack: Stack) -> float:
        loop = bands_along(self.graph, stack.layers)[0]
        given = (stack.layers, loop, len(stack.cores), stack.rows, stack.recomputes, FIRST_TURNS)
        # When the first band of the last layer begins on the first core, each layer has begun there, and those that
        # have another band have not ended.
        stays = [
            layer for layer, own in stripes(self.graph, *given).items() if any(band.computed[1] for band in own[0][1:])
        ]
        return sum(constant_bits(self.graph.layers[layer]) for layer in stays)

    def _held(self, stack: Stack) -> float:
        graph, system = self.graph, self.system
        # All turns after the first few hold alike: planning a whole stack for each size that is thought of would take
        # longer than the schedule.
        shares = shared_out(graph, stack, FIRST_TURNS)
        self.spent += sum(map(len, shares.values()))
        shares = _of_cores(shares, _at_the_ends(stack))
        offchip = system.offchip.id if system.offchip else None
        made = plan(graph.layers, graph.edges, graph.results, shares, offchip, system.network.multicast)
        # With memories without end, since what it would hold is the question.
        order = depth_first(made, dict.fromkeys(stack.cores, math.inf), dict.fromkeys(stack.layers, 0))
        assert not isinstance(order, Overfull)
        return max(most_held(made, order).values())

    def beside(self, stack: Stack) -> float:
        """Bits on a core that lie before, behind and beside a stack."""
        # What the stack reads goes as what it makes comes: both are there in part only, so that the larger counts.
        between = max(self._read(stack.layers), self._left(stack.layers)) / len(stack.cores)
        return between + self._passing(stack.layers) / len(self.system.cores)

    def _passing(self, layers: tuple[int, ...]) -> float:
        """Bits that lie on the chip meanwhile, made before and read after."""
        return sum(
            self.graph.layers[layer].output_bits
            for layer in range(layers[0])
            if any(reader > layers[-1] for reader in self._readers[layer])
        )

    def _read(self, layers: tuple[int, ...]) -> float:
        """Bits made before that these layers read last."""
        return sum(
            self.graph.layers[layer].output_bits
            for layer in range(layers[0])
            if self._readers[layer] and layers[0] <= max(self._readers[layer]) <= layers[-1]
        )

    def _left(self, layers: tuple[int, ...]) -> float:
        """Bits that these layers make and later ones read."""
        return sum(
            self.graph.layers[layer].output_bits
            for layer in layers
            if any(reader > layers[-1] for reader in self._readers[layer])
        )

    @cached_property
    def _readers(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {told.placed.id: [] for told in self.graph.layers}
        for edges in self.graph.edges.values():
            for edge in edges:
                found[edge.producer].append(edge.reader)
        return found


def _at_the_ends(stack: Stack) -> set[CoreId]:
    """The cores of the stripes that hold most."""
    return {*stack.cores[:FIRST_STRIPES], *stack.cores[-LAST_STRIPES:]}


def _of_cores(shares: Shares, cores: set[CoreId]) -> Shares:
    return {layer: [one for one in own if one[0] in cores] for layer, own in shares.items()}
