"""A latency that no schedule of a model on a system goes below, whatever its splits, placement and order.

Three things take their time in any schedule: the loop iterations of all layers over all units of all cores; what must
come and go through the off-chip port once; and the steps of a recurrence one after the other. The largest binds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Cycles below which no latency and no interval lies, and what says so."""

    latency: float
    interval: float
    why: str
    parts: Mapping[str, float]

    def document(self) -> dict[str, object]:
        return {"latency_cycles": self.latency, "interval_cycles": self.interval, "why": self.why}


def bounds(parts: Mapping[str, float]) -> Bounds:
    """The largest of several bounds, each with what it says."""
    why, latency = max(parts.items(), key=lambda part: part[1])
    return Bounds(latency, latency, why, parts)


def work_bound(work: Sequence[Sequence[float]]) -> float:
    """The time of cores that share all work without rest. `work`: for each layer the cycles that all of it takes at
    least on each core (infinite where it may not run): even if each layer runs only where it is fastest, the cores
    together need that many cycles; and so do those of each group that some layers are bound to."""
    places = [frozenset(core for core, cycles in enumerate(each) if cycles < math.inf) for each in work]
    groups = {*places, frozenset[int]().union(*places)} - {frozenset[int]()}
    loads = [
        sum(min(each) for each, place in zip(work, places, strict=True) if place and place <= group) / len(group)
        for group in groups
    ]
    return max(loads, default=0.0)
