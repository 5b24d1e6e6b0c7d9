"""The shortest schedule that there is, for systems small enough to try everything.

For every split and every placement the plan's tiles and transfers are put in every order, each as early as that order
lets it: among these schedules is a best one. What cannot beat the best found so far, by the load of a resource or by
what must follow one after the other, is not tried further; nor is what another order has reached no later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from math import prod

from onnx2zz.system.candidates import splits
from onnx2zz.system.description import System
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, plan
from onnx2zz.system.prices import Prices
from onnx2zz.system.tiling import Tiling, placed
from tests.system.drawn_tiles import Placed

MOST_TILES = 8
MOST_STATES = 15_000
MOST_SHARINGS = 1_000


class TooManyError(Exception):
    """More orders than these tests have time for."""


@dataclass(frozen=True)
class Work:
    """Tiles and transfers as jobs: how long each takes, on which resources, after which others."""

    lengths: tuple[float, ...]
    resources: tuple[frozenset[str], ...]
    before: tuple[frozenset[int], ...]


def work_of(made: Plan, cycles: Mapping[int, float], system: System) -> Work:
    tiles = {tile.number: n for n, tile in enumerate(made.tiles)}
    moves = {one.number: len(tiles) + n for n, one in enumerate(made.transfers)}
    lengths = [cycles[tile.number] for tile in made.tiles]
    resources = [frozenset([f"core {tile.core}"]) for tile in made.tiles]
    before = [frozenset([*(moves[n] for n in tile.needs), *(tiles[n] for n in tile.follows)]) for tile in made.tiles]
    for one in made.transfers:
        route = system.network.route(one.source, one.to)
        assert route is not None
        ends = [system.by_id[core].port_bits for core in (one.source, *one.to) if core in system.by_id]
        lengths.append(system.network.duration(route, one.bits, min(ends)))
        resources.append(frozenset(link.id for link in route.links))
        before.append(frozenset() if one.of is None else frozenset([tiles[one.of.number]]))
    return Work(tuple(lengths), tuple(resources), tuple(before))


class _Orders:
    def __init__(self, work: Work, best: float, most: int):
        self._work, self.best, self._most = work, best, most
        self._jobs = range(len(work.lengths))
        self._tails = self._what_follows()
        self._seen: dict[frozenset[int], list[tuple[float, ...]]] = {}
        self._names = sorted(frozenset[str]().union(*work.resources))
        self.states = 0

    def _what_follows(self) -> list[float]:
        after: list[list[int]] = [[] for _ in self._jobs]
        for job in self._jobs:
            for earlier in self._work.before[job]:
                after[earlier].append(job)
        found: dict[int, float] = {}

        def tail(job: int) -> float:
            if job not in found:
                found[job] = self._work.lengths[job] + max((tail(later) for later in after[job]), default=0.0)
            return found[job]

        return [tail(job) for job in self._jobs]

    @property
    def at_least(self) -> float:
        """What no order is below."""
        return self._at_least(list(self._jobs), {}, dict.fromkeys(self._names, 0.0))

    def search(self) -> float:
        """The shortest, or `best` where none is shorter."""
        self._try(frozenset(), {}, dict.fromkeys(self._names, 0.0))
        return self.best

    def _try(self, done: frozenset[int], ends: dict[int, float], free: dict[str, float]) -> None:
        if len(done) == len(self._jobs):
            self.best = min(self.best, max(ends.values()))
            return
        left = [job for job in self._jobs if job not in done]
        if self._at_least(left, ends, free) >= self.best - 1e-9 or self._reached_before(done, ends, free, left):
            return
        self.states += 1
        if self.states > self._most:
            raise TooManyError
        ready = [job for job in left if self._work.before[job] <= done]
        for job in sorted(ready, key=lambda job: (self._start(job, ends, free), -self._tails[job])):
            end = self._start(job, ends, free) + self._work.lengths[job]
            taken = free | dict.fromkeys(self._work.resources[job], end)
            self._try(done | {job}, {**ends, job: end}, taken)

    def _start(self, job: int, ends: Mapping[int, float], free: Mapping[str, float]) -> float:
        times = [free[name] for name in self._work.resources[job]]
        return max([*times, *(ends.get(earlier, 0.0) for earlier in self._work.before[job])], default=0.0)

    def _at_least(self, left: Sequence[int], ends: Mapping[int, float], free: Mapping[str, float]) -> float:
        found = max(ends.values(), default=0.0)
        for name in self._names:
            mine = [job for job in left if name in self._work.resources[job]]
            if mine:
                last = min(self._tails[job] - self._work.lengths[job] for job in mine)
                found = max(found, free[name] + sum(self._work.lengths[job] for job in mine) + last)
        return max(found, *(self._start(job, ends, free) + self._tails[job] for job in left))

    def _reached_before(
        self, done: frozenset[int], ends: Mapping[int, float], free: Mapping[str, float], left: Sequence[int]
    ) -> bool:
        awaited = sorted({earlier for job in left for earlier in self._work.before[job]} & done)
        times = (*(free[name] for name in self._names), *(ends[job] for job in awaited))
        known = self._seen.setdefault(done, [])
        if any(all(a <= b for a, b in zip(other, times, strict=True)) for other in known):
            return True
        known.append(times)
        return False


def optimum(system: System, graph: LayerGraph, prices: Mapping[CoreId, Prices], known: float) -> float:
    """The shortest latency over every split, placement and order; `known` where there is none below it. Raises
    TooManyError."""
    best, states = known, 0
    offchip = system.offchip.id if system.offchip else None
    trials: list[tuple[float, Work]] = []
    for shares in sharings(system, graph):
        made = plan(graph.layers, graph.edges, graph.results, shares, offchip)
        cycles = {tile.number: prices[tile.core].cycles((tile.layer, tile.box)) or 0.0 for tile in made.tiles}
        work = work_of(made, cycles, system)
        trials.append((_Orders(work, best, 0).at_least, work))
    for least, work in sorted(trials, key=lambda trial: trial[0]):
        if least >= best - 1e-9:
            break
        orders = _Orders(work, best, MOST_STATES - states)
        best = orders.search()
        states += orders.states
    return best


def sharings(system: System, graph: LayerGraph) -> Iterator[dict[int, Placed]]:
    """Every split of every layer over distinct cores, in every placement."""
    own = [core.id for core in system.cores]
    choices: list[list[Placed]] = []
    for told in graph.layers:
        layer = told.placed.layer
        choices.append([])
        for split in splits(told, len(own)):
            parts = prod(number for _, number in split)
            for cores in permutations(own, parts):
                choices[-1].append(placed(layer, Tiling(split), cores))
    if prod(map(len, choices)) > MOST_SHARINGS:
        raise TooManyError
    for chosen in product(*choices):
        if sum(map(len, chosen)) <= MOST_TILES:
            yield dict(enumerate(chosen))
