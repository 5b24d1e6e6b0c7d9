"""Where the loops over some dimensions stand in orderings, and the runs that they form."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .arrays import Flags, Ints
from .orderings import Orderings, how_many, remembered

KEPT = 720
"""Of up to so many orderings (six different loops) the runs are kept: 90 kB each."""


@dataclass(frozen=True)
class Runs:
    """begin, end (N, L + 1): where the run of such loops that ends
    before a position begins, and the first position at or after it where none stands. outermost (N,): the position of
    the outermost such loop, -1 if there is none."""

    begin: Ints
    end: Ints
    outermost: Ints


def runs_over(orderings: Orderings, dims: Sequence[int]) -> Runs:
    """Those of the loops over some dimensions."""
    kind = tuple(dim in dims for dim in orderings.loops.dims)
    counts = orderings.loops.counts
    # A table of all orderings depends on how often loops occur, and not on which they are: so do its runs, which many
    # operands under many unrollings have in common.
    if how_many(counts) <= KEPT and orderings.loop is remembered(counts)[0]:
        return _kept(counts, kind)
    return runs_of(np.array(kind).take(orderings.loop))


@lru_cache(maxsize=128)
def _kept(counts: tuple[int, ...], kind: tuple[bool, ...]) -> Runs:
    found = runs_of(np.array(kind).take(remembered(counts)[0]))
    for array in (found.begin, found.end, found.outermost):
        array.setflags(write=False)
    return found


def runs_of(flags: Flags) -> Runs:
    """Of flags (N, L)."""
    length = int(flags.shape[1])
    none = np.zeros(len(flags), dtype=np.bool_)
    position = np.arange(length + 1)
    starts = np.where(np.column_stack((none, flags)), 0, position)
    stops = np.where(np.column_stack((flags, none)), length, position)
    return Runs(
        begin=np.maximum.accumulate(starts, axis=1),
        # Not the reversed view: each reading of it would copy it.
        end=np.ascontiguousarray(np.minimum.accumulate(stops[:, ::-1], axis=1)[:, ::-1]),
        outermost=np.where(flags, position[:-1], -1).max(axis=1, initial=-1),
    )
