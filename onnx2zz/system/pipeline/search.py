"""The best pipeline: several ways to give cores to layers, each at the shortest interval that is found for it."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from onnx2zz.pricing.schedule_kind import ScheduleKind
from onnx2zz.pricing.system_result import StackUse
from onnx2zz.system.best import Best
from onnx2zz.system.candidate import Candidate
from onnx2zz.system.energy import schedule_energy, transfer_energy
from onnx2zz.system.finer_turns import FINER
from onnx2zz.system.improvement import Choice
from onnx2zz.system.least_work import brought_bits, constant_bits, outside_cycles
from onnx2zz.system.mesh_places import nearer
from onnx2zz.system.mesh_traffic import MeshTraffic, flows
from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.assignment import Assigned, Assignment, Way
from onnx2zz.system.pipeline.balance import Balance
from onnx2zz.system.pipeline.batch import batched
from onnx2zz.system.pipeline.levelling import Level, Levelling
from onnx2zz.system.pipeline.own_cores import OwnCores
from onnx2zz.system.pipeline.packed import packed
from onnx2zz.system.pipeline.repeating import core_loads
from onnx2zz.system.pipeline.residency import constants, settle
from onnx2zz.system.pipeline.running import AS_GOOD, LITTLE_ROOM, Pacing, Running
from onnx2zz.system.pipeline.setup import Setup, setup
from onnx2zz.system.pipeline.ways import priced, ways, with_broadcast
from onnx2zz.system.plan import Plan
from onnx2zz.system.schedule import Schedule
from onnx2zz.system.search import Search
from onnx2zz.system.tiling import Tiling, shares
from onnx2zz.zigzag.objective import objective

FINENESS = ((0.22, 4), (0.45, 2), (0.45, 1))
"""How finely layers are cut: the share of a core's memory that a tile may fill, and turns along the rows at least."""
MOST_JOBS = 120_000
"""Tiles and transfers that are given times before no further way is tried."""
MOST_TILES = 10_000
"""Tiles of a frame beyond which a way is not scheduled, if another one has been."""
BATCH, MORE, FEW = 4, 8, 2
"""Frames that are taken together where cores wait for weights that come with every frame, or for each other; more where
that is better than each frame by itself, few where it is not, as where memories have no room for it."""
MOST_BATCHED = 35_000
"""Tiles and transfers of all batches together beyond which no further one is tried."""
MOST_SHARED_OUT = 400
"""Layers x cores up to which weights that are all to stay are also looked for in other ways than packed row by row:
tensors in a few parts each need room that few cores do not have, and every number of cores has splits of its own, all
of whose tiles ask for a price."""
MOVED = 4
"""Ways to give each layer cores of its own whose cores change places, those that keep links least busy."""
FIRST_ROUTES, MOST_ROUTES = 12_000, 50_000
"""Ways of transfers that are looked at for each of these, and for the best of them."""
FOR_WEIGHTS = 0.8
"""The share of a core's memory that weights may take where they are shared out by load alone."""


@dataclass(frozen=True)
class Pipeline:
    """A frame that repeats, and how its layers are shared out. `energy`: pJ of a frame, without what comes before the
    first; `reloaded`: the part of it that weights take which come, of those of a batch its share; `tried`: schedules of
    a frame that were made, `spent`: their jobs."""

    running: Running
    shared_out: Mapping[int, Tiling]
    energy: float
    reloaded: float
    setup: Setup
    chosen: Choice
    tried: int = 0

    @property
    def kind(self) -> ScheduleKind:
        return "pipeline"

    @property
    def stacks(self) -> tuple[StackUse, ...]:
        """None: layers stream into each other tile by tile as it is."""
        return ()

    @property
    def plan(self) -> Plan:
        return self.running.schedule.plan

    @cached_property
    def schedule(self) -> Schedule:
        """One frame, what comes before the first at 0."""
        return self.setup.before(self.running.schedule)

    @property
    def interval(self) -> float:
        return self.running.interval

    def cycles_of(self, frames: int) -> float:
        """From the first transfer of the setup to the last end of so many frames."""
        batches_before, place = divmod(frames - 1, self.running.batch)
        return self.setup.cycles + batches_before * self.running.period + self.running.schedule.frame_ends[place]

    def energy_of(self, frames: int) -> float:
        """pJ of so many frames, setup included; weights come in whole for the frames of the last batch, too, however
        few they are."""
        missing = -frames % self.running.batch
        return self.setup.energy + frames * self.energy + missing * self.reloaded


