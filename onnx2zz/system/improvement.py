"""A schedule made better, one layer changed at a time: what tables of costs cannot know, a schedule in full tells.

Where schedules are short this costs little. Every other candidate of a layer is scheduled in the place of its own, and
on other cores; what is better is kept, until nothing is or the allowance is spent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Generic, Protocol, TypeVar

from onnx2zz.system.candidate import Candidate
from onnx2zz.system.network import CoreId

MOST_JOBS = 2_000
"""Tiles and transfers that are given times while a schedule is made better, all tries together."""
LARGEST = 150
"""Jobs of a schedule that is made better: of a larger one too few changes could be tried to be worth it."""
MOST_PLACES = 24
"""Orders of cores that a candidate is tried on."""


class Scheduled(Protocol):
    """A schedule and the candidates that it came from."""

    @property
    def tilings(self) -> Mapping[int, Candidate]: ...
    @property
    def jobs(self) -> int: ...


Found = TypeVar("Found", bound=Scheduled)
Choice = Mapping[int, Candidate]


def improved(
    starts: Sequence[Found],
    options: Mapping[int, Sequence[Candidate]],
    scheduled: Callable[[Choice], Found | None],
    merit: Callable[[Found], tuple[float, ...]],
    most: int = MOST_JOBS,
) -> Found:
    """The best schedule that changes of single layers lead to from any of `starts`, the best of which is tried first.
    `options`: the candidates of each layer; `scheduled` makes a choice's schedule (None: it does not fit); `most`: jobs
    that are given times."""
    tries = _Tries(options, scheduled, merit, most)
    return min((tries.descend(start) for start in sorted(starts, key=merit)), key=merit)


@dataclass
class _Tries(Generic[Found]):
    """What has been tried, and how much of the allowance it took."""

    options: Mapping[int, Sequence[Candidate]]
    scheduled: Callable[[Choice], Found | None]
    merit: Callable[[Found], tuple[float, ...]]
    most: int
    spent: int = 0
    known: set[tuple[Candidate, ...]] = field(default_factory=set[tuple[Candidate, ...]])

    def descend(self, best: Found) -> Found:
        """Change one layer after the other until no change of any is better."""
        waiting = list(self.options)
        while waiting and self.spent < self.most:
            layer = waiting.pop(0)
            better = self._with_another(best, layer)
            if better is not best:
                best = better
                # Once a layer has changed, what was no better for the others may be: they are looked at again, behind
                # those still waiting.
                waiting = [
                    *(one for one in waiting if one != layer),
                    *(one for one in self.options if one not in waiting),
                ]
        return best

    def _with_another(self, best: Found, layer: int) -> Found:
        for candidate in self.options[layer]:
            choice = {**best.tilings, layer: candidate}
            key = tuple(choice[one] for one in self.options)
            # A try takes as many jobs as the schedule has: a last one beyond the allowance is not begun.
            if key in self.known or self.spent + best.jobs > self.most:
                continue
            self.known.add(key)
            self.spent += best.jobs
            found = self.scheduled(choice)
            if found is not None and self.merit(found) < self.merit(best):
                best = found
        return best


def on_other_cores(candidate: Candidate, alike: Sequence[CoreId]) -> Iterator[Candidate]:
    """A candidate, then the same on other cores of its kind and in other orders of them, as far as these are few."""
    yield candidate
    for number, cores in enumerate(permutations(alike, len(candidate.cores))):
        if number == MOST_PLACES:
            return
        if cores != candidate.cores:
            yield replace(candidate, cores=cores)
