"""Which parameter moves which total, by how much: runs that differ in one thing alone, set beside each other."""

import math
from collections.abc import Iterator, Mapping, Sequence
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
    Factors of which no two values meet in runs that are otherwise alike have none, those whose values meet in several
    sets (each template has its own) one for each; numbers must be above 0."""
    names = factors(rows)
    found = [one for measure in measures for factor in names for one in _effects(rows, factor, measure, names)]
    return sorted(found, key=lambda one: (measures.index(one.measure), -one.size))


def _effects(rows: Sequence[Row], factor: str, measure: str, names: Sequence[str]) -> Iterator[Effect]:
    told = [row for row in rows if (row.get(measure) or 0) > 0]
    groups = list(alike_but_for(told, factor, names))
    left = values_of(told, factor)
    # Values of templates with other ranges never meet in one group of runs: each such set has a base of its own.
    while left:
        ratios = _ratios(groups, left[0], measure)
        reached = [value for value in left if value in ratios]
        if len(reached) > 1:
            yield _mean_effect(factor, measure, {value: ratios[value] for value in reached})
        left = [value for value in left[1:] if value not in ratios]


def _ratios(groups: Sequence[Mapping[Any, Row]], base: object, measure: str) -> Mapping[Any, list[float]]:
    """By value, how many times the number at `base` it is in each group that has both."""
    found: dict[Any, list[float]] = {}
    for group in groups:
        if base in group:
            for value, row in group.items():
                found.setdefault(value, []).append(row[measure] / group[base][measure])
    return found


def _mean_effect(factor: str, measure: str, ratios: Mapping[Any, Sequence[float]]) -> Effect:
    times = tuple(math.exp(math.fsum(map(math.log, own)) / len(own)) for own in ratios.values())
    last = list(ratios.values())[-1]
    return Effect(factor, measure, tuple(ratios), times, min(last), max(last), len(last))
