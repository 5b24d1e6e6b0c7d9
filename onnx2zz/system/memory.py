"""What a core's memory holds over time, and from when on it has room."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

Interval = tuple[float, float]
"""Start and end, in cycles."""
LOOKED_THROUGH = 32
"""Arrivals after which the most that was ever held is found anew."""


@dataclass
class MemoryCourse:
    """The bits that are held: by `changes[i]` more from `times[i]` on. What is put in stays until it is let go."""

    capacity: float
    times: list[float] = field(default_factory=lambda: [0.0])
    changes: list[float] = field(default_factory=lambda: [0.0])
    _last: float = 0.0
    _no_more: float = 0.0
    """What is held after the last change, and bits that are never exceeded."""
    _puts: int = 0

    def __post_init__(self) -> None:
        self._last, self._no_more = sum(self.changes), self.peak

    def room_from(self, earliest: float, bits: float) -> float:
        """The first time, not before `earliest`, from which on there is always room; infinite if there never is."""
        limit = self.capacity - bits
        if self._no_more > limit and self._puts > LOOKED_THROUGH:
            self._no_more, self._puts = self.peak, 0
        if self._no_more <= limit:
            return earliest
        # Only the last moment without room counts, since what comes in may stay for good: looked for from the end.
        held = self._last
        for at in range(len(self.times) - 1, -1, -1):
            if held > limit:
                return math.inf if at + 1 == len(self.times) else max(earliest, self.times[at + 1])
            if self.times[at] <= earliest:
                return earliest
            held -= self.changes[at]
        return earliest

    def put(self, start: float, bits: float) -> None:
        """Hold bits from a time on."""
        self._change(start, bits)
        self._no_more += bits
        self._puts += 1

    def let_go(self, end: float, bits: float) -> None:
        """Hold bits no longer from a time on."""
        self._change(end, -bits)

    def _change(self, time: float, bits: float) -> None:
        if not bits:
            return
        self._last += bits
        at = bisect_left(self.times, time)
        if at < len(self.times) and self.times[at] == time:
            self.changes[at] += bits
        else:
            self.times.insert(at, time)
            self.changes.insert(at, bits)

    @property
    def held(self) -> list[float]:
        """The bits from each of `times` on."""
        return list(accumulate(self.changes))

    @property
    def peak(self) -> float:
        """The most that is ever held."""
        return max(accumulate(self.changes))


@dataclass
class Reservations:
    """The times at which something that does one thing at a time is taken, apart from each other.

    `last`: the last end. Large systems have millions of reservations, of which almost all come behind all others.
    """

    last: float = 0.0
    _taken: list[Interval] = field(default_factory=list[Interval])
    _sorted: bool = True
    _edges: list[float] = field(default_factory=list[float])
    """Start, end, start, end ...: what follows without a rest is one, and there are far fewer of these."""

    @property
    def taken(self) -> list[Interval]:
        """Start and end of each reservation, in order; what takes no time comes before what starts with it."""
        if not self._sorted:
            self._taken.sort()
            self._sorted = True
        return self._taken

    def free_from(self, earliest: float, duration: float) -> float:
        """The first time, not before `earliest`, from which it is free for so long."""
        if not duration:
            return self._between(earliest)
        edges = self._edges
        at = bisect_right(edges, earliest)
        # Behind a start and not yet behind its end: taken.
        if at % 2:
            earliest = edges[at]
            at += 1
        while at < len(edges) and edges[at] < earliest + duration:
            earliest = edges[at + 1]
            at += 2
        return earliest

    def _between(self, earliest: float) -> float:
        """The first time, not before `earliest`, for what takes no time: it has room between two that follow each
        other."""
        at = bisect_right(self.taken, earliest, key=lambda one: one[1])
        while at < len(self.taken) and self.taken[at][0] < earliest:
            earliest = self.taken[at][1]
            at += 1
        return earliest

    def take(self, one: Interval) -> None:
        """Take it from start to end, which must be free."""
        start, end = one
        self._taken.append(one)
        if start > self.last:
            self._edges += one
        elif start == self.last and self._edges:
            self._edges[-1] = end
        else:
            self._sorted = False
            # What it touches is one with it: of the edges from start to end those stay at which the whole begins and
            # ends.
            first, last = bisect_left(self._edges, start), bisect_right(self._edges, end)
            beginning, ending = [start] * (first % 2 == 0), [end] * (last % 2 == 0)
            self._edges[first:last] = [*beginning, *ending]
        if end > self.last:
            self.last = end


def free_together(several: Sequence[Reservations], earliest: float, duration: float) -> float:
    """The first time, not before `earliest`, from which all of them are free for so long."""
    start, in_the_way = earliest, list[Reservations]()
    while True:
        last = in_the_way[-1] if in_the_way else None
        for one in several:
            # Asked once round since the start was last put off: all others have agreed to it.
            if one is last:
                return start
            if one.last > start and (free := one.free_from(start, duration)) > start:
                # Of a thousand links few are in the way: these agree first, before the others are asked any more.
                last = one
                in_the_way.append(one)
                start = _agreed(in_the_way, free, duration)
        if last is None:
            return start


def _agreed(few: Sequence[Reservations], start: float, duration: float) -> float:
    """The first time, not before `start`, from which all are free for so long."""
    before = -math.inf
    while before < start:
        before = start
        for one in few:
            start = one.free_from(start, duration)
    return start
