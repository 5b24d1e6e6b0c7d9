"""The cheapest chain: where all borders of a layer lie at once, whatever the loop ordering.

The loops below a border are below every border farther out: all borders lie on one rising chain of multisets. So the
least energy over all orderings and all cuts is a cheapest path through the lattice of multisets on which each
operand's borders are placed from the lowest to the highest. It is found for many candidates at once, state by state
(how many borders of each operand are placed), each state the running minimum along every axis of the lattice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arrays import Element, Flags, Floats
from .lattice import ALWAYS, NEVER, View

State: TypeAlias = tuple[int, ...]
"""How many borders of each operand are placed."""


@dataclass(frozen=True)
class Cost:
    """What a border costs at the places of `view`, C last. `goes_on`: the places, of the whole lattice, below which
    this border cannot lie if one of its neighbours is there (greed.py)."""

    view: View
    values: Floats
    goes_on: Flags | None = None


Costs: TypeAlias = Sequence[Sequence[Cost]]
"""Per operand, lowest border first."""


def cheapest(costs: Costs, shape: tuple[int, ...]) -> Floats:
    """(C,): the least sum of all borders on one chain. shape: of the lattice, C last."""
    *_, (_, last) = _States(costs, shape).run()
    # The loops all together are a place on every chain, too.
    return last[(-1,) * (last.ndim - 1)] + _beyond(costs)


@dataclass(frozen=True)
class Placed:
    """A border and the multiset below it."""

    operand: int
    level: int
    below: tuple[int, ...]


def cheapest_chains(costs: Costs, shape: tuple[int, ...], most: int) -> tuple[Floats, list[tuple[Placed, ...]]]:
    """(C,): the least sum of each column; and for so many of them, those with the greatest, where the borders lie then,
    innermost first; without those that can lie at one place only."""
    states = _States(costs, shape)
    reached = dict(states.run())
    last = reached[states.end]
    least = last[(-1,) * (last.ndim - 1)] + _beyond(costs)
    dearest = np.argsort(-least, kind="stable")[:most].tolist()
    return least, [_Way(states, reached, column).chain() for column in dearest]


class Viewed(Protocol):
    """A border with the places at which it may lie."""

    @property
    def view(self) -> View: ...


Seen = TypeVar("Seen", bound=Viewed)


def fixed(levels: Sequence[Seen]) -> Sequence[Seen]:
    """The borders of an operand that can lie at one place only: below all loops, or above all of them."""
    return [*levels[: _begins(levels)], *levels[_ends(levels) :]]


def _begins(levels: Sequence[Viewed]) -> int:
    """What is placed before any loop lies below: a lowest border that can lie nowhere else."""
    return int(bool(levels) and all(one == NEVER for one in levels[0].view))


def _ends(levels: Sequence[Viewed]) -> int:
    """Borders before the first one that has all loops below it, as has every border farther out."""
    above = (place for place, cost in enumerate(levels) if all(one == ALWAYS for one in cost.view))
    return max(_begins(levels), next(above, len(levels)))


def _beyond(costs: Costs) -> Floats:
    return sum((cost.values.reshape(-1) for levels in costs for cost in levels[_ends(levels) :]), np.zeros(1))


class _States:
    """The states on one lattice."""

    def __init__(self, costs: Costs, shape: tuple[int, ...]):
        self.costs, self.shape = costs, shape
        self.begin, self.end = tuple(map(_begins, costs)), tuple(map(_ends, costs))
        # Per operand and borders placed: where none of those may have been placed further in.
        self.goes_on = [
            _gathered([cost.goes_on for cost in levels[begin:end]])
            for levels, begin, end in zip(costs, self.begin, self.end, strict=True)
        ]

    def run(self) -> Iterator[tuple[State, Floats]]:
        """Each state with the least cost to reach it within each multiset; the last one has all borders placed."""
        reached: dict[State, Floats] = {}
        # A lowest border that can lie at one place only costs the same on every chain. As a state of its own it would
        # double the number of states.
        at_once = sum(
            (levels[0].values for levels, placed in zip(self.costs, self.begin, strict=True) if placed), np.zeros(1)
        )
        # In this order each state comes after those with one border less, of which it is made.
        for state in product(*(range(first, last + 1) for first, last in zip(self.begin, self.end, strict=True))):
            values = np.full(self.shape, np.inf)
            if state == self.begin:
                values[:] = at_once
            for operand, placed in enumerate(state):
                if placed > self.begin[operand]:
                    cost = self.costs[operand][placed - 1]
                    here = values[cost.view]
                    np.minimum(here, reached[before(state, operand)][cost.view] + cost.values, out=here)
            # Nothing is placed, so nothing varies along any axis yet.
            if state != self.begin:
                values = self._risen(state, values)
            reached[state] = values
            yield state, values

    def _risen(self, state: State, values: Floats) -> Floats:
        only_here = self.only_here(state)
        risen = values if only_here is None else values.copy()
        rise(risen)
        if only_here is not None:
            np.copyto(risen, values, where=only_here)
        return risen

    def only_here(self, state: State) -> Flags | None:
        """The places at which a border must have been placed last, and not further in."""
        placed = (
            found[one - first] for found, one, first in zip(self.goes_on, state, self.begin, strict=True) if one > first
        )
        return reduce(_either, placed, None)


def _gathered(flags: Sequence[Flags | None]) -> list[Flags | None]:
    found: list[Flags | None] = [None]
    for one in flags:
        found.append(_either(found[-1], one))
    return found


def _either(one: Flags | None, other: Flags | None) -> Flags | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


@dataclass(frozen=True)
class _Way:
    """Back from the last state to the first, in one column."""

    states: _States
    reached: dict[State, Floats]
    column: int

    def chain(self) -> tuple[Placed, ...]:
        state = self.states.end
        place = tuple(length - 1 for length in self.states.shape[:-1])
        found: list[Placed] = []
        # What is kept is the least cost of each state and place, not the way to it: that would be an index for each of
        # millions of places, for a chain that few candidates need.
        while state != self.states.begin:
            one = self._last_placed(state, place)
            found.append(one)
            state, place = before(state, one.operand), one.below
        return tuple(reversed(found))

    def _last_placed(self, state: State, place: tuple[int, ...]) -> Placed:
        """The border that was placed last on the cheapest chain to this state within `place`."""
        only_here = self.states.only_here(state)
        here = only_here is not None and bool(self._column(np.broadcast_to(only_here, self.states.shape))[place])
        # The values are running minima, so the border may lie anywhere at or below this place.
        within = tuple(slice(index if here else 0, index + 1) for index in place)
        best: tuple[float, Placed] | None = None
        for operand, placed in enumerate(state):
            if placed == self.states.begin[operand]:
                continue
            values = self._sum(before(state, operand), self.states.costs[operand][placed - 1])[within]
            least = int(values.argmin())
            if best is None or values.flat[least] < best[0]:
                found = np.unravel_index(least, values.shape)
                below = place if here else tuple(int(index) for index in found)
                best = float(values.flat[least]), Placed(operand, placed - 1, below)
        assert best is not None
        return best[1]

    def _sum(self, state: State, cost: Cost) -> Floats:
        reached = self._column(self.reached[state])
        found = np.full(reached.shape, np.inf)
        found[cost.view] = reached[cost.view] + self._column(cost.values)
        return found

    def _column(self, values: NDArray[Element]) -> NDArray[Element]:
        return values[..., min(self.column, values.shape[-1] - 1)]


def before(state: State, operand: int) -> State:
    """With one border of an operand less."""
    return tuple(placed - (other == operand) for other, placed in enumerate(state))


def rise(values: Floats) -> None:
    """Running minimum along every axis but the last, in place."""
    before = 1
    for length in values.shape[:-1]:
        # One view with the axis in the middle: moving axes takes numpy longer than the minima of a small lattice do.
        along = values.reshape(before, length, -1)
        for index in range(1, length):
            np.minimum(along[:, index - 1], along[:, index], out=along[:, index])
        before *= length
