"""In which order tiles are given their times, so that at every point the memories have room.

A tile joins the order when everything that it reads is there. What is held at that point, whenever things happen in
time, is: outputs and arrivals with a reader that has not joined yet. As long as that fits, a schedule exists.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappush
from itertools import groupby

from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Tile, Transfer

Wave = tuple[int, int]
"""A layer and one of its turns: its tiles run at once."""


@dataclass(frozen=True)
class Overfull:
    """No tile can join: the core that lacks room in the one that is tried at last, and how many bits of its capacity
    would be held. `waited_for`: the layers that have yet to read what lies there."""

    core: CoreId
    layer: int
    held: float
    capacity: float
    waited_for: frozenset[int]


@dataclass
class _Course:
    """What is held while tiles join."""

    plan: Plan
    capacity: Mapping[CoreId, float]
    held: dict[CoreId, float] = field(default_factory=dict[CoreId, float])
    arrived: set[int] = field(default_factory=set[int])
    joined: set[int] = field(default_factory=set[int])
    left_of_tile: dict[int, int] = field(default_factory=dict[int, int])
    left_of_arrival: dict[tuple[int, CoreId], int] = field(default_factory=dict[tuple[int, CoreId], int])

    def added(self, tiles: Sequence[Tile]) -> dict[CoreId, float]:
        """The bits that come to each core with some tiles."""
        more: dict[CoreId, float] = {}
        coming: set[int] = set()
        for tile in tiles:
            more[tile.core] = more.get(tile.core, 0) + tile.bits
            for transfer in tile.needs.values():
                if transfer.number not in self.arrived and transfer.number not in coming:
                    coming.add(transfer.number)
                    for core in transfer.to:
                        more[core] = more.get(core, 0) + transfer.bits
        return more

    def overfull(self, more: Mapping[CoreId, float]) -> CoreId | None:
        for core, bits in more.items():
            if self.held.get(core, 0) + bits > self.capacity[core]:
                return core
        return None

    def waited_for(self, core: CoreId) -> frozenset[int]:
        """The layers of tiles that have not joined and read what the core holds."""
        found: set[int] = set()
        for tile in self.plan.tiles:
            if tile.number not in self.joined:
                here = any(p.number in self.joined and p.core == core for p in tile.follows.values())
                come = tile.core == core and any(number in self.arrived for number in (*tile.needs, *tile.keeps))
                unsent = [t for t in tile.needs.values() if t.number not in self.arrived and t.source == core]
                sent = any(t.of is not None and t.of.number in self.joined for t in unsent)
                if here or come or sent:
                    found.add(tile.layer)
        return frozenset(found)

    def join(self, tiles: Sequence[Tile]) -> None:
        """What the tiles bring is held, what nobody reads any more is not."""
        for core, bits in self.added(tiles).items():
            self.held[core] = self.held.get(core, 0) + bits
        for tile in tiles:
            self.joined.add(tile.number)
            self.left_of_tile[tile.number] = len(tile.readers) + sum(
                1 for transfer in tile.sends if transfer.number not in self.arrived and transfer.readers
            )
            for transfer in tile.needs.values():
                self._arrive(transfer)
        for tile in tiles:
            for producer in tile.follows.values():
                self._read(producer)
            for transfer in (*tile.needs.values(), *tile.keeps.values()):
                if transfer.number in self.arrived:
                    self._read_arrival(transfer, tile.core)
            if not self.left_of_tile[tile.number]:
                self.held[tile.core] -= tile.bits

    def _arrive(self, transfer: Transfer) -> None:
        if transfer.number in self.arrived:
            return
        self.arrived.add(transfer.number)
        for core in transfer.to:
            keeping = [number for number in transfer.keepers.get(core, ()) if number not in self.joined]
            self.left_of_arrival[transfer.number, core] = len(transfer.readers.get(core, ())) + len(keeping)
        if transfer.of is not None:
            self._read(transfer.of)

    def _read(self, producer: Tile) -> None:
        self.left_of_tile[producer.number] -= 1
        if not self.left_of_tile[producer.number]:
            self.held[producer.core] -= producer.bits

    def _read_arrival(self, transfer: Transfer, core: CoreId) -> None:
        key = transfer.number, core
        self.left_of_arrival[key] -= 1
        if not self.left_of_arrival[key]:
            self.held[core] -= transfer.bits


Preference = Callable[[Sequence[Wave]], Sequence[Wave]]
"""Of waves that can be next, in order, those that may be, the one that is liked best first."""


def ordered(plan: Plan, capacity: Mapping[CoreId, float]) -> list[Tile] | Overfull:
    """The tiles in an order that fits: layer by layer, which keeps the cores busy with one layer and lets its weights
    go soonest; where that does not fit, the deepest tile that can be done first, which holds least of what lies
    between.

    A layer's turns keep their order.
    """
    found = ordered_by(plan, capacity, _breadth_first)
    return ordered_by(plan, capacity, _deepest_first) if isinstance(found, Overfull) else found


def _breadth_first(ready: Sequence[Wave]) -> Sequence[Wave]:
    # When the first layer that is ready would not leave room, goes deep for a while: that frees more than it takes. It
    # may be too late then, the room being taken by the layer before.
    return [ready[0], *reversed(ready[1:])]


def _deepest_first(ready: Sequence[Wave]) -> Sequence[Wave]:
    return ready[::-1]


def ordered_by(plan: Plan, capacity: Mapping[CoreId, float], preference: Preference) -> list[Tile] | Overfull:
    """The tiles in an order that fits: of what can be next always the wave that is preferred among those that fit."""
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
    course = _Course(plan, capacity, held={core: plan.resident.get(core, 0) for core in capacity})
    found: list[Tile] = []
    while ready:
        chosen = _chosen(preference(sorted(ready)), waves, course)
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
    course = _Course(plan, {}, held={core: plan.resident.get(core, 0) for core in cores})
    found = dict(course.held)
    for _, wave in groupby(order, key=lambda tile: (tile.layer, tile.turn)):
        together = list(wave)
        for core, bits in course.added(together).items():
            found[core] = max(found[core], course.held[core] + bits)
        course.join(together)
    return found


def _chosen(tried: Sequence[Wave], waves: Mapping[Wave, Sequence[Tile]], course: _Course) -> Wave | Overfull:
    last: Overfull | None = None
    for wave in tried:
        more = course.added(waves[wave])
        core = course.overfull(more)
        if core is None:
            return wave
        held = course.held.get(core, 0) + more[core]
        last = Overfull(core, wave[0], held, course.capacity[core], frozenset())
    assert last is not None
    return replace(last, waited_for=course.waited_for(last.core))
