"""Array types of the search, and the one indexing idiom that it needs.

N is the number of orderings priced together, L the number of temporal loops. A *cut* is a position 0..L in an ordering,
innermost loop first: the loops below it are the first `cut` ones.
"""

from functools import lru_cache
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]


Element = TypeVar("Element", bound=np.generic)


def at(values: NDArray[Element], cut: Ints) -> NDArray[Element]:
    """values (N, M) read at one column a row, `cut` (N,)."""
    return values.ravel().take(_row_starts(len(cut), values.shape[1]) + cut)


@lru_cache(maxsize=32)
def _row_starts(rows: int, width: int) -> Ints:
    """Where each row begins in the raveled array."""
    # Asked for a hundred times for each layer that is priced, mostly of a few shapes.
    found = np.arange(0, rows * width, width)
    found.setflags(write=False)
    return found
