"""Which candidate ZigZag's reducers keep (stages/results/reduce_stages.py): the first of the best, in LOMA's order."""

from dataclasses import dataclass

import numpy as np
from zigzag.datatypes import LayerDim

from onnx2zz.zigzag.objective import ObjectiveName, objective

from .arrays import Floats


@dataclass(frozen=True)
class Candidate:
    """A loop ordering, innermost first, with its price in pJ and cycles; rank: its place among LOMA's orderings."""

    rank: int
    ordering: tuple[tuple[LayerDim, int], ...]
    energy: float
    latency: float


def first_best(name: ObjectiveName, energy: Floats, latency: Floats) -> int:
    """The row that stays when all are compared one after the other by strict `<`.

    Costs that are NaN make prices NaN."""
    rows = np.arange(len(energy))
    for values in objective(name).criteria(energy, latency):
        first = _first_least(values[rows])
        equal = np.flatnonzero(values[rows] == values[rows[first]])
        if not len(equal):  # NaN came first, and is not even equal to itself
            return int(rows[first])
        rows = rows[equal]
    return int(rows[0])


def _first_least(values: Floats) -> int:
    """Nothing is less than NaN, and NaN is less than nothing: it stays if it comes first."""
    return 0 if np.isnan(values[0]) else int(np.nanargmin(values))


def better(name: ObjectiveName, new: Candidate, old: Candidate) -> bool:
    """Whether the reducer replaces `old` by `new`."""
    criteria = objective(name).criteria
    return criteria(new.energy, new.latency) < criteria(old.energy, old.latency)
