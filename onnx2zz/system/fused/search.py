"""The best schedule of stacks: where to cut, how high tiles are, and whether halos are kept or computed again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, pairwise, product

from onnx2zz.pricing.schedule_kind import ScheduleKind
from onnx2zz.pricing.system_result import StackUse
from onnx2zz.system.energy import schedule_energy
from onnx2zz.system.fused.cut_points import CutPoints
from onnx2zz.system.fused.order import depth_first
from onnx2zz.system.fused.part import Alone, Part, Parts, Shares, shares_of, tilings_of
from onnx2zz.system.fused.room import Room
from onnx2zz.system.fused.sizes import from_large_to_small, of_every_height
from onnx2zz.system.fused.stack import Stack, bands_along
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.movement import per_bit
from onnx2zz.system.network import CoreId
from onnx2zz.system.order import Overfull
from onnx2zz.system.plan import Plan
from onnx2zz.system.planning import plan
from onnx2zz.system.schedule import Schedule, schedule
from onnx2zz.system.search import Search
from onnx2zz.system.tiling import Tiling
from onnx2zz.zigzag.objective import objective

SHARES = (1.0, 0.9, 0.75, 0.6, 0.45)
"""The share of each core's memory that parts are guessed to fit, the largest first: what a guess leaves out may be in
the way."""
FEW_LAYERS, FEW_WAYS = 6, 600
"""Networks of so few layers are looked at in all ways to cut them in stacks and stacks in tiles, up to so many."""
MOST_JOBS = 15_000
"""Tiles and transfers that are given times, all tries together; one schedule that fits is, in any case."""


@dataclass(frozen=True)
class Fused:
    """The best schedule, with the parts that it came from and how many were tried."""

    schedule: Schedule
    parts: Parts
    shared_out: Mapping[int, Tiling]
    latency: float
    energy: float
    tried: int

    @property
    def kind(self) -> ScheduleKind:
        return "fused"

    @property
    def stacks(self) -> tuple[StackUse, ...]:
        """The parts that are stacks of several layers."""
        several = [part for part in self.parts if isinstance(part, Stack) and len(part.layers) > 1]
        return tuple(StackUse(one.layers, one.cores, one.rows, one.columns, one.recomputes) for one in several)


@dataclass
class FusedSearch:
    """`layers`: the search of the schedule layer by layer, whose prices, system and objective it is. `unplaced`: why
    what was tried does not fit."""

    layers: Search
    unplaced: list[str] = field(default_factory=list[str])
    known: set[Parts] = field(default_factory=set[Parts])
    tried: int = 0
    spent: int = 0

    def best(self) -> Fused | None:
        """The best schedule; None where nothing fits."""
        few = list(islice(self._every_way(), FEW_WAYS + 1)) if len(self._graph.layers) <= FEW_LAYERS else []
        # Guesses are for networks that are too large to look at in full; where all ways can be tried, none is needed.
        if few and len(few) <= FEW_WAYS:
            found = self._best_of(few, all_of_them=True)
        else:
            found = self._found_likely()
            found = None if found is None else self._improved(found)
        if found is None:
            self.layers.unplaced += self.unplaced
        return None if found is None else replace(self._refined(found), tried=self.tried)

    def _merit(self, one: Fused) -> tuple[float, ...]:
        return objective(self.layers.opt).value(one.energy, one.latency), one.latency, one.energy

    def _best_of(self, ways: Iterable[Parts], all_of_them: bool = False) -> Fused | None:
        best: Fused | None = None
        for parts in ways:
            if best is not None and self.spent > MOST_JOBS and not all_of_them:
                break
            one = self.scheduled(parts)
            if one is not None and (best is None or self._merit(one) < self._merit(best)):
                best = one
        return best

    def scheduled(self, parts: Parts) -> Fused | None:
        """The schedule of some parts; None if it does not fit, or was looked at before."""
        if parts in self.known:
            return None
        # Kept, too, where it does not fit: several guesses lead to the same parts.
        self.known.add(parts)
        self.tried += 1
        shares: Shares = {}
        for part in parts:
            shares |= shares_of(self._graph, part)
        made = self._planned(shares)
        stack_of = {layer: number for number, part in enumerate(parts) for layer in part.layers}
        capacity = {core.id: float(core.capacity) for core in self.layers.system.cores}
        order = depth_first(made, capacity, stack_of)
        if isinstance(order, Overfull):
            name = self._graph.layers[order.layer].placed.name
            self.unplaced.append(
                f"{name}: core {order.core} would hold {order.held:,.0f} bit, it has {order.capacity:,.0f}"
            )
            return None
        # After the order, which is cheap: tiles of what does not fit need no price.
        if (unpriced := self._price(made)) is not None:
            self.unplaced.append(unpriced)
            return None
        self.spent += len(made.tiles) + len(made.transfers)
        timed = schedule(made, order, self.layers.cycles_of(made), self.layers.system)
        energy = schedule_energy(timed, self.layers.system, self.layers.prices)
        tilings: dict[int, Tiling] = {}
        for part in parts:
            tilings |= tilings_of(self._graph, part, shares)
        return Fused(timed, parts, tilings, timed.latency, energy, self.tried)

    def _planned(self, shares: Shares) -> Plan:
        system = self.layers.system
        offchip = system.offchip.id if system.offchip else None
        graph = self._graph
        return plan(graph.layers, graph.edges, graph.results, shares, offchip, system.network.multicast)

    def _price(self, made: Plan) -> str | None:
        """Price all tiles; why one has no price."""
        for prices, wanted in self.layers.by_price(made.tiles):
            prices.find(wanted)
            for one in wanted:
                for outcome in (prices.outcome(one), prices.addition(one)):
                    if isinstance(outcome, str):
                        return f"{self._graph.layers[one[0]].placed.name}: {outcome}"
        return None

    def _refined(self, best: Fused) -> Fused:
        """The best with the mappings of its tiles chosen with the whole budget."""
        if not self.layers.refine(best.schedule.plan.tiles):
            return best
        # Else it would pass for one that has been looked at; its prices are new.
        self.known.discard(best.parts)
        again = self.scheduled(best.parts)
        return best if again is None else again

    @cached_property
    def _graph(self) -> LayerGraph:
        return self.layers.graph

    @cached_property
    def _room(self) -> Room:
        return Room(self.layers.system, self._graph, self.layers.offers)

    # what is tried

    def _found_likely(self) -> Fused | None:
        """The best of cuts that are likely to fit, on fewer cores where none does: halos that are sent lie there for
        long, and what fewer cores share out has fewer of them."""
        number = len(self.layers.system.cores)
        while number:
            found = self._best_of(self._likely(number))
            if found is not None:
                return found
            number //= 2
        return None

    def _likely(self, cores: int) -> Iterator[Parts]:
        """The cuts that are guessed to be cheapest with stacks on so many cores, with movement between parts counted
        and not, halos sent and computed by both."""
        system = self.layers.system
        moving = {0.0: None, per_bit(system.network, "latency") if len(system.cores) > 1 else 0.0: None}
        alone: dict[int, list[Alone]] = {}
        for share in SHARES:
            points = CutPoints(self._room, self.layers.prices, share, cores, alone)
            for each in moving:
                parts = points.cheapest(each)
                if parts is None:
                    self.unplaced += [] if self.unplaced else [points.why_not()]
                    return  # nor is there one that takes less
                yield parts
                # Computing halos twice costs work and saves sending and waiting: no guess knows which is more.
                yield tuple(_recomputing(part) for part in parts)

    def _every_way(self) -> Iterator[Parts]:
        layers = [told.placed.id for told in self._graph.layers]
        for cut in _partitions(layers):
            yield from product(*(self._every_part(run) for run in cut))

    def _every_part(self, run: tuple[int, ...]) -> list[Part]:
        """A stack of these layers in every height, and on fewer and fewer cores; one layer as it may be alone."""
        found: list[Part] = []
        if len(run) == 1:
            told = self._graph.layers[run[0]]
            found += [Alone(run[0], one) for one in self.layers.offers.tilings(told, 0)]
        if not any(layer in self.layers.fixed for layer in run):
            for cores in self._numbers_of_cores(run):
                found += of_every_height(self._graph, run, cores)
        return found

    def _numbers_of_cores(self, run: Sequence[int]) -> Iterator[tuple[CoreId, ...]]:
        """All cores of each kind that may run some layers, half of them, and so on."""
        for cores in self.layers.system.kinds.values():
            may = [c.id for c in cores if all(c.runs(self._graph.operators[layer]) for layer in run)]
            number = len(may)
            while number:
                yield self.layers.system.nearest(may, number)
                number //= 2

    # what is made better

    def _improved(self, best: Fused) -> Fused:
        """The best after changes of single parts, until none is better or enough has been tried."""
        while self.spent < MOST_JOBS:
            better = self._best_of(self._changed(best.parts))
            if better is None or self._merit(better) >= self._merit(best):
                return best
            best = better
        return best

    def _changed(self, parts: Parts) -> Iterator[Parts]:
        """Each part in other tiles or on fewer cores; two parts that follow each other as one stack."""
        for at, part in enumerate(parts):
            for other in self._others(part):
                yield (*parts[:at], other, *parts[at + 1 :])
        for at, (first, second) in enumerate(pairwise(parts)):
            for stack in self._joined(first, second):
                yield (*parts[:at], stack, *parts[at + 2 :])

    def _others(self, part: Part) -> Iterator[Part]:
        if isinstance(part, Alone):
            return
        sizes = self._sizes(part.layers, part.cores)
        plain = replace(part, recomputes=False)
        # Neighbours in size are found in the list of sizes, which knows nothing of halos.
        at = sizes.index(plain) if plain in sizes else len(sizes)
        for near in (at - 1, at + 1, at - 2, at + 2):
            if 0 <= near < len(sizes):
                yield replace(sizes[near], recomputes=part.recomputes)
        if len(part.cores) > 1:
            yield replace(part, recomputes=not part.recomputes)
            yield replace(part, cores=self.layers.system.nearest(part.cores, len(part.cores) // 2))

    def _joined(self, first: Part, second: Part) -> Iterator[Stack]:
        layers = (*first.layers, *second.layers)
        if not bands_along(self._graph, layers) or any(layer in self.layers.fixed for layer in layers):
            return
        # On as many cores as may be: fewer are among the changes of the joined stack.
        for cores in islice(self._numbers_of_cores(layers), 1):
            part = CutPoints(self._room, self.layers.prices, 1.0, len(cores)).stack(layers, cores)
            if part is not None:
                yield part

    def _sizes(self, layers: tuple[int, ...], cores: tuple[CoreId, ...]) -> list[Stack]:
        capacity = min(self.layers.system.by_id[core].capacity for core in cores)
        return from_large_to_small(self._graph, layers, cores, capacity)


def _recomputing(part: Part) -> Part:
    """A stack of several layers on several cores with its halos computed by both."""
    several = isinstance(part, Stack) and len(part.cores) > 1 and len(part.layers) > 1
    return replace(part, recomputes=True) if several else part


def _partitions(layers: Sequence[int]) -> Iterator[list[tuple[int, ...]]]:
    """All ways to cut a row in runs, long runs first."""
    if not layers:
        yield []
    for length in range(len(layers), 0, -1):
        for rest in _partitions(layers[length:]):
            yield [tuple(layers[:length]), *rest]