@dataclass
class PipelineSearch:
    """`layers`: the search of the schedule of one frame, whose best is one of the ways that are tried; `frames`: how
    many come, so that no more are taken together (None: any number); `few`: that only so many of the cores may be given
    layers, those nearest to the port; its schedule is none of the ways then. `all_stay`: no weights may come with a
    frame. `alone`: the schedule of one frame, once it has been looked for; `tried`: schedules of a frame that were
    made, `spent`: their jobs; `looked_at`: the ways of each layer that have their prices."""

    layers: Search
    frames: int | None = None
    few: int | None = None
    all_stay: bool = False
    alone: Best | None = None
    tried: int = 0
    spent: int = 0
    found: list[Pipeline] = field(default_factory=list[Pipeline])
    looked_at: dict[int, dict[Way, None]] = field(default_factory=lambda: defaultdict[int, dict[Way, None]](dict))

    def best(self) -> Pipeline | None:
        """The pipeline with the shortest interval (for other objectives: the best of these, with the interval as its
        time); of those that are as good the one with the least latency; and of those the one with the least energy.
        None where nothing fits."""
        choices = list(_different(self._choices()))
        for done, chosen in enumerate(choices):
            self.layers.watch(done, len(choices), "pipelines")
            if not self.found or self.spent < MOST_JOBS * (LITTLE_ROOM if self.all_stay else 1):
                self._try(chosen)
        self.layers.watch(len(choices), len(choices), "")
        if not self.found:
            return None
        self._level(self._least())
        self._take_together(self._least())
        best = self._nearer(self._least())
        # Only now: the plan is marked in place, and ways that shared it were still compared.
        settle(best.plan, best.running.staying)
        return replace(best, tried=self.tried)

    def _nearer(self, best: Pipeline) -> Pipeline:
        """The same at other places of the mesh, where less moves as far, if that makes nothing worse."""
        if self.layers.system.mesh_width is None or len(self.layers.system.cores) == 1 or not free_of_kind(self.layers):
            return best
        settle(best.plan, best.running.staying)
        at = nearer(MeshTraffic(self.layers.system, flows(best.plan.transfers)))
        self.found = [best]
        moved = {n: replace(one, cores=tuple(at[core] for core in one.cores)) for n, one in best.chosen.items()}
        self._try(moved, best.running.batch)
        # `found` may have let go of the best one, for an interval that is much shorter and a latency that is longer.
        found = [best, *(one for one in self.found if self._is_no_worse(one, best))]
        return min(found, key=lambda one: (one.energy, one.running.latency))

    def _take_together(self, best: Pipeline) -> None:
        """Try several frames together, unless the cores of the best one work all the time as it is."""
        port, alone, left = self.layers.system.network.port, self.alone, MOST_BATCHED
        choices = [best.chosen] if alone is None else [alone.tilings, best.chosen]
        for chosen in _different(iter(choices)):
            plan = self.layers.planned(chosen)
            least = max(core_loads(plan, self.layers.cycles_of(plan)).values())
            for batch in self._batches if port is not None and not self.all_stay else ():
                jobs = batch * (len(plan.tiles) + len(plan.transfers))
                is_next = batch == self._batches[0] or (batch == MORE) == any(
                    one.running.batch > FEW for one in self.found
                )
                if jobs <= left and is_next and self._shortest() > least * AS_GOOD:
                    self._try(chosen, batch)
                    left -= jobs

    @property
    def _batches(self) -> Sequence[int]:
        """Numbers of frames that may be taken together, in the order in which they are tried: none of which half would
        be enough for all frames."""
        return [batch for batch in (BATCH, MORE, FEW) if self.frames is None or batch < 2 * self.frames]

    def _level(self, best: Pipeline) -> None:
        """Try the best one with its layers cut and placed so that no core or link has as much to do."""
        if not free_of_kind(self.layers):
            return
        graph, layers = self.layers.graph, self.layers.graph.layers
        prices = self.layers.prices[self.layers.system.cores[0].id]
        for layer, seen in self.layers.looked_at.items():
            tilings = [one.tiling for one in seen if one.tiling.cores <= len(self._row)]
            self.looked_at[layer].update(dict.fromkeys(priced(layers[layer], tilings, prices)))
        start = {
            layer: (priced(layers[layer], [one.tiling], prices)[0], one.cores) for layer, one in best.chosen.items()
        }
        inputs = {told.placed.id: brought_bits(told, graph) - constant_bits(told) for told in layers}
        ways = [with_broadcast(self.looked_at[told.placed.id], inputs[told.placed.id]) for told in layers]
        levelling = Levelling(self.layers, ways, self._row, not self.all_stay)
        level = levelling.best(start)
        self._try(level.choice)
        beside = self._side_by_side(levelling, level.most)
        if beside is not None and beside.cost * AS_GOOD < level.cost:
            self._try(beside.choice)

    def _side_by_side(self, levelling: Levelling, below: float) -> Level | None:
        """All layers on cores of their own, at places where links carry little; None where that takes too many cores,
        or some core as long as `below` says."""
        of_intervals = OwnCores(self.layers, self._row, self.looked_at).found(below)
        starts = [min(map(levelling.level, of_one), key=_cost) for of_one in of_intervals]
        moved = [levelling.moved(level, FIRST_ROUTES) for level in sorted(starts, key=_cost)[:MOVED]]
        if not moved:
            return None
        best = min(moved, key=_cost)
        return min(best, levelling.moved(best, MOST_ROUTES), key=_cost)

    def _is_no_worse(self, one: Pipeline, other: Pipeline) -> bool:
        soon = one.running.latency <= other.running.latency * AS_GOOD
        return soon and self._value(one) <= self._value(other) and one.energy <= other.energy

    def _least(self) -> Pipeline:
        """The one that is to be taken of those that were found."""
        least = min(map(self._value, self.found))
        # A little slower counts as good, but never slower than frames one after the other, which need no pipeline.
        most = min(least * AS_GOOD, max(least, self._one_by_one()))
        as_good = [one for one in self.found if self._value(one) <= most]
        soonest = min(one.running.latency for one in as_good)
        as_soon = [one for one in as_good if one.running.latency <= soonest * AS_GOOD]
        cheapest = min(one.energy for one in as_soon)
        as_cheap = [one for one in as_soon if one.energy <= cheapest * AS_GOOD]
        return min(as_cheap, key=lambda one: (self._value(one), one.running.latency, one.energy))

    def _one_by_one(self) -> float:
        """What is minimised, of frames that each begin when the one before has ended, layer by layer."""
        alone = self.alone
        return math.inf if alone is None else objective(self.layers.opt).value(alone.energy, alone.latency)

    def _value(self, one: Pipeline) -> float:
        return objective(self.layers.opt).value(one.energy, one.running.interval)

    def _try(self, chosen: Mapping[int, Candidate], batch: int = 1) -> None:
        """Look for the intervals of a choice, or of a batch of frames that it takes together."""
        search = self.layers
        tiles = sum(len(shares(search.graph.layers[layer].placed.layer, one.tiling)) for layer, one in chosen.items())
        if self.found and tiles > MOST_TILES:
            return
        plan = batched(search.planned(chosen), batch) if batch > 1 else search.planned(chosen)
        pacing = Pacing(plan, search.cycles_of(plan), search.system, self.all_stay, batch)
        for running in pacing.found(self._shortest):
            timed = running.schedule
            energy = schedule_energy(timed, search.system, search.prices) / batch
            come = [one.number for one in constants(plan) if one.number not in running.staying]
            reloaded = sum(transfer_energy(timed, search.system, number) for number in come) / batch
            before = setup(plan, running.staying, search.system)
            tilings = {layer: one.tiling for layer, one in chosen.items()}
            self.found.append(Pipeline(running, tilings, energy, reloaded, before, chosen))
        least = min(map(self._value, self.found), default=0.0)
        # Others can no longer win, and hold memory.
        self.found = [one for one in self.found if self._value(one) <= least * AS_GOOD]
        self.tried += len(pacing.spent)
        self.spent += sum(pacing.spent)

    def _shortest(self) -> float:
        if self.layers.opt != "latency":
            return math.inf
        return min((one.running.interval for one in self.found), default=math.inf)

    def fits(self) -> bool:
        """Whether there is a pipeline, whatever its interval."""
        return any(self._runs(chosen) for chosen in _different(self._choices()))

    def _runs(self, chosen: Choice) -> bool:
        # The first interval that is found is enough: shorter ones are looked for on the number of cores that is taken.
        plan = self.layers.planned(chosen)
        pacing = Pacing(plan, self.layers.cycles_of(plan), self.layers.system, self.all_stay)
        return any(True for _ in pacing.found(lambda: math.inf))

    def _choices(self) -> Iterator[Choice]:
        if self.few is None:
            self.alone = self.layers.best()
        if self.alone is not None:
            yield self.alone.tilings
            for number in FINER:
                finer = self.layers.finer(self.alone.tilings, number)
                # A pipeline without the layers whose finer tiles have no price would be another network's.
                if len(finer) == len(self.alone.tilings):
                    yield finer
        if not free_of_kind(self.layers):
            return
        if self.all_stay:
            yield from packed(self.layers, self._row)
            if len(self.layers.graph.layers) * len(self._row) > MOST_SHARED_OUT:
                return
        for room, rows in FINENESS:
            for assigned in self._assigned(room, rows):
                yield {
                    layer: Candidate(way.tiling, cores, way.cycles, 0.0) for layer, (way, cores) in enumerate(assigned)
                }

    @cached_property
    def _row(self) -> list[CoreId]:
        """The cores that may be given layers, neighbours near each other."""
        row = in_a_row(self.layers)
        return row if self.few is None else [c for c in row if c in self.layers.system.nearest(row, self.few)]

    def _assigned(self, room: float, rows: int) -> Sequence[Assigned]:
        system, graph = self.layers.system, self.layers.graph
        capacity = min(core.capacity for core in system.cores)
        prices = self.layers.prices[system.cores[0].id]
        found = ways(graph.layers, len(self._row), capacity * room, rows, prices)
        if found is None:
            return ()
        for told, own in zip(graph.layers, found, strict=True):
            self.looked_at[told.placed.id].update(dict.fromkeys(way for ways in own.values() for way in ways))
        constants = [constant_bits(told) for told in graph.layers]
        port = system.network.port.bandwidth if system.network.port is not None else math.inf
        always = max(outside_cycles(system, graph).values(), default=0.0)
        row = self._row
        of_layers = [list(dict.fromkeys(way for ways in own.values() for way in ways)) for own in found]
        balanced = Balance(of_layers, row, capacity * FOR_WEIGHTS, always, 0.0 if self.all_stay else port).best()
        return balanced, *Assignment(found, row, capacity, constants, always, port, not self.all_stay).best()


def free_of_kind(search: Search) -> bool:
    """Whether any core may be given any layer, and all take as long."""
    return not search.fixed and len(search.system.kinds) == 1


def _cost(level: Level) -> float:
    return level.cost


def _different(choices: Iterator[Choice]) -> Iterator[Choice]:
    known: set[tuple[tuple[Tiling, tuple[CoreId, ...]], ...]] = set()
    for chosen in choices:
        what = tuple((chosen[layer].tiling, chosen[layer].cores) for layer in sorted(chosen))
        if what not in known:
            known.add(what)
            yield chosen


def in_a_row(search: Search) -> list[CoreId]:
    """The cores in an order in which neighbours are near: of a mesh every other row backwards."""
    cores = sorted(search.system.by_id)
    width = search.system.mesh_width
    if width is None:
        return cores
    rows = [cores[start : start + width] for start in range(0, len(cores), width)]
    return [core for number, row in enumerate(rows) for core in (row[::-1] if number % 2 else row)]
