"""Which candidate ZigZag's reducers keep (stages/results/reduce_stages.py): the first of the best, in LOMA's order."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from zigzag.datatypes import LayerDim

from .arrays import Floats

Objective: TypeAlias = Literal["latency", "energy", "EDP"]
OBJECTIVES: tuple[Objective, ...] = ("latency", "energy", "EDP")


@dataclass(frozen=True)
class Candidate:
    """A loop ordering, innermost first, with its price in pJ and cycles; rank: its place among LOMA's orderings."""

    rank: int
    ordering: tuple[tuple[LayerDim, int], ...]
    energy: float
    latency: float


def first_best(objective: Objective, energy: Floats, latency: Floats) -> int:
    """The row that stays when all are compared one after the other by strict `<`.

    Costs that are NaN make prices NaN."""
    if objective == "EDP":
        return _first_least(latency * energy)
    major, minor = (energy, latency) if objective == "energy" else (latency, energy)
    first = _first_least(major)
    equal = np.flatnonzero(major == major[first])
    return int(equal[_first_least(minor[equal])]) if len(equal) else first


def _first_least(values: Floats) -> int:
    """Nothing is less than NaN, and NaN is less than nothing: it stays if it comes first."""
    return 0 if np.isnan(values[0]) else int(np.nanargmin(values))


def better(objective: Objective, new: Candidate, old: Candidate) -> bool:
    """Whether the reducer replaces `old` by `new`."""
    if objective == "EDP":
        return new.latency * new.energy < old.latency * old.energy
    if objective == "energy":
        return (new.energy, new.latency) < (old.energy, old.latency)
    return (new.latency, new.energy) < (old.latency, old.energy)
