"""Python's `sum`, element by element. Since 3.12 it gives back what rounding loses (Neumaier, 1974), of floats only."""

import sys
from collections.abc import Sequence
from functools import reduce

import numpy as np

from .arrays import Floats

GIVES_BACK = sys.version_info >= (3, 12)


def sum_of_floats(terms: Sequence[Floats]) -> Floats:
    """What `sum` makes of floats that are not negative."""
    total = lost = np.zeros(1)
    for term in terms:
        grown = total + term
        # CPython takes the larger by absolute value first; none of these is negative.
        lost = lost + ((np.maximum(total, term) - grown) + np.minimum(total, term))
        total = grown
    return total + lost if GIVES_BACK else total


def sum_of_numbers(terms: Sequence[Floats]) -> Floats:
    """What `sum` makes of numbers that ZigZag holds as ints where they are whole, and as floats elsewhere."""
    total: Floats = reduce(np.add, terms, np.zeros(1))
    if len(terms) < 3:  # rounded once at most, and nothing is given back that would not be rounded off again
        return total
    columns = np.stack(np.broadcast_arrays(*terms))
    for row in np.flatnonzero((columns % 1).any(axis=0)):
        # Ints and floats mixed are summed by rules of their own, which differ between Pythons; such rows are few.
        total[row] = sum(int(term) if term.is_integer() else term for term in columns[:, row].tolist())
    return total
