"""Times for a frame in such a way that the next frame can do the same an interval later, and so on for ever.

What is reserved of a core or link is reserved in every repetition (modulo scheduling: Rau 1994, "Iterative modulo
scheduling"). Within a frame tiles are taken in an order in which the memories have room; what several frames hold
together is counted once all times are known.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId, Route
from onnx2zz.system.pipeline.circle import PER_CYCLE, Circle, whole, whole_below
from onnx2zz.system.pipeline.lifetimes import courses, lifetimes, repeated
from onnx2zz.system.pipeline.residency import places_kept
from onnx2zz.system.plan import Plan, Tile, Transfer
from onnx2zz.system.schedule import Making, Schedule, TileCycles
from onnx2zz.system.transfer_ways import TransferWays


def repeating(
    plan: Plan,
    order: Sequence[Tile],
    cycles: TileCycles,
    system: System,
    interval: float,
    packed: bool,
    batch: int = 1,
    keeps_places: bool = False,
) -> Schedule | None:
    """The times of one frame (of a `batch` of them), from 0 on, that repeat at an interval, with what memories hold
    during one; None where the memories have no room for that. `packed`: a tile rather waits than leaves a gap on its
    core that nothing may fit; `keeps_places`: a transfer waits for a place on its links that was kept for it. What
    comes from off the chip comes no sooner than it must, and the frames of a batch end evenly. Raises NoTimeError where
    a core or a link has no room in its interval."""
    making = _Repeating(plan, cycles, system, interval, packed)
    if batch > 1:
        making.keep_places(batch)
    if keeps_places:
        making.keep_transfers()
    found = making.made(order)
    making.delay_arrivals()
    if batch > 1:
        making.end_evenly(batch)
    begun = _from_zero(found)
    capacity = {core.id: float(core.capacity) for core in system.cores}
    kept = places_kept(plan)
    always = {core: plan.resident.get(core, 0) + kept.get(core, 0) for core in capacity}
    begun.memory = courses(repeated(lifetimes(begun), interval), always, capacity)
    return begun if all(course.peak <= course.capacity for course in begun.memory.values()) else None


def loads(plan: Plan, cycles: TileCycles, system: System) -> dict[CoreId | str, float]:
    """For how long each core works in a frame, and how long each link is taken."""
    ways = TransferWays(system)
    found: dict[CoreId | str, float] = {**core_loads(plan, cycles)}
    for transfer in plan.transfers:
        if not transfer.setup:
            route, duration = ways.of(transfer)
            for link in route.links:
                found[link.id] = found.get(link.id, 0.0) + whole(duration)
    return found


def core_loads(plan: Plan, cycles: TileCycles) -> dict[CoreId, float]:
    """For how long each core works in a frame."""
    found: dict[CoreId, float] = {}
    for tile in plan.tiles:
        found[tile.core] = found.get(tile.core, 0.0) + whole(cycles.total[tile.number])
    return found


class NoTimeError(Exception):
    """A core or some links are never free for as long as it takes."""


class _Repeating(Making):
    def __init__(self, plan: Plan, cycles: TileCycles, system: System, interval: float, packed: bool):
        total = {number: whole(length) for number, length in cycles.total.items()}
        # Rounded down, so that a tile begins a part of a cycle later than it might rather than before the sums of
        # others are in time.
        before = {number: whole_below(length) for number, length in cycles.before_adding.items()}
        super().__init__(plan, TileCycles(total, before), system)
        self._packed, self._interval = packed, interval
        self._kept: dict[int, float] = {}
        self._core_circles = {core.id: Circle(interval) for core in system.cores}
        self._link_circles = {name: Circle(interval) for name in system.network.by_id}

    def way(self, transfer: Transfer) -> tuple[Route, float]:
        route, duration = super().way(transfer)
        # A mark without bits takes the least time that there is: nothing else may be on its links at that moment, in no
        # repetition, and what takes no time cannot be kept free.
        return route, max(whole(duration), 1 / PER_CYCLE if route.links else 0.0)

    def core_free(self, core: CoreId, earliest: float, cycles: float) -> float:
        circle = self._core_circles[core]
        found = math.inf
        if earliest < math.inf:
            found = circle.beside_others(earliest, cycles) if self._packed else circle.free_from(earliest, cycles)
        if found == math.inf:
            raise NoTimeError
        return found

    def take_core(self, core: CoreId, start: float, end: float) -> None:
        self._core_circles[core].take(start, end)

    def links_free(self, route: Route, earliest: float, duration: float) -> float:
        circles = [self._link_circles[link.id] for link in route.links]
        start = earliest
        while duration:
            before = start
            for circle in circles:
                start = circle.free_from(start, duration)
                # Once round without a place: all later days look the same.
                if start == math.inf or start > earliest + circle.interval:
                    raise NoTimeError
            if start == before:
                break
        return start

    def take_links(self, route: Route, start: float, end: float) -> None:
        for link in route.links:
            self._link_circles[link.id].take(start, end)

    def reserve(self, transfer: Transfer, route: Route, earliest: float, duration: float) -> float:
        if transfer.number not in self._kept:
            return super().reserve(transfer, route, earliest, duration)
        days = math.ceil((earliest - self._kept[transfer.number]) / self._interval)
        return self._kept[transfer.number] + days * self._interval

    def keep_transfers(self) -> None:
        """Keep a place on the links for every transfer, the longest first, before any tile has its time."""
        # Those that are given their times as tiles are made leave gaps on one link of a tree or another that fit
        # nothing later. The price is that each waits for its place.
        ways = {one.number: self.way(one) for one in self._plan.transfers if not one.setup}
        for number, (route, duration) in sorted(ways.items(), key=lambda way: (-way[1][1], way[0])):
            if route.links:
                start = self.links_free(route, 0.0, duration)
                self.take_links(route, start, start + duration)
                self._kept[number] = math.fmod(start, self._interval)

    def delay_arrivals(self) -> None:
        """Let what comes from off the chip come as late as its first reader and the links allow: it lies there for a
        shorter time, and the frame begins later."""
        tiles, transfers = self._found.tiles, self._found.transfers
        arrivals = [one for one in self._plan.transfers if one.of is None and one.number in transfers]
        first = {one.number: min(tiles[tile.number][0] for tile in one.readers) for one in arrivals}
        # The last first: once it has moved back, the one before it finds the link free later.
        for one in sorted(arrivals, key=lambda one: (-first[one.number], -one.number)):
            start, end = transfers[one.number]
            circles = [self._link_circles[link.id] for link in self._found.routes[one.number].links]
            if end <= start:
                continue
            # Its own time is free for it, too: else it could never move by less than it takes.
            for circle in circles:
                circle.give_back(start, end)
            later = _latest(circles, first[one.number] - (end - start), start, end - start)
            for circle in circles:
                circle.take(later, later + (end - start))
            transfers[one.number] = later, later + (end - start)

    def keep_places(self, batch: int) -> None:
        """Keep places on the links, evenly apart, for the last results of a batch's frames."""
        # Before all else is given its time: weights that come without a rest may leave none later.
        for frame in range(batch):
            route, duration = self.way(self._last_results[frame])
            at = frame * self._interval / batch
            if not all(self._link_circles[link.id].is_free(at, duration) for link in route.links):
                raise NoTimeError
            self.take_links(route, at, at + duration)

    def end_evenly(self, batch: int) -> None:
        """Let the last results of a batch's frames leave at the places kept for them, a part of the interval after each
        other."""
        apart, earliest = self._interval / batch, 0.0
        for frame, last in self._last_results.items():
            start, end = self._found.transfers[last.number]
            for link in self._found.routes[last.number].links if end > start else ():
                self._link_circles[link.id].give_back(start, end)
            del self._found.transfers[last.number]
            assert last.of is not None
            made = self._found.tiles[last.of.number][1]
            earliest = max(earliest, max(made, self._found.frame_ends[frame]) - frame * apart)
        first = math.ceil(earliest / apart) * apart
        for frame, last in self._last_results.items():
            start = first + frame * apart
            self._found.transfers[last.number] = start, start + self.way(last)[1]

    @cached_property
    def _last_results(self) -> dict[int, Transfer]:
        """By frame the transfer of results that is to leave last: the smallest, which least waits for."""
        results: dict[int, Transfer] = {}
        for one in self._plan.transfers:
            if one.of is not None and not one.readers and one.bits:
                smallest = results.setdefault(one.frame, one)
                results[one.frame] = one if one.bits < smallest.bits else smallest
        return results


def _latest(circles: Sequence[Circle], latest: float, earliest: float, duration: float) -> float:
    """The last time from which all are free together for so long, between two; the first of them is known to be."""
    start = latest
    while start > earliest:
        before = start
        for circle in circles:
            start = circle.free_up_to(start, duration)
        if start == before:
            return start
    return earliest


def _from_zero(schedule: Schedule) -> Schedule:
    """The same with its first start at 0."""
    both = (*schedule.tiles.values(), *schedule.transfers.values())
    first = min((start for start, _ in both), default=0.0)
    return replace(
        schedule,
        tiles={number: (start - first, end - first) for number, (start, end) in schedule.tiles.items()},
        transfers={number: (start - first, end - first) for number, (start, end) in schedule.transfers.items()},
    )
