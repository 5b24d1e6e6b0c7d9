"""The shortest time in which jobs can be done that hold resources, wait for each other and fill memories: exactly, by
trying their starts one after the other.

Jobs are started in the order of their starts, each as early as what has started before it allows. Among these
schedules is a shortest one: take the jobs of any schedule in the order of their starts, and nothing starts later or is
held longer than there. Where memories cannot fill, a job that could be done before another one starts is not left
waiting. What cannot beat the best that is known, by what must follow and by the load of each resource, is not tried
further, nor is what the same jobs in another order have reached no later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

EPS = 1e-9


class TooManyError(Exception):
    """More orders than asked for."""


@dataclass(frozen=True)
class Held:
    """Bits that lie in a memory from the start of job `by` to the end of it and of all `users`."""

    memory: int
    bits: int
    by: int
    users: tuple[int, ...]


@dataclass(frozen=True)
class Jobs:
    """`lengths`, `resources` (numbers below `width`) and `before` (jobs that must have ended) of each job; `held`: what
    lies in memories of `rooms` bits each."""

    lengths: tuple[float, ...]
    resources: tuple[tuple[int, ...], ...]
    before: tuple[tuple[int, ...], ...]
    width: int
    held: tuple[Held, ...] = ()
    rooms: tuple[int, ...] = ()

    @property
    def scarce(self) -> frozenset[int]:
        """The memories that do not hold all at once that ever comes to them."""
        totals = [0] * len(self.rooms)
        for one in self.held:
            totals[one.memory] += one.bits
        return frozenset(n for n, total in enumerate(totals) if total > self.rooms[n])


@dataclass
class Orders:
    """One search. `most`: nodes after which it gives up; `heedless`: memories are taken to be large enough."""

    jobs: Jobs
    best: float
    most: int = 1 << 62
    heedless: bool = False
    nodes: int = 0
    _seen: dict[int, list[tuple[float, ...]]] = field(default_factory=dict[int, list[tuple[float, ...]]])

    def __post_init__(self) -> None:
        jobs = self.jobs
        self._count = len(jobs.lengths)
        self._free_of_memory = self.heedless or not jobs.scarce
        self._scarce = jobs.scarce
        self._sorted = self._one_after_the_other()
        self._after: list[list[int]] = [[] for _ in range(self._count)]
        for job, before in enumerate(jobs.before):
            for earlier in before:
                self._after[earlier].append(job)
        self._tails = [0.0] * self._count
        for job in reversed(self._sorted):
            self._tails[job] = jobs.lengths[job] + max((self._tails[later] for later in self._after[job]), default=0.0)
        self._on: list[list[int]] = [[] for _ in range(jobs.width)]
        for job, resources in enumerate(jobs.resources):
            for resource in resources:
                self._on[resource].append(job)
        self._by: list[list[Held]] = [[] for _ in range(self._count)]
        for one in jobs.held:
            self._by[one.by].append(one)

    def _one_after_the_other(self) -> list[int]:
        found: list[int] = []
        done: set[int] = set()
        while len(found) < self._count:
            ready = [n for n in range(self._count) if n not in done and done.issuperset(self.jobs.before[n])]
            assert ready, "jobs wait for each other"
            found += ready
            done.update(ready)
        return found

    def at_least(self) -> float:
        """What no order is below."""
        free = [0.0] * self.jobs.width
        return self._at_least(0, self._heads(0, free, [0.0] * self._count))

    def search(self) -> float:
        """The shortest, or `best` where none is shorter. Raises TooManyError."""
        self._try(0, [0.0] * self.jobs.width, [0.0] * self._count, 0.0, 0.0)
        return self.best

    def _heads(self, done: int, free: Sequence[float], ends: Sequence[float]) -> list[float]:
        """From when on each job that is left can start at the earliest."""
        heads = [0.0] * self._count
        lengths, resources, before = self.jobs.lengths, self.jobs.resources, self.jobs.before
        for job in self._sorted:
            if done >> job & 1:
                continue
            head = 0.0
            for resource in resources[job]:
                if free[resource] > head:
                    head = free[resource]
            for earlier in before[job]:
                end = ends[earlier] if done >> earlier & 1 else heads[earlier] + lengths[earlier]
                if end > head:
                    head = end
            heads[job] = head
        return heads

    def _at_least(self, done: int, heads: Sequence[float]) -> float:
        found = 0.0
        lengths, tails = self.jobs.lengths, self._tails
        for job in range(self._count):
            if not done >> job & 1 and heads[job] + tails[job] > found:
                found = heads[job] + tails[job]
        for on in self._on:
            left = [job for job in on if not done >> job & 1]
            if len(left) < 2:
                continue
            # Of any set of jobs on a resource: the first start, all lengths, and what follows at least. Sets of those
            # that start no earlier than one of them are the ones that matter.
            left.sort(key=lambda job: heads[job], reverse=True)
            total, last = 0.0, float("inf")
            for job in left:
                total += lengths[job]
                last = min(last, tails[job] - lengths[job])
                if heads[job] + total + last > found:
                    found = heads[job] + total + last
        return found

    def _try(self, done: int, free: list[float], ends: list[float], last: float, until: float) -> None:
        if done == (1 << self._count) - 1:
            self.best = min(self.best, until)
            return
        heads = self._heads(done, free, ends)
        if max(until, self._at_least(done, heads)) >= self.best - EPS or self._known(done, free, ends, last):
            return
        self.nodes += 1
        if self.nodes > self.most:
            raise TooManyError
        for start, job in self._next(done, heads, ends, last):
            end = start + self.jobs.lengths[job]
            freed, ended = free.copy(), ends.copy()
            for resource in self.jobs.resources[job]:
                freed[resource] = end
            ended[job] = end
            self._try(done | 1 << job, freed, ended, start, max(until, end))

    def _next(self, done: int, heads: Sequence[float], ends: Sequence[float], last: float) -> list[tuple[float, int]]:
        """The jobs that may start next, with their starts, the most promising first."""
        lengths, before = self.jobs.lengths, self.jobs.before
        ready = [
            job
            for job in range(self._count)
            if not done >> job & 1 and all(done >> earlier & 1 for earlier in before[job])
        ]
        starts = [(max(last, heads[job]), job) for job in ready]
        # One that could be done before the next starts, and fills no memory that others need, may as well be done.
        first = min((start + lengths[job] for start, job in starts if not self._fills(job)), default=float("inf"))
        if not self._free_of_memory:
            starts = [(self._room_from(done, ends, job, start), job) for start, job in starts]
        starts = [(start, job) for start, job in starts if start < first]
        return sorted(starts, key=lambda one: (one[0], -self._tails[one[1]]))

    def _fills(self, job: int) -> bool:
        return not self._free_of_memory and any(one.memory in self._scarce for one in self._by[job])

    def _room_from(self, done: int, ends: Sequence[float], job: int, earliest: float) -> float:
        """When the job's bits have room: what has started before it is held until its last user has ended."""
        found = earliest
        for mine in self._by[job]:
            if mine.memory not in self._scarce:
                continue
            held = [other for other in self.jobs.held if other.memory == mine.memory and done >> other.by & 1]
            until = {id(other): self._held_until(done, ends, other) for other in held}
            room = self.jobs.rooms[mine.memory] - mine.bits
            moments = sorted({earliest, *(end for end in until.values() if end > earliest)})
            fits = (t for t in moments if sum(other.bits for other in held if until[id(other)] > t) <= room)
            found = max(found, next(fits, float("inf")))
        return found

    @staticmethod
    def _held_until(done: int, ends: Sequence[float], one: Held) -> float:
        """Infinite where a user has not started yet."""
        if not all(done >> user & 1 for user in one.users):
            return float("inf")
        return max(ends[job] for job in (one.by, *one.users))

    def _known(self, done: int, free: Sequence[float], ends: Sequence[float], last: float) -> bool:
        """Whether the same jobs have been done no later: whatever starts now starts no earlier than `last`."""
        if self._free_of_memory:
            awaited = [
                job
                for job in range(self._count)
                if done >> job & 1 and any(not done >> later & 1 for later in self._after[job])
            ]
        else:
            awaited = [job for job in range(self._count) if done >> job & 1]
        times = (*(max(last, time) for time in free), *(max(last, ends[job]) for job in awaited))
        known = self._seen.setdefault(done, [])
        for other in known:
            if all(mine <= theirs for mine, theirs in zip(other, times, strict=True)):
                return True
        known.append(times)
        return False
