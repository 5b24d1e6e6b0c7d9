"""Layers of a pipeline cut and placed anew, one after the other, as long as the busiest core or link gets less to do.

What shares out layers by their work and weights knows nothing of what they send each other. Here that is counted in
full: of the layer that changes, of those that it reads and of all that read them or it. (Resource levelling, with the
interval of the pipeline as the level.)
"""

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onnx2zz.system.candidate import Candidate
from onnx2zz.system.improvement import Choice
from onnx2zz.system.least_work import constant_bits
from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.assignment import TWICE, Way
from onnx2zz.system.pipeline.changed_places import POWER, ChangedPlaces
from onnx2zz.system.pipeline.circle import whole
from onnx2zz.system.plan import Plan, Transfer
from onnx2zz.system.search import Search
from onnx2zz.system.tile import Box
from onnx2zz.system.transfer_ways import TransferWays

MOST_JOBS = 150_000
"""Tiles and transfers that are planned before no further change is tried."""
ENOUGH = 0.98
"""A change that makes what is busiest so much less busy is taken before others are looked at."""
Spread = tuple[Way, tuple[CoreId, ...]]
"""How a layer is cut, and the cores of its parts."""


@dataclass(frozen=True)
class Level:
    """A choice by layer, and for how long a frame keeps each core and link busy. `port`: that
    of the off-chip port with weights that come with every frame, if there are such."""

    chosen: Mapping[int, Spread]
    busy: np.ndarray
    port: float

    @property
    def choice(self) -> Choice:
        return {layer: Candidate(way.tiling, cores, way.cycles, 0.0) for layer, (way, cores) in self.chosen.items()}

    @cached_property
    def most(self) -> float:
        """Cycles of what is busiest."""
        return max(float(self.busy.max()), self.port)

    @cached_property
    def cost(self) -> float:
        """What is made less, a mean of all cycles that is near the most."""
        if self.most in (0.0, math.inf):
            return self.most
        return self.most * float(((self.busy / self.most) ** POWER).sum() + (self.port / self.most) ** POWER) ** (
            1 / POWER
        )


