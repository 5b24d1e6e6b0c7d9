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
    wanted = min(DISTINCT, kinds(values), possible)
    for some in (flat[:: max(1, flat.size // FIRST_LOOK)], flat):
        found = len(np.unique(some))
        if found >= wanted:
            return ""
    return f"{found} distinct value{'s' if found > 1 else ''}"


def has_no_more(results: Sequence[Sequence[np.ndarray]]) -> bool:
    """Whether an operator that gives few values has no more to give (four rows of a small image resized, say).

    `results`: its outputs on several fresh operands. They have as many values every time, and never the same ones.
    """
    outputs = [[values for values in some if values.size] for some in results]
    finite = all(np.isfinite(v).all() for some in outputs for v in some if v.dtype.kind == "f")
    if not finite or len(results) < 2:
        return False
    counts = {tuple(_apart(values) for values in some) for some in outputs}
    moves = (not np.array_equal(a, b) for some, others in pairwise(outputs) for a, b in zip(some, others, strict=True))
    return len(counts) == 1 and all(moves)


ROUNDING = 1e-5  # of the largest value


def _apart(values: np.ndarray) -> int:
    """How many distinct values there are, those that only rounding parts taken as one."""
    ordered = np.sort(values.astype(np.float64), axis=None)
    return 1 + int((np.diff(ordered) > ROUNDING * np.abs(ordered).max()).sum())


def same(results: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether two runs gave the same finite values."""
    return all(np.array_equal(a, b) and np.isfinite(a).all() for a, b in zip(results, others, strict=True))


def kinds(values: np.ndarray) -> int:
    """How many distinct values there could be."""
    return min(values.size, 2) if values.dtype == bool else values.size
