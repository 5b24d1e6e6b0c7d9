"""When something that does one thing at a time is taken, in a schedule that repeats."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

PER_CYCLE = 64
"""Times are whole parts of a cycle, so that sums and remainders of them are exact."""


def whole(cycles: float) -> float:
    """So many cycles, rounded up to a time that can be told exactly."""
    return math.ceil(cycles * PER_CYCLE) / PER_CYCLE


def whole_below(cycles: float) -> float:
    """So many cycles, rounded down to such a time."""
    return math.floor(cycles * PER_CYCLE) / PER_CYCLE


@dataclass
class Circle:
    """A core or a link whose day is `interval` cycles long: what is done at a time is done again an interval later.

    `starts` and `ends` are of what is taken without a rest, in order, each told by its first start, which is below
    `interval`; the last may reach into the next day. All times are whole (`whole`).
    """

    interval: float
    starts: list[float] = field(default_factory=list[float])
    ends: list[float] = field(default_factory=list[float])

    def is_free(self, start: float, duration: float) -> bool:
        """Whether it is free from a time on for so long."""
        return self.free_from(start, duration) == start

    def free_from(self, earliest: float, duration: float) -> float:
        """The first time, not before `earliest`, from which it is free for so long in every repetition; infinite if
        there is none."""
        if duration > self.interval:
            return math.inf
        if not self.starts:
            return earliest
        phase = math.fmod(earliest, self.interval)
        day, found = earliest - phase, phase
        before = bisect_right(self.starts, phase) - 1
        # Once round, and the gap that it began in once more: its end may be that of the next day.
        for number in range(before, before + len(self.starts) + 1):
            found = max(found, self._at(self.ends, number))
            if found + duration <= self._at(self.starts, number + 1):
                return day + found
        return math.inf

    def free_up_to(self, latest: float, duration: float) -> float:
        """The last time, not after `latest`, from which it is free for so long; minus infinite if there is none."""
        if duration > self.interval:
            return -math.inf
        if not self.starts:
            return latest
        phase = math.fmod(latest, self.interval)
        day, found = latest - phase, phase
        before = bisect_right(self.starts, phase) - 1
        for number in range(before, before - len(self.starts) - 1, -1):
            found = min(found, self._at(self.starts, number + 1) - duration)
            if found >= self._at(self.ends, number):
                return day + found
        return -math.inf

    def beside_others(self, earliest: float, duration: float) -> float:
        """The first time, not before `earliest`, that lies right behind or right before something that is reserved, so
        that no gap is left that nothing fits; infinite if there is none."""
        if not self.starts:
            return self.free_from(earliest, duration)
        phase = math.fmod(earliest, self.interval)
        day = earliest - phase
        before = bisect_right(self.starts, phase) - 1
        for number in range(before, before + len(self.starts) + 1):
            first, last = self._at(self.ends, number), self._at(self.starts, number + 1) - duration
            # Right behind what was, if that is not too early, else right before what comes: either way no sliver of
            # time is left.
            if first <= last and last >= phase:
                return day + (first if first >= phase else last)
        return math.inf

    def take(self, start: float, end: float) -> None:
        """Take it from start to end, which must be free."""
        if end <= start:
            return
        phase = math.fmod(start, self.interval)
        until = phase + end - start
        at = bisect_left(self.starts, phase)
        if at < len(self.starts) and self.starts[at] == until:  # one with what follows at once
            until = self.ends.pop(at)
            del self.starts[at]
        if at and self.ends[at - 1] == phase:  # and with what lies right before
            self.ends[at - 1] = until
            return
        self.starts.insert(at, phase)
        self.ends.insert(at, until)

    def give_back(self, start: float, end: float) -> None:
        """Take back what has been taken from start to end."""
        phase = math.fmod(start, self.interval)
        at = bisect_right(self.starts, phase) - 1
        if at < 0 or self.ends[at] <= phase:  # it lies in the part of the last that reaches into the next day
            at, phase = len(self.starts) - 1, phase + self.interval
        first, last = self.starts.pop(at), self.ends.pop(at)
        self.take(first, phase)
        self.take(phase + end - start, last)

    def _at(self, times: list[float], number: int) -> float:
        """The time of a reservation by its number, those of other days too."""
        length = len(times)
        if 0 <= number < length:
            return times[number]
        day, at = divmod(number, length)
        return times[at] + day * self.interval
