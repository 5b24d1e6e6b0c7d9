"""In which order tiles are given their times, so that at every point the memories have room.

A tile joins the order when everything that it reads is there. What is held at that point, whenever things happen in
time, is: outputs and arrivals with a reader that has not joined yet. As long as that fits, a schedule exists. Where it
does not, outputs that only other cores have yet to read may leave the chip, from where these fetch them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappush
from itertools import groupby

from onnx2zz.system.course import Course, Wave
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Tile, Transfer


@dataclass(frozen=True)
class Overfull:
    """No tile can join: the core that lacks room in the one that is tried at last, and how many bits of its capacity
    would be held. `waited_for`: the layers that have yet to read what lies there."""

    core: CoreId
    layer: int
    held: float
    capacity: float
    waited_for: frozenset[int]


@dataclass(frozen=True)
class LeavingOrder:
    """An order, and the transfers that bring what has left the chip before."""

    tiles: list[Tile]
    fetched: tuple[Transfer, ...]


Preference = Callable[[Sequence[Wave]], Sequence[Wave]]
"""Of waves that can be next, in order, those that may be, the one that is liked best first."""


def ordered(plan: Plan, capacity: Mapping[CoreId, float]) -> list[Tile] | Overfull:
    """The tiles in an order that fits: layer by layer, which keeps the cores busy with one layer and lets its weights
    go soonest; where that does not fit, the deepest tile that can be done first, which holds least of what lies
    between.

    A layer's turns keep their order.
    """
    found = ordered_by(plan, capacity, _breadth_first)
    return deepest_first(plan, capacity) if isinstance(found, Overfull) else found


def deepest_first(plan: Plan, capacity: Mapping[CoreId, float]) -> list[Tile] | Overfull:
    """The tiles in an order that fits: always the deepest one that can be done."""
    return ordered_by(plan, capacity, _deepest_first)


def _breadth_first(ready: Sequence[Wave]) -> Sequence[Wave]:
    # When the first layer that is ready would not leave room, goes deep for a while: that frees more than it takes. It
    # may be too late then, the room being taken by the layer before.
    return [ready[0], *reversed(ready[1:])]


def _deepest_first(ready: Sequence[Wave]) -> Sequence[Wave]:
    return ready[::-1]


def ordered_leaving(plan: Plan, capacity: Mapping[CoreId, float]) -> LeavingOrder | Overfull:
    """The tiles in an order that fits where outputs leave the chip for want of room, those that are read last first:
    layer by layer, else the deepest tile first."""
    last: Overfull | None = None
    for preference in (_breadth_first, _deepest_first):
        course = _begun(plan, capacity)
        found = _walked(course, preference, may_leave=True)
        if not isinstance(found, Overfull):
            return LeavingOrder(found, tuple(course.fetched.values()))
        last = last or found
    assert last is not None
    return last


def ordered_by(plan: Plan, capacity: Mapping[CoreId, float], preference: Preference) -> list[Tile] | Overfull:
    """The tiles in an order that fits: of what can be next always the wave that is preferred among those that fit."""
    return _walked(_begun(plan, capacity), preference, may_leave=False)


def _begun(plan: Plan, capacity: Mapping[CoreId, float]) -> Course:
    return Course(plan, capacity, held={core: plan.resident.get(core, 0) for core in capacity})


def _walked(course: Course, preference: Preference, may_leave: bool) -> list[Tile] | Overfull:
    plan = course.plan
    waves: dict[Wave, list[Tile]] = {}
    for tile in plan.tiles:
        waves.setdefault((tile.layer, tile.turn), []).append(tile)
    # Told in plan order: layer ids rise, and so do the turns of a layer.
    order = sorted(waves)
    behind: dict[Wave, set[Wave]] = {}
    for wave in order:
        layer, turn = wave
        before = {(p.layer, p.turn) for tile in waves[wave] for p in tile.follows.values()}
        before |= {(t.of.layer, t.of.turn) for tile in waves[wave] for t in tile.needs.values() if t.of is not None}
        before.discard(wave)  # partial sums of this very turn, whose tiles stand before the one that adds them
        if turn:
            before.add((layer, turn - 1))
        behind[wave] = before
    following: dict[Wave, list[Wave]] = {}
    for wave, before in behind.items():
        for earlier in before:
            following.setdefault(earlier, []).append(wave)
    left = {wave: len(before) for wave, before in behind.items()}
    ready: list[Wave] = []
    for wave in order:
        if not left[wave]:
            heappush(ready, wave)
    found: list[Tile] = []
    while ready:
        chosen = _chosen(preference(sorted(ready)), waves, course, may_leave)
        if isinstance(chosen, Overfull):
            return chosen
        ready.remove(chosen)
        ready.sort()
        course.join(waves[chosen])
        found += waves[chosen]
        for wave in following.get(chosen, ()):
            left[wave] -= 1
            if not left[wave]:
                heappush(ready, wave)
    return found


def most_held(plan: Plan, order: Sequence[Tile]) -> dict[CoreId, float]:
    """The most bits that each core holds at any point of an order."""
    cores = {tile.core for tile in plan.tiles} | {core for one in plan.transfers for core in one.to}
    course = Course(plan, {}, held={core: plan.resident.get(core, 0) for core in cores})
    found = dict(course.held)
    for _, wave in groupby(order, key=lambda tile: (tile.layer, tile.turn)):
        together = list(wave)
        for core, bits in course.added(together).items():
            found[core] = max(found[core], course.held[core] + bits)
        course.join(together)
    return found


def _chosen(
    tried: Sequence[Wave], waves: Mapping[Wave, Sequence[Tile]], course: Course, may_leave: bool
) -> Wave | Overfull:
    last: Overfull | None = None
    for wave in tried:
        more = course.added(waves[wave])
        core = course.overfull(more)
        if core is None:
            return wave
        held = course.held.get(core, 0) + more[core]
        last = Overfull(core, wave[0], held, course.capacity[core], frozenset())
    for wave in tried if may_leave else ():
        leaving = course.leaving(course.added(waves[wave]))
        if leaving is not None:
            for tile in leaving:
                course.leave(tile)
            return wave
    assert last is not None
    return replace(last, waited_for=course.waited_for(last.core))