@dataclass
class Levelling:
    """`ways` of each layer that have their prices; `cores`: those that may be given layers, neighbours near each
    other; `streams`: weights may come with every frame. `spent`: tiles and transfers that have been planned."""

    search: Search
    ways: Sequence[Sequence[Way]]
    cores: Sequence[CoreId]
    streams: bool = True
    most: int = MOST_JOBS
    spent: int = 0

    def best(self, start: Mapping[int, Spread]) -> Level:
        """What changes of single layers lead to; `start` itself where none is better."""
        best = self.level(start)
        level: Level | None = best
        while level is not None:
            best, level = level, self._better(level)
        return best

    def level(self, chosen: Mapping[int, Spread]) -> Level:
        """What a choice keeps busy."""
        return self._level(chosen, self._busy(self._planned(chosen, chosen), chosen, chosen))

    def moved(self, level: Level, most: int) -> Level:
        """The same with cores that change places, where that leaves links less to carry; `most` ways of transfers are
        looked at."""
        transfers = self._planned(level.chosen, level.chosen).transfers
        places = ChangedPlaces(self._ways, transfers, self._number, self._beside, level.busy)
        places.improve(most)
        at = places.at
        return self.level({n: (way, tuple(at[core] for core in cores)) for n, (way, cores) in level.chosen.items()})

    def _better(self, level: Level) -> Level | None:
        """The best change of the first layer that has any that is better."""
        for layer in self._suspects(level):
            found = level
            for changed in self._changed(level, layer):
                found = min(found, changed, key=lambda one: one.cost)
                if found.cost < level.cost * ENOUGH:
                    return found
            if found is not level:
                return found
        return None

    def _changed(self, level: Level, layer: int) -> Iterator[Level]:
        """The changes of a layer at which no core has as much to do as what is busiest now."""
        others = level.busy - self._around(layer, level.chosen)
        # On few cores first: what is cut in fewer parts takes less to plan, and what is enough ends the search.
        for way in sorted(self.ways[layer], key=lambda way: way.cores):
            for cores in self._places(layer, way, level.chosen, others):
                at = [self._number[core] for core in cores]
                if self.spent < self.most and float((others[at] + way.loads).max()) < level.most:
                    chosen = {**level.chosen, layer: (way, cores)}
                    yield self._level(chosen, others + self._around(layer, chosen))

    def _places(
        self, layer: int, way: Way, chosen: Mapping[int, Spread], others: np.ndarray
    ) -> Iterable[tuple[CoreId, ...]]:
        """Where the parts of a layer may lie: where least is done, near the port, where layers around it do."""
        idlest = sorted(self.cores, key=lambda core: others[self._number[core]])[: way.cores]
        longest_first = sorted(range(way.cores), key=lambda part: -way.loads[part])
        of_part = dict(zip(longest_first, idlest, strict=True))
        around = (chosen[one][1] for one in self._joined[layer])
        found = [
            tuple(of_part[part] for part in range(way.cores)),
            tuple(core for core in self.cores if core in idlest),
            self.search.system.nearest(self.cores, way.cores),
            *(cores[: way.cores] for cores in around if len(cores) >= way.cores),
        ]
        return dict.fromkeys(found)

    def _suspects(self, level: Level) -> list[int]:
        """The layers that keep the busiest core or link busy, those first that do most; where weights that come with
        every frame keep the port so, the layers that have weights, those first that hold most."""
        share: dict[int, float] = {}
        if level.port == level.most:
            share = {layer: float(way.weights * way.cores) for layer, (way, _) in level.chosen.items() if way.weights}
        else:
            share = self._share(self._planned(level.chosen, level.chosen), int(level.busy.argmax()))
        return sorted(share, key=lambda layer: (-share[layer], layer))

    def _share(self, made: Plan, busiest: int) -> dict[int, float]:
        """By layer the cycles of one core, or of the transfers of one link that it sends or gets."""
        found: dict[int, float] = {}
        for tile in made.tiles:
            if self._number[tile.core] == busiest:
                found[tile.layer] = found.get(tile.layer, 0.0) + self._cycles(tile.core, tile.layer, tile.box)
        for transfer in made.transfers:
            numbers, cycles = self._taken(transfer)
            if busiest in numbers:
                for layer in {transfer.layer, *(tile.layer for tile in transfer.readers)}:
                    found[layer] = found.get(layer, 0.0) + cycles
        return found

    def _level(self, chosen: Mapping[int, Spread], busy: np.ndarray) -> Level:
        port, streamed = self.search.system.network.port, self._streamed(chosen)
        if not streamed:
            return Level(chosen, busy, 0.0)
        return Level(chosen, busy, float(busy[self._number[port.id]]) + streamed / port.bandwidth if port else math.inf)

    def _streamed(self, chosen: Mapping[int, Spread]) -> float:
        """Bits of weights for which the cores have no room beside what they read and make, whole layers together:
        those stay first that lie on few cores, as in `residency.staying`. Infinite where all are to stay."""
        left = {core: float(self.search.system.by_id[core].capacity) for core in self.cores}
        most = dict.fromkeys(left, 0)
        for way, cores in chosen.values():
            for core in cores:
                most[core] = max(most[core], way.activations)
        left = {core: room - TWICE * most[core] for core, room in left.items()}
        streamed = 0.0
        for layer in sorted(chosen, key=lambda layer: (chosen[layer][0].cores, -chosen[layer][0].weights, layer)):
            way, cores = chosen[layer]
            if not way.weights:
                continue
            # Weights come in many parts, of which some may stay.
            stays = max(0.0, min(1.0, min(left[core] for core in cores) / way.weights))
            for core in cores:
                left[core] -= stays * way.weights
            if stays < 1:
                streamed += (1 - stays) * constant_bits(self.search.graph.layers[layer]) if self.streams else math.inf
        return streamed

    def _around(self, layer: int, chosen: Mapping[int, Spread]) -> np.ndarray:
        """Cycles of each core and link that hang on how a layer is cut and where it lies."""
        made = self._planned({one: chosen[one] for one in self._near[layer]}, {layer})
        return self._busy(made, {layer}, {layer, *self._read_by(layer)})

    def _planned(self, chosen: Mapping[int, Spread], reading: Container[int]) -> Plan:
        """The plan of some layers, with the network's inputs for those that are `reading`."""
        candidates = {n: Candidate(way.tiling, cores, way.cycles, 0.0) for n, (way, cores) in chosen.items()}
        made = self.search.planned(
            candidates, lambda told, name: told.placed.id in reading and not told.is_constant(name)
        )
        self.spent += len(made.tiles) + len(made.transfers)
        return made

    def _busy(self, made: Plan, layers: Container[int], senders: Container[int]) -> np.ndarray:
        """Cycles of each core and link: the tiles of some layers with what comes for them from off the chip, and what
        other layers, the senders, send."""
        busy = np.zeros(len(self._number))
        for tile in made.tiles:
            if tile.layer in layers:
                busy[self._number[tile.core]] += self._cycles(tile.core, tile.layer, tile.box)
        for transfer in made.transfers:
            if transfer.layer in (layers if transfer.of is None else senders):
                numbers, cycles = self._taken(transfer)
                busy[numbers] += cycles
        return busy

    def _taken(self, transfer: Transfer) -> tuple[list[int], float]:
        """The links that a transfer takes, and for how long."""
        route, cycles = self._ways.of(transfer)
        return [self._number[link.id] for link in route.links], whole(cycles)

    def _cycles(self, core: CoreId, layer: int, box: Box) -> float:
        return whole(self.search.prices[core].cycles((layer, box)) or 0.0)

    @cached_property
    def _ways(self) -> TransferWays:
        return TransferWays(self.search.system)

    @cached_property
    def _number(self) -> Mapping[CoreId | str, int]:
        system = self.search.system
        return {one: number for number, one in enumerate((*system.by_id, *system.network.by_id))}

    @cached_property
    def _beside(self) -> Mapping[CoreId, Sequence[CoreId]]:
        """The cores that are one link from each, of those that may be given layers."""
        network = self.search.system.network
        near = [(end, node) for link in network.links for node in link.nodes for end in link.nodes if end != node]
        return {core: sorted({end for end, node in near if node == core} & {*self.cores}) for core in self.cores}

    @cached_property
    def _joined(self) -> Mapping[int, set[int]]:
        """The layers that each reads and is read by."""
        found: dict[int, set[int]] = {told.placed.id: set() for told in self.search.graph.layers}
        for layer in list(found):
            for maker in self._read_by(layer):
                found[layer].add(maker)
                found[maker].add(layer)
        return found

    @cached_property
    def _near(self) -> Mapping[int, list[int]]:
        """Each layer, those that it reads, and all that read them or it: what a layer gets may come to others, too."""
        found: dict[int, list[int]] = {}
        for layer, joined in self._joined.items():
            beside = (one for maker in self._read_by(layer) for one in self._joined[maker])
            found[layer] = sorted({layer, *joined, *beside})
        return found

    def _read_by(self, layer: int) -> set[int]:
        """The layers that it reads."""
        return {edge.producer for edge in self.search.graph.edges.get(layer, ())}
