"""Each layer on cores of its own, as many as it takes to keep to an interval.

Where there are many more cores than layers, each may have so many that its parts are short. Loops are cut only in
numbers of parts of which the longest is shorter than with one part less: other numbers take more cores and are no
faster.
"""

import math
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from onnx2zz.system.candidates import ROWS, rounds, unrolled, with_turns
from onnx2zz.system.least_work import brought_bits, constant_bits
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.pipeline.assignment import Way
from onnx2zz.system.pipeline.levelling import Spread
from onnx2zz.system.pipeline.ways import boxes, priced, together
from onnx2zz.system.prices import Prices
from onnx2zz.system.search import Search
from onnx2zz.system.tiling import Pieces, Tiling

Units = Mapping[str, int]
LONGER = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5)
"""Intervals that are looked at, over the shortest that the cores are enough for: fewer parts send less, and nobody
knows yet what the links have to carry."""
ROOM = 0.45
"""The share of a core's memory that a tile may fill."""
MOST_LOOPS = 3
"""Loops of a layer that are cut over cores together."""


@dataclass(frozen=True)
class Cut:
    """A split, and how many cores it takes. `steps` of the array that its longest part has."""

    split: Pieces
    cores: int
    steps: int


def useful_numbers(length: int) -> list[int]:
    """The numbers of parts of a loop of so many steps of which the longest part is shorter than with one part less."""
    return sorted({-(-length // longest) for longest in range(1, length + 1)})


def fewest_cores(told: Told, cores: int, units: Units, along: Container[str] | None = None) -> list[Cut]:
    """The cuts over at most so many cores that have fewer steps than any on fewer cores, those on few cores first.
    `units`: what the array unrolls loops over; `along`: the loops that may be cut, if not all of the output's."""
    layer = told.placed.layer
    may = [loop for loop in layer.sizes if loop in layer.output.loops and loop != layer.recurrent]
    # Rows first, whose parts then change slowest: cores that read the same rows are neighbours.
    loops = [one for one in (*ROWS, *(one for one in may if one not in ROWS)) if one in may]
    length = {loop: -(-size // units.get(loop, 1)) for loop, size in layer.loops}
    cuts = _cuts([loop for loop in loops if along is None or loop in along], length, cores)
    found: list[Cut] = []
    for cut in sorted(cuts, key=lambda cut: (cut.cores, cut.steps, len(cut.split))):
        if not found or cut.steps < found[-1].steps:
            found.append(cut)
    return found


def _cuts(loops: Sequence[str], length: Mapping[str, int], cores: int, most: int = MOST_LOOPS) -> Iterator[Cut]:
    if not loops:
        yield Cut((), 1, math.prod(length.values()))
        return
    loop, rest = loops[0], loops[1:]
    for number in useful_numbers(length[loop]):
        if number > cores or (number > 1 and not most):
            break
        for cut in _cuts(rest, {**length, loop: -(-length[loop] // number)}, cores // number, most - (number > 1)):
            yield Cut(((loop, number), *cut.split) if number > 1 else cut.split, number * cut.cores, cut.steps)


def cuts_by_interval(cuts: Sequence[Sequence[Cut]], per_step: Sequence[float], cores: int) -> dict[float, list[Cut]]:
    """By interval a cut of each layer that keeps to it, on so many cores together: from the shortest one on that has
    such cuts. `per_step`: cycles of a step of each layer. Empty where no interval has any."""

    def kept_to(interval: float) -> list[Cut] | None:
        found = [
            next((cut for cut in own if cut.steps * cycles <= interval), None)
            for own, cycles in zip(cuts, per_step, strict=True)
        ]
        all_found = [cut for cut in found if cut is not None]
        enough = len(all_found) == len(cuts) and sum(cut.cores for cut in all_found) <= cores
        return all_found if enough else None

    ends = sorted({cut.steps * cycles for own, cycles in zip(cuts, per_step, strict=True) for cut in own})
    shortest = bisect_left(ends, True, key=lambda interval: kept_to(interval) is not None)
    intervals = [ends[shortest] * longer for longer in LONGER] if shortest < len(ends) else []
    made = {interval: kept_to(interval) for interval in intervals}
    return {interval: found for interval, found in made.items() if found is not None}


@dataclass(frozen=True)
class OwnCores:
    """`row`: the cores, neighbours near each other; `known`: ways of each layer that have their prices, by which is
    judged how long others take."""

    search: Search
    row: Sequence[CoreId]
    known: Mapping[int, Iterable[Way]]

    def found(self, below: float) -> list[tuple[dict[int, Spread], ...]]:
        """A way of each layer and its cores, one layer beside the other along the row, for some intervals shorter than
        `below`: the network's inputs as each core reads them, and all of them sent to all cores that read any."""
        if len(self._layers) > len(self.row):
            return []
        cuts = [fewest_cores(told, len(self.row), self._units[told.placed.id]) for told in self._layers]
        intervals = cuts_by_interval(cuts, self._per_step, len(self.row))
        tried = dict.fromkeys(self._relieved(one, interval) for interval, one in intervals.items() if interval < below)
        enough = (chosen for chosen in tried if sum(cut.cores for cut in chosen) <= len(self.row))
        with_prices = (ways for chosen in enough if (ways := self._ways(chosen)) is not None)
        return [(self._placed(ways), self._placed(map(together, ways, self._inputs))) for ways in with_prices]

    def _relieved(self, chosen: Sequence[Cut], interval: float) -> tuple[Cut, ...]:
        """The cuts, finer in rows where a core would get more packets in an interval than its links bring."""
        found: list[Cut] = []
        for told, cut in zip(self._layers, chosen, strict=True):
            if self._arriving(told, cut, found) > interval:
                finer = fewest_cores(told, len(self.row), self._units[told.placed.id], ROWS)
                as_fast = (one for one in finer if one.steps <= cut.steps)
                cut = next((one for one in as_fast if self._arriving(told, one, found) <= interval), cut)
            found.append(cut)
        return tuple(found)

    def _arriving(self, told: Told, cut: Cut, before: Sequence[Cut]) -> float:
        """About how many cycles it takes until a core has got all that it reads of the layers before."""
        # Parts of channels read the same rows: only rows tell readers apart. A quarter of the longest way stands for
        # any way.
        network = self.search.system.network
        rows = math.prod(number for loop, number in cut.split if loop in ROWS)
        far = max(network.hops(self.row[0], core) for core in self.row) / 4
        bandwidth = min((link.bandwidth for link in network.links), default=math.inf)
        hops = far * max((link.hop_cycles for link in network.links), default=0.0)
        makers = {edge.producer for edge in self.search.graph.edges.get(told.placed.id, ())}
        return sum(
            max(1.0, before[one].cores / rows) * (hops + network.wire_bits(0) / bandwidth)
            + self._layers[one].output_bits / rows / bandwidth
            for one in makers
        )

    def _ways(self, chosen: Sequence[Cut]) -> list[Way] | None:
        """The ways with their prices; None where a layer has none."""
        room = min(core.capacity for core in self.search.system.cores) * ROOM
        asked: list[tuple[Told, Tiling]] = []
        for told, cut in zip(self._layers, chosen, strict=True):
            tiling = with_turns(told, cut.split, room, self._units[told.placed.id])
            if tiling is None:
                return None
            asked.append((told, tiling))
        self._prices.find([wanted for told, tiling in asked for _, wanted in boxes(told, tiling)])
        ways = [way for told, tiling in asked for way in priced(told, [tiling], self._prices)]
        return ways if len(ways) == len(self._layers) else None

    def _placed(self, ways: Iterable[Way]) -> dict[int, Spread]:
        found: dict[int, Spread] = {}
        first = 0
        for layer, way in enumerate(ways):
            found[layer] = way, tuple(self.row[first : first + way.cores])
            first += way.cores
        return found

    @property
    def _layers(self) -> Sequence[Told]:
        return self.search.graph.layers

    @property
    def _prices(self) -> Prices:
        return self.search.prices[self.row[0]]

    @cached_property
    def _inputs(self) -> Sequence[int]:
        """By layer the bits that it reads of the network's inputs."""
        return [brought_bits(told, self.search.graph) - constant_bits(told) for told in self._layers]

    @cached_property
    def _units(self) -> Sequence[Units]:
        """By layer what the array unrolls loops over."""
        array = dict(self._prices.inputs.hardware.array)
        return [
            {} if self._prices.chooses else unrolled(self._prices.mapping_of(one.placed.id), one.sizes, array)
            for one in self._layers
        ]

    @cached_property
    def _per_step(self) -> Sequence[float]:
        """By layer the fewest cycles for a step of the array."""
        return [
            min(
                way.cycles / rounds(told, way.tiling, self._units[told.placed.id]) for way in self.known[told.placed.id]
            )
            for told in self._layers
        ]
