"""Times for a plan: every core, link and port does one thing at a time, and no memory ever holds more than it can.

Tiles are taken in an order in which the memories have room at every point (order.py). Each transfer is set to the
earliest time at which all its links are free and its destinations have room from then on; each tile to the earliest at
which its core is free and what it reads is there. So weights come as early as memory lets them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from onnx2zz.system.description import System
from onnx2zz.system.memory import Interval, MemoryCourse, Reservations, free_together
from onnx2zz.system.network import CoreId, Route
from onnx2zz.system.plan import Plan, Tile, Transfer
from onnx2zz.system.transfer_ways import TransferWays


@dataclass
class Schedule:
    """Start and end of every tile and transfer, by their numbers, in cycles, and what each core holds over time."""

    plan: Plan
    tiles: dict[int, Interval] = field(default_factory=dict[int, Interval])
    transfers: dict[int, Interval] = field(default_factory=dict[int, Interval])
    routes: dict[int, Route] = field(default_factory=dict[int, Route])
    memory: dict[CoreId, MemoryCourse] = field(default_factory=dict[CoreId, MemoryCourse])

    @property
    def latency(self) -> float:
        """The last end."""
        ends = [end for _, end in (*self.tiles.values(), *self.transfers.values())]
        return max(ends, default=0.0)

    @property
    def longest_frame(self) -> float:
        """Cycles from a frame's first start to its last end, of the frame that takes longest. What is set up is no
        frame's."""
        starts, ends = self.frame_starts, self.frame_ends
        return max((ends[frame] - starts[frame] for frame in ends), default=0.0)

    @property
    def frame_starts(self) -> dict[int, float]:
        """Each frame's first start."""
        found: dict[int, float] = {}
        for frame, (start, _) in self._of_frames():
            found[frame] = min(found.get(frame, start), start)
        return found

    @property
    def frame_ends(self) -> dict[int, float]:
        """Each frame's last end."""
        found: dict[int, float] = {}
        for frame, (_, end) in self._of_frames():
            found[frame] = max(found.get(frame, end), end)
        return found

    def _of_frames(self) -> Iterator[tuple[int, Interval]]:
        for tile in self.plan.tiles:
            if tile.number in self.tiles:
                yield tile.frame, self.tiles[tile.number]
        for sent in self.plan.transfers:
            if not sent.setup and sent.number in self.transfers:
                yield sent.frame, self.transfers[sent.number]


@dataclass(frozen=True)
class TileCycles:
    """How long each tile takes, by its number. `before_adding`: of those that add partial sums, until they begin to."""

    total: Mapping[int, float] = field(default_factory=dict[int, float])
    before_adding: Mapping[int, float] = field(default_factory=dict[int, float])


def schedule(plan: Plan, order: Sequence[Tile], cycles: TileCycles, system: System) -> Schedule:
    """The times of a plan. Raises RuntimeError where the order has no room."""
    return Making(plan, cycles, system).made(order)


