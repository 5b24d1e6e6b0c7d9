"""Whether values can tell a right layer from a wrong one."""

import numpy as np

DISTINCT = 8
FIRST_LOOK = 4096


def unfit(values: np.ndarray) -> str:
    """Why values prove nothing: not finite, or fewer than 8 distinct ones (or all there could be); "" if they do."""
    if not values.size:
        return ""
    flat = values.ravel()
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        return "not finite"
    wanted = min(DISTINCT, flat.size, 2 if flat.dtype == bool else DISTINCT)
    for some in (flat[:: max(1, flat.size // FIRST_LOOK)], flat):
        found = len(np.unique(some))
        if found >= wanted:
            return ""
    return f"{found} distinct value{'s' if found > 1 else ''}"
