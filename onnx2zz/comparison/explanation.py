"""The gap between two runs as a sum of differences, the largest first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.comparison.parts import Objective, Part, Run, memories, parts, total

EXPLAINED = 0.9
"""The share of a gap that is told in sentences; the rest is one sum."""
HIGHEST = "the highest memory"
BELOW = "the memories below the highest"
NOISE = 1e-9
"""Shares of a total below this are what floating-point sums leave."""
Key = tuple[str, str, str]
"""Layer, place and operand."""


@dataclass(frozen=True)
class Difference:
    """One place where two runs differ: `first` and `second` in pJ or cycles, with the elements that move there."""

    layer: str
    place: str
    operand: str
    first: float
    second: float
    first_elements: float = 0
    second_elements: float = 0

    @property
    def gap(self) -> float:
        """What the second takes more."""
        return self.second - self.first


@dataclass(frozen=True)
class Cause:
    """One place and operand: `sums` over all layers, and the layers that differ, the largest first."""

    sums: Difference
    differences: tuple[Difference, ...]

    @property
    def place(self) -> str:
        return self.sums.place

    @property
    def operand(self) -> str:
        return self.sums.operand

    @property
    def gap(self) -> float:
        return math.fsum(one.gap for one in self.differences)


@dataclass(frozen=True)
class Explanation:
    """Why the second run takes more, or less: `differences` add up to the gap; `causes` are they by place and operand,
    as many as explain most of it, largest first; `rest` is what the others come to."""

    objective: Objective
    first: float
    second: float
    differences: tuple[Difference, ...]
    causes: tuple[Cause, ...]
    rest: float

    @property
    def gap(self) -> float:
        """What the second takes more, in pJ or cycles."""
        return self.second - self.first


def explanation(first: Run, second: Run, objective: Objective) -> Explanation:
    """The gap between two runs. Layers are matched by name, memories by name or as the highest of each; what is below
    and has no counterpart of its name is taken together."""
    places = [_places(one, other) for one, other in ((first, second), (second, first))]
    coarse = bool(first.get("system") or second.get("system"))
    sums = [_by_key(parts(run, objective, coarse), place) for run, place in zip((first, second), places, strict=True)]
    differences = [_difference(key, *(known.get(key) for known in sums)) for key in dict.fromkeys([*sums[0], *sums[1]])]
    ends = total(first, objective), total(second, objective)
    least = NOISE * max(*ends, 1.0)
    ranked = sorted((one for one in differences if abs(one.gap) > least), key=lambda one: -abs(one.gap))
    causes = _most_of(_causes(differences, ranked), ends[1] - ends[0])
    rest = math.fsum([*(one.gap for one in ranked), *(-cause.gap for cause in causes)])
    return Explanation(objective, *ends, tuple(ranked), tuple(causes), rest)


def _places(run: Run, other: Run) -> Mapping[str, str]:
    """What each memory of a run is called in the comparison."""
    mine, theirs = list(memories(run)), list(memories(other))
    alike = {name: name if name in theirs else BELOW for name in mine}
    if mine and theirs and mine[-1] != theirs[-1]:
        alike[mine[-1]] = HIGHEST
        alike |= {name: BELOW for name in mine[:-1] if name == theirs[-1]}
    return alike


def _by_key(of_run: Iterable[Part], places: Mapping[str, str]) -> dict[Key, tuple[float, float]]:
    """Value and elements of each layer, place and operand; memories that are taken together are added up."""
    found: dict[Key, tuple[float, float]] = {}
    for part in of_run:
        key = part.layer, places.get(part.place, part.place), part.operand
        value, elements = found.get(key, (0.0, 0.0))
        found[key] = value + part.value, elements + part.elements
    return found


def _difference(key: Key, first: tuple[float, float] | None, second: tuple[float, float] | None) -> Difference:
    (one, its), (other, theirs) = first or (0.0, 0.0), second or (0.0, 0.0)
    return Difference(*key, one, other, its, theirs)


def _causes(differences: Sequence[Difference], ranked: Sequence[Difference]) -> list[Cause]:
    """By place and operand, the largest first; `ranked` are the differences that are any."""
    grouped: dict[tuple[str, str], list[Difference]] = {}
    for one in differences:
        grouped.setdefault((one.place, one.operand), []).append(one)
    found = [
        Cause(_sums(own), tuple(one for one in ranked if (one.place, one.operand) == where))
        for where, own in grouped.items()
    ]
    return sorted(found, key=lambda cause: -abs(cause.gap))


def _sums(own: Sequence[Difference]) -> Difference:
    each = [(one.first, one.second, one.first_elements, one.second_elements) for one in own]
    return Difference("", own[0].place, own[0].operand, *map(math.fsum, zip(*each, strict=True)))


def _most_of(causes: Sequence[Cause], gap: float) -> list[Cause]:
    """The largest causes until what is left of the gap, either way, is a tenth of it at most: a cause that goes against
    the gap is told as well, or the others would seem to explain more than all of it."""
    told: list[Cause] = []
    left = gap
    for cause in causes:
        if abs(left) <= (1 - EXPLAINED) * abs(gap):
            break
        told.append(cause)
        left -= cause.gap
    return told
