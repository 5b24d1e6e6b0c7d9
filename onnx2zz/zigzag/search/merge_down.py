"""Loops that do not move an operand sink to the memory below (mapping/temporal_mapping.py:61-111, 130-170).

A memory's border moves outward past the irrelevant loops right above it, since they reuse what lies below. What the
borders then enclose gives each memory its period, and the runs of loops right below a border its room to prefetch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats, Ints, at
from .nest import Operand
from .orderings import Orderings


@dataclass(frozen=True)
class Borders:
    """One operand's memories, lowest first; every entry (N,).

    cuts: loops at or below; cycles: their product, one refill's period; relevant_run and irrelevant_run: product of the
    loops right below the border that all move, or all do not move, the operand; stationary: product of the innermost
    irrelevant loops, during which the array keeps one element.
    """

    cuts: tuple[Ints, ...]
    cycles: tuple[Floats, ...]
    relevant_run: tuple[Floats, ...]
    irrelevant_run: tuple[Floats, ...]
    stationary: Floats


def merge_down(operand: Operand, cuts: Sequence[Ints], orderings: Orderings) -> Borders:
    irrelevant = orderings.over(operand.irrelevant)
    beyond = run_end(irrelevant)
    merged = [at(beyond, cut) for cut in cuts]
    iterations = orderings.iterations
    # After merging, the runs of loops are counted from the merged border of the memory below: loops that sank belong to
    # that memory and give this one no room to prefetch.
    floors = [np.zeros(len(orderings), dtype=np.intp), *merged[:-1]]
    return Borders(
        cuts=tuple(merged),
        cycles=tuple(at(iterations, cut) for cut in merged),
        relevant_run=_runs(orderings.over(operand.relevant), merged, floors, iterations),
        irrelevant_run=_runs(irrelevant, merged, floors, iterations),
        # From the innermost loop on, whatever the lowest cut is: loops sink through every level, and ZigZag counts
        # those of level 0 when they have come to rest (:94).
        stationary=at(iterations, beyond[:, 0]),
    )


def _runs(flags: Flags, cuts: Sequence[Ints], floors: Sequence[Ints], iterations: Floats) -> tuple[Floats, ...]:
    """Product of the run of flagged loops that ends at each cut and does not pass the cut below it."""
    begin = run_begin(flags)
    return tuple(
        # Both are products of whole numbers and one divides the other, so the quotient is exact.
        at(iterations, cut) / at(iterations, np.maximum(at(begin, cut), floor))
        for cut, floor in zip(cuts, floors, strict=True)
    )


def run_end(flags: Flags) -> Ints:
    """(N, L + 1) from (N, L): the first unflagged position at or after each."""
    length = int(flags.shape[1])
    stops = np.where(np.column_stack((flags, np.zeros(len(flags), dtype=np.bool_))), length, np.arange(length + 1))
    return np.minimum.accumulate(stops[:, ::-1], axis=1)[:, ::-1]


def run_begin(flags: Flags) -> Ints:
    """(N, L + 1) from (N, L): where the run of flagged positions that ends before each begins."""
    starts = np.where(
        np.column_stack((np.zeros(len(flags), dtype=np.bool_), flags)), 0, np.arange(int(flags.shape[1]) + 1)
    )
    return np.maximum.accumulate(starts, axis=1)
