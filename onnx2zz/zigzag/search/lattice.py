"""The lattice of multisets of temporal loops: an axis for each prime factor of a loop, a place for how often it occurs
below a border. Candidates whose loops factor alike share one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrays import Flags, Floats
from .loop_factors import primes_of

Whole = NDArray[np.int64]
View: TypeAlias = tuple[slice, ...]
"""Per loop: how often it may occur below a border."""

EVERY, NEVER, ALWAYS = slice(None), slice(0, 1), slice(-1, None)


@dataclass(frozen=True)
class Ladder:
    """How much of one loop may lie below a border: (places, C) steps each, rising from 1, and whether all of it does.
    Several ladders may be over one loop: what lies below is their product. `counts`: how many factors each place is,
    at most."""

    dim: int
    below: Floats
    complete: Flags
    counts: tuple[int, ...]

    def places(self, kept: Sequence[int]) -> "Ladder":
        """With some of the places."""
        return Ladder(self.dim, self.below[kept], self.complete[kept], tuple(self.counts[place] for place in kept))


def prime_ladders(steps: Whole) -> list[Ladder]:
    """Every multiset of the prime factors of steps (C, loops), an axis for each distinct prime of a loop. Primes are in
    the order of how often they occur, so that candidates whose steps factor alike share the axes; what one of them
    lacks is a loop of one step, which changes nothing."""
    found: list[Ladder] = []
    for dim in range(steps.shape[1]):
        distinct, inverse = np.unique(steps[:, dim], return_inverse=True)
        factors = [factored(int(step)) for step in distinct]
        # A loop of 12 steps and one of 18 both have a prime that occurs twice and one that occurs once. On shared axes
        # they are looked at in one array, whatever the primes are.
        for axis in range(max(map(len, factors), default=0)):
            pairs = np.array([one[axis] if axis < len(one) else (1, 0) for one in factors])
            primes, times = pairs[inverse].T
            places = np.arange(int(times.max()) + 1)[:, None]
            # An axis is as long as the candidate with the most needs it; the others stay where all of the loop lies
            # below.
            below: Floats = np.power(primes.astype(float), np.minimum(places, times))
            found.append(Ladder(dim, below, places >= times, tuple(range(len(places)))))
    return found


def short_ladders(steps: Whole) -> list[Ladder]:
    """Nothing, the least prime factor, or all of each loop of steps (C, loops)."""
    found: list[Ladder] = []
    for dim in range(steps.shape[1]):
        distinct, inverse = np.unique(steps[:, dim], return_inverse=True)
        if distinct[-1] > 1:
            least = np.array([min(primes_of(int(step)), default=1) for step in distinct])[inverse]
            below = np.stack([np.ones(len(steps)), least.astype(float), steps[:, dim].astype(float)])
            found.append(Ladder(dim, below, below == below[-1], (0, 1, 2)))
    return found


@lru_cache(maxsize=1 << 14)
def factored(step: int) -> tuple[tuple[int, int], ...]:
    """(prime, how often), the most frequent first."""
    found = Counter(primes_of(step))
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def where_any(view: View, fits: Flags) -> View:
    """The view without the outer places at which no candidate's tile fits: small memories take few of all places."""
    found = list(view)
    for axis in range(fits.ndim - 1):
        others = tuple(other for other in range(fits.ndim) if other != axis)
        places = np.flatnonzero(fits.any(axis=others))
        length = int(places[-1]) + 1 if len(places) else 1
        if length < fits.shape[axis]:
            start: int = view[axis].start or 0
            found[axis] = slice(start, start + length)
    return tuple(found)
