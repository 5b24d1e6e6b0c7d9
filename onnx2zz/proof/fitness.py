"""Whether values can tell a right layer from a wrong one."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

DISTINCT = 8
FIRST_LOOK = 4096


def unfit(values: np.ndarray, possible: int = DISTINCT) -> str:
    """Why values prove nothing; "" if they do.

    They do if they are finite and 8 of them are distinct, or as many as there are elements, as their type has values,
    or as are `possible` at all.
    """
    if not values.size:
        return ""
    flat = values.ravel()
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        return "not finite"
    # Eight distinct values make it unlikely that exchanged axes or a missing term give the same result.
    wanted = min(DISTINCT, kinds(values), possible)
    # Sorting a whole activation takes longer than the node; a sample nearly always has enough already.
    for some in (flat[:: max(1, flat.size // FIRST_LOOK)], flat):
        found = len(np.unique(some))
        if found >= wanted:
            return ""
    return f"{found} distinct value{'s' if found > 1 else ''}"


def moves(results: Sequence[Sequence[np.ndarray]]) -> bool:
    """Whether an operator's outputs on several fresh operands are not always the same, and infinite at the same places
    every time, if anywhere (behind a Pad with -infinity).

    Few values (four rows of a small image resized, short sequences) are then all that it has to give.
    """
    return all(_moves([values.ravel() for values in runs]) for runs in zip(*results, strict=True))


def _moves(runs: Sequence[np.ndarray]) -> bool:
    """The same of one output."""
    finite = [np.isfinite(values.astype(np.float64)) for values in runs]
    # Infinities at other places each time are an overflow, and no property of the operator.
    if any(np.isnan(v.astype(np.float64)).any() for v in runs) or not all(np.array_equal(finite[0], f) for f in finite):
        return False
    return not runs[0].size or any(
        not np.array_equal(one[finite[0]], other[finite[0]]) for one, other in pairwise(runs)
    )


def richness(values: Sequence[np.ndarray]) -> int:
    """How many distinct values there are in the array that has the fewest."""
    return min((len(np.unique(v)) for v in values if v.size), default=0)


def same(results: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether two runs gave the same finite values."""
    return all(np.array_equal(a, b) and np.isfinite(a).all() for a, b in zip(results, others, strict=True))


def kinds(values: np.ndarray) -> int:
    """How many distinct values there could be."""
    return min(values.size, 2) if values.dtype == bool else values.size
