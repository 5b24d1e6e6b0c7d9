"""A loop over several array dims, as ZigZag converts it (stages/mapping/spatial_mapping_conversion.py)."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Whole: TypeAlias = NDArray[np.int64]


def steps_are_whole(factors: Whole, size: int) -> NDArray[np.bool_]:
    """Whether ZigZag runs through all of a loop of `size`, so that cycles times units are the operations. `factors`
    (candidates, array dims): how often each array dim unrolls it."""
    place = np.arange(factors.shape[1], dtype=np.int64)
    # Of a loop on several array dims ZigZag adjusts the first of the largest factors only (:195-213, 265-297), by what
    # lies before it. `argmax` takes the first of equals, too.
    adjusted = factors.argmax(axis=1)[:, None]
    up_to = np.where(place <= adjusted, factors, 1).prod(axis=1)
    later = np.where(place > adjusted, factors, 1).prod(axis=1)
    return -(-size // up_to) % later == 0