class Making:
    """A schedule in the making: what else takes times (frames that repeat) says when cores and links are free."""

    def __init__(self, plan: Plan, cycles: TileCycles, system: System):
        self._plan, self._cycles, self._system = plan, cycles, system
        self._found = Schedule(plan)
        self._links = {name: Reservations() for name in system.network.by_id}
        self._ways = TransferWays(system)
        self._of_routes: dict[int, Sequence[Reservations]] = {}
        self._cores = {core.id: 0.0 for core in system.cores}
        for core in system.cores:
            course = MemoryCourse(core.capacity)
            course.put(0.0, plan.resident.get(core.id, 0))
            self._found.memory[core.id] = course
        self._until: dict[int, float] = {}
        self._left: dict[int, int] = {}
        # By transfer and core, of what has yet to be read there: how often, and until when it is kept by then.
        self._arrival_left: dict[int, dict[CoreId, int]] = {}
        self._arrival_until: dict[int, dict[CoreId, float]] = {}

    def made(self, order: Sequence[Tile]) -> Schedule:
        for _, wave in groupby(order, key=lambda tile: (tile.layer, tile.turn)):
            together = list(wave)
            # Operands first: what the first tile gets of others may leave no gap on the links that they fit.
            for tile in together:
                for transfer in tile.needs.values():
                    if transfer.of is None and transfer.number not in self._found.transfers:
                        self._send(transfer)
            for tile in together:
                self._place(tile)
            # Results leave as they are made: the core that ends first does not wait behind one that ends later.
            leaving = [transfer for tile in together for transfer in tile.sends if not transfer.readers]
            for transfer in sorted(leaving, key=self._leaves):
                self._send(transfer)
        return self._found

    def _place(self, tile: Tile) -> None:
        ready = 0.0
        # Those that lie ready first go first: on a shared link nobody waits behind what is not made yet.
        for transfer in sorted(tile.needs.values(), key=self._leaves):
            if transfer.number not in self._found.transfers:
                self._send(transfer)
            there = self._found.transfers[transfer.number][1]
            # Sums of others are added after the tile's own work: it may begin so much before they are there.
            ready = max(ready, there - self._cycles.before_adding[tile.number] if transfer.partial else there)
        for producer in tile.follows.values():
            ready = max(ready, self._found.tiles[producer.number][1])
        memory = self._found.memory[tile.core]
        cycles = self._cycles.total[tile.number]
        # There is room from that time on for good, so that beginning later than it, when the core is free, has room,
        # too.
        start = self.core_free(tile.core, memory.room_from(ready, tile.bits), cycles)
        if start == float("inf"):
            raise RuntimeError(f"no room on core {tile.core} for a tile of layer {tile.layer}")
        end = start + cycles
        memory.put(start, tile.bits)
        self.take_core(tile.core, start, end)
        self._found.tiles[tile.number] = (start, end)
        self._until[tile.number] = end
        self._left[tile.number] = len(tile.readers) + len(tile.sends)
        for transfer in tile.needs.values():
            self._read_arrival(transfer, tile.core, end)
        for transfer in tile.keeps.values():
            if transfer.number in self._found.transfers:
                # What comes after the start is not kept by this tile; its count goes down all the same, else the bits
                # would never be let go.
                there = self._found.transfers[transfer.number][1] <= start
                self._read_arrival(transfer, tile.core, end if there else 0.0)
        for producer in tile.follows.values():
            self._read(producer, end)
        if not tile.readers and not tile.sends:
            memory.let_go(end, tile.bits)

    def _leaves(self, transfer: Transfer) -> tuple[float, int]:
        return self._at_source(transfer), transfer.number

    def _at_source(self, transfer: Transfer) -> float:
        """When what is carried lies where the transfer begins."""
        if transfer.after is not None:
            return self._found.transfers[transfer.after.number][1]
        return 0.0 if transfer.of is None else self._found.tiles[transfer.of.number][1]

    def way(self, transfer: Transfer) -> tuple[Route, float]:
        """The links that a transfer takes, and for how long."""
        return self._ways.of(transfer)

    def _send(self, transfer: Transfer) -> None:
        route, duration = self.way(transfer)
        start = self._at_source(transfer)
        onchip = [core for core in transfer.to if core in self._found.memory]
        for core in onchip:
            start = self._found.memory[core].room_from(start, transfer.bits)
        if start == float("inf"):
            raise RuntimeError(f"no room on cores {transfer.to} for an operand of layer {transfer.layer}")
        start = self.reserve(transfer, route, start, duration)
        end = start + duration
        self._found.transfers[transfer.number] = (start, end)
        self._found.routes[transfer.number] = route
        for core in onchip:
            self._found.memory[core].put(start, transfer.bits)
        self._arrival_left[transfer.number] = transfer.kept_for(self._found.tiles)
        self._arrival_until[transfer.number] = dict.fromkeys(onchip, end)
        if transfer.of is not None and transfer.after is None:
            self._read(transfer.of, end)

    def core_free(self, core: CoreId, earliest: float, cycles: float) -> float:
        """The first time, not before `earliest`, from which a core is free for so long: tiles are given their times in
        the order in which it runs them."""
        return max(earliest, self._cores[core])

    def take_core(self, core: CoreId, start: float, end: float) -> None:
        """A core runs a tile from start to end."""
        self._cores[core] = end

    def reserve(self, transfer: Transfer, route: Route, earliest: float, duration: float) -> float:
        """Take all links of a transfer as soon as they are free together; from when on they are."""
        start = self.links_free(route, earliest, duration)
        self.take_links(route, start, start + duration)
        return start

    def take_links(self, route: Route, start: float, end: float) -> None:
        """A transfer is on all links of its route from start to end."""
        one = start, end
        for taken in self._on(route):
            taken.take(one)

    def links_free(self, route: Route, earliest: float, duration: float) -> float:
        """The first time from which all links are free together for so long."""
        return free_together(self._on(route), earliest, duration)

    def _on(self, route: Route) -> Sequence[Reservations]:
        """The reservations of a route's links."""
        # By the route that it is, not by what it consists of: a tree to 1,000 cores takes long to compare.
        found = self._of_routes.get(id(route))
        if found is None:
            found = self._of_routes[id(route)] = [self._links[link.id] for link in route.links]
        return found

    def _read(self, producer: Tile, end: float) -> None:
        """A reader of a tile, or a transfer of it, has got its time: the last of them lets the output go."""
        self._until[producer.number] = max(self._until[producer.number], end)
        self._left[producer.number] -= 1
        if not self._left[producer.number]:
            self._found.memory[producer.core].let_go(self._until[producer.number], producer.bits)

    def _read_arrival(self, transfer: Transfer, core: CoreId, end: float) -> None:
        left, until = self._arrival_left[transfer.number], self._arrival_until[transfer.number]
        if end > until[core]:
            until[core] = end
        left[core] -= 1
        if not left[core]:
            del left[core]
            self._found.memory[core].let_go(until[core], transfer.bits)
            if not left:
                del self._arrival_left[transfer.number], self._arrival_until[transfer.number]
