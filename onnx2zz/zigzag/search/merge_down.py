"""Loops that do not move an operand sink to the memory below (mapping/temporal_mapping.py:61-111, 130-170).

A memory's border moves outward past the irrelevant loops right above it, since they reuse what lies below. What the
borders then enclose gives each memory its period, and the runs of loops right below a border its room to prefetch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Ints, at
from .nest import Operand
from .orderings import Orderings
from .runs import Runs, runs_over


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
    irrelevant = runs_over(orderings, operand.irrelevant)
    merged = [at(irrelevant.end, cut) for cut in cuts]
    iterations = orderings.iterations
    cycles = tuple(at(iterations, cut) for cut in merged)
    # After merging, the runs of loops are counted from the merged border of the memory below: loops that sank belong to
    # that memory and give this one no room to prefetch.
    floors = [np.zeros(len(orderings), dtype=np.intp), *merged[:-1]]
    return Borders(
        cuts=tuple(merged),
        cycles=cycles,
        relevant_run=_runs(runs_over(orderings, operand.relevant), merged, floors, cycles, iterations),
        irrelevant_run=_runs(irrelevant, merged, floors, cycles, iterations),
        # From the innermost loop on, whatever the lowest cut is: loops sink through every level, and ZigZag counts
        # those of level 0 when they have come to rest (:94).
        stationary=at(iterations, irrelevant.end[:, 0]),
    )


def _runs(
    runs: Runs, cuts: Sequence[Ints], floors: Sequence[Ints], cycles: Sequence[Floats], iterations: Floats
) -> tuple[Floats, ...]:
    """Product of the run that ends at each cut and does not pass the cut below it."""
    return tuple(
        # Both are products of whole numbers and one divides the other, so the quotient is exact.
        below / at(iterations, np.maximum(at(runs.begin, cut), floor))
        for cut, floor, below in zip(cuts, floors, cycles, strict=True)
    )
