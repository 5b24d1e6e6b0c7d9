"""Sums of what the borders take, none of which is above the latency: the array with what it waits for a port, or a port
on its own, and either with the first loads of one input and the last ones of the results (docs/optimal.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from onnx2zz.zigzag.search.border import Border
from onnx2zz.zigzag.search.chain import Cost, Costs, cheapest
from onnx2zz.zigzag.search.crossings import Crossings

Floats = NDArray[np.float64]
Borders: TypeAlias = Sequence[Sequence[Border]]
"""Per operand, lowest first."""


Kind: TypeAlias = Literal["array", "waits", "works", "passes", "queues"]


@dataclass(frozen=True)
class Sum:
    """Cycles at least: those of the `array`, also with what it `waits` for a port, or those in which the port `works`
    during the computation; each with the loads of one input and of the results. Or all cycles that the port needs for
    what `passes`, before, during and after it, since what is hidden needs cycles that the port has left, and what other
    links load. Or the same of what `queues` behind the other input (search/queues.py)."""

    kind: Kind
    port: int
    of_input: int

    def of(self, op: int, border: Border) -> Floats:
        nothing = np.zeros(1)
        if self.kind == "queues":
            return border.queued.get((self.port, self.of_input), nothing)
        counts = op in (0, self.of_input)
        if self.kind == "passes":
            passing = (border.passing if counts else border.steady).get(self.port, nothing)
            return reduce(add, self._elsewhere(border), passing) if counts else passing
        loading = reduce(add, border.loading.values(), nothing) if counts else nothing
        if self.kind == "array":
            return loading
        return (border.waiting if self.kind == "waits" else border.busy).get(self.port, nothing) + loading

    def _elsewhere(self, border: Border) -> Iterator[Floats]:
        """What the links load that do not end at the port."""
        return (cycles for ends, cycles in border.loading.items() if self.port not in ends)

    def base(self, crossings: Crossings) -> Floats:
        """(C,): what does not depend on the borders."""
        of_array = crossings.iterations if self.kind in ("array", "waits") else 0.0
        return of_array + crossings.spread.drain


@dataclass(frozen=True)
class Mixture:
    """Sums with weights that add up to one."""

    shares: tuple[tuple[Sum, float], ...]

    def of(self, op: int, border: Border) -> Floats:
        # Infinite stands for "cannot lie here", with any weight.
        return reduce(add, (weight * one.of(op, border) for one, weight in self.shares), np.zeros(1))

    def base(self, crossings: Crossings) -> Floats:
        return reduce(add, (weight * one.base(crossings) for one, weight in self.shares), np.zeros(1))


Sums: TypeAlias = Sequence[Sum | Mixture]


def sums_of(crossings: Crossings, borders: Borders) -> list[Sum]:
    """Those that may be more than the iterations of the array: with each border where it takes most they are, for some
    candidate."""
    found: dict[tuple[Kind, int], Floats] = {}
    queues: dict[Sum, None] = {}
    for levels in borders:
        for border in levels:
            _add(found, "waits", border.waiting)
            _add(found, "works", border.busy)
            _add(found, "passes", border.passing)
            # Only those that may take longer are there.
            queues.update(dict.fromkeys(Sum("queues", *behind) for behind in border.queued))
    kept: list[tuple[Kind, int]] = [("array", 0)]
    for (kind, port), taken in found.items():
        if (taken > (0.0 if kind == "waits" else crossings.iterations)).any():
            kept.append((kind, port))
    return [*(Sum(kind, port, of_input) for kind, port in kept for of_input in crossings.ground.nest.inputs), *queues]


def _add(found: dict[tuple[Kind, int], Floats], kind: Kind, cycles: Mapping[int, Floats]) -> None:
    for port, taken in cycles.items():
        finite = np.where(np.isfinite(taken), taken, 0.0)
        found[kind, port] = found.get((kind, port), 0.0) + finite.reshape(-1, finite.shape[-1]).max(axis=0)


def least_of(sums: Sums, borders: Borders, crossings: Crossings) -> Floats:
    """(sums, C): each at least."""
    count = len(crossings.iterations)
    shape = (*crossings.shape[:-1], len(sums) * count)
    least = cheapest(columns(borders, sums, count), shape).reshape(len(sums), count)
    return np.array([one.base(crossings) for one in sums]) + least


def columns(borders: Borders, sums: Sums, count: int) -> Costs:
    """The costs of all sums side by side; `count`: C."""
    return [
        [
            Cost(border.view, _side_by_side(border, op, sums, count), _repeated(border.goes_on, len(sums), count))
            for border in levels
        ]
        for op, levels in enumerate(borders)
    ]


def _side_by_side(border: Border, op: int, sums: Sums, count: int) -> Floats:
    fits = np.where(np.isinf(border.energy), np.inf, 0.0)
    found = [one.of(op, border) + fits for one in sums]
    shape = np.broadcast_shapes(*(values.shape for values in found), (count,))
    return np.concatenate([np.broadcast_to(values, shape) for values in found], axis=-1)


def _repeated(goes_on: NDArray[np.bool_] | None, times: int, count: int) -> NDArray[np.bool_] | None:
    if goes_on is None:
        return None
    return np.concatenate([np.broadcast_to(goes_on, (*goes_on.shape[:-1], count))] * times, axis=-1)
