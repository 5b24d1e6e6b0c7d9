"""Whether values can tell a right layer from a wrong one."""

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


def kinds(values: np.ndarray) -> int:
    """How many distinct values there could be."""
    return min(values.size, 2) if values.dtype == bool else values.size
