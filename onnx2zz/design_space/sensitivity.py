"""Which parameter moves which total, by how much: runs that differ in one thing alone, set beside each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onnx2zz.design_space.factors import Row, alike_but_for, factors, values_of


@dataclass(frozen=True)
class Effect:
    """A factor's effect on a measure: how many times the number at `values[0]` it is at each of `values`, the geometric
    mean over all runs that are alike in everything else. `least` and `most`: of single pairs, at the last value.
    `pairs`: how many there are of these."""

    factor: str
    measure: str
    values: tuple[Any, ...]
    times: tuple[float, ...]
    least: float
    most: float
    pairs: int

    @property
    def size(self) -> float:
        """From the smallest to the largest of the means, in octaves: 1 is twice as much."""
        return math.log2(max(self.times) / min(self.times))


def effects(rows: Sequence[Row], measures: Sequence[str]) -> list[Effect]:
    """Of one model's rows (parameters taken apart): each factor on each measure, by measure, the strongest first.
    Factors of which no two values meet in runs that are otherwise alike have none; numbers must be above 0."""
    names = factors(rows)
    found = [one for measure in measures for factor in names if (one := _effect(rows, factor, measure, names))]
    return sorted(found, key=lambda one: (measures.index(one.measure), -one.size))


def _effect(rows: Sequence[Row], factor: str, measure: str, names: Sequence[str]) -> Effect | None:
    values = values_of(rows, factor)
    told = [row for row in rows if (row.get(measure) or 0) > 0]
    ratios: dict[Any, list[float]] = {}
    # Ratios within groups that differ in this factor alone: means over all runs would tell of the other factors, of
    # which each value has others.
    for group in alike_but_for(told, factor, names):
        if values[0] in group:
            for value, row in group.items():
                ratios.setdefault(value, []).append(row[measure] / group[values[0]][measure])
    reached = [value for value in values if value in ratios]
    if len(reached) < 2:
        return None
    # Geometric: twice and half cancel out, whichever value is taken as the first.
    times = tuple(math.exp(math.fsum(map(math.log, ratios[value])) / len(ratios[value])) for value in reached)
    last = ratios[reached[-1]]
    return Effect(factor, measure, tuple(reached), times, min(last), max(last), len(last))
