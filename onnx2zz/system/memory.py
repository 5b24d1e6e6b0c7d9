"""What a core's memory holds over time, and from when on it has room."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field


@dataclass
class MemoryCourse:
    """The bits that are held, as steps: from `times[i]` on, `held[i]`. What is put in stays until it is let go."""

    capacity: float
    times: list[float] = field(default_factory=lambda: [0.0])
    held: list[float] = field(default_factory=lambda: [0.0])
    most: float = 0.0
    """No less than is ever held."""

    def room_from(self, earliest: float, bits: float) -> float:
        """The first time, not before `earliest`, from which on there is always room; infinite if there never is."""
        limit = self.capacity - bits
        if self.most <= limit:
            return earliest
        # Only the last moment without room counts, since what comes in may stay for good: looked for from the end.
        for at in range(len(self.times) - 1, -1, -1):
            if self.held[at] > limit:
                return math.inf if at + 1 == len(self.times) else max(earliest, self.times[at + 1])
            if self.times[at] <= earliest:
                return earliest
        return earliest

    def put(self, start: float, bits: float) -> None:
        """Hold bits from a time on."""
        self._change(start, bits)

    def let_go(self, end: float, bits: float) -> None:
        """Hold bits no longer from a time on."""
        self._change(end, -bits)

    def _change(self, time: float, bits: float) -> None:
        if not bits:
            return
        times, held = self.times, self.held
        at = bisect_left(times, time)
        if at == len(times) or times[at] != time:
            times.insert(at, time)
            held.insert(at, held[at - 1])
        for later in range(at, len(held)):
            held[later] += bits
        if bits > 0:
            self.most = max(self.most, *held[at:])

    @property
    def peak(self) -> float:
        return max(self.held)


@dataclass
class Reservations:
    """The times at which something that does one thing at a time is taken, in order and apart."""

    starts: list[float] = field(default_factory=list[float])
    ends: list[float] = field(default_factory=list[float])

    def free_from(self, earliest: float, duration: float) -> float:
        """The first time, not before `earliest`, from which it is free for so long."""
        at = bisect_right(self.ends, earliest)
        while at < len(self.starts) and self.starts[at] < earliest + duration:
            earliest = max(earliest, self.ends[at])
            at += 1
        return earliest

    def take(self, start: float, end: float) -> None:
        """Take it from start to end, which must be free."""
        if not self.starts or start > self.starts[-1]:
            self.starts.append(start)
            self.ends.append(end)
            return
        at = bisect_left(self.starts, start)
        while end > start and at < len(self.starts) and self.ends[at] == start:
            at += 1  # marks that take no time come first
        self.starts.insert(at, start)
        self.ends.insert(at, end)
