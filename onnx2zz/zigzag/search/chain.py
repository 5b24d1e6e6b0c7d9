"""The cheapest chain: where all borders of a layer lie at once, whatever the loop ordering.

The loops below a border are below every border farther out: all borders lie on one rising chain of multisets. So the
least energy over all orderings and all cuts is a cheapest path through the lattice of multisets on which each
operand's borders are placed from the lowest to the highest. It is found for many candidates at once, state by state
(how many borders of each operand are placed), each state the running minimum along every axis of the lattice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np

from .arrays import Floats
from .crossings import NEVER, View

State: TypeAlias = tuple[int, ...]
"""How many borders of each operand are placed."""


@dataclass(frozen=True)
class Cost:
    """What a border costs at the places of `view`, C last."""

    view: View
    values: Floats


Costs: TypeAlias = Sequence[Sequence[Cost]]
"""Per operand, lowest border first."""


def cheapest(costs: Costs, shape: tuple[int, ...]) -> Floats:
    """(C,): the least sum of all borders on one chain. shape: of the lattice, C last."""
    *_, (_, last) = _states(costs, shape)
    return last.min(axis=tuple(range(len(shape) - 1)))


@dataclass(frozen=True)
class Placed:
    """A border and the multiset below it."""

    operand: int
    level: int
    below: tuple[int, ...]


def cheapest_chain(costs: Costs, shape: tuple[int, ...]) -> tuple[Placed, ...]:
    """Where the borders of one candidate (C = 1) lie at the least sum, innermost first."""
    reached = {state: values[..., 0] for state, values in _states(costs, shape)}
    state, begin = tuple(len(levels) for levels in costs), _begin(costs)
    place = np.unravel_index(int(reached[state].argmin()), shape[:-1])
    found: list[Placed] = []
    # What is kept is the least cost of each state and place, not the way to it: that would be an index for each of
    # millions of places, for a chain that few candidates need.
    while state != begin:
        one = _last_placed(costs, reached, state, begin, tuple(int(index) for index in place))
        found.append(one)
        state = _before(state, one.operand)
        place = one.below
    return tuple(reversed(found))


def _last_placed(
    costs: Costs, reached: dict[State, Floats], state: State, begin: State, place: tuple[int, ...]
) -> Placed:
    """The border that was placed last on the cheapest chain to this state within `place`."""
    # The values are running minima, so the border may lie anywhere at or below this place.
    within = tuple(slice(0, index + 1) for index in place)
    best: tuple[float, Placed] | None = None
    for operand, placed in enumerate(state):
        if placed == begin[operand]:
            continue
        cost = costs[operand][placed - 1]
        values = _sum(reached[_before(state, operand)], cost)[within]
        here = int(values.argmin())
        if best is None or values.flat[here] < best[0]:
            below = tuple(int(index) for index in np.unravel_index(here, values.shape))
            best = float(values.flat[here]), Placed(operand, placed - 1, below)
    assert best is not None
    return best[1]


def _sum(before: Floats, cost: Cost) -> Floats:
    found = np.full(before.shape, np.inf)
    found[cost.view] = before[cost.view] + cost.values[..., 0]
    return found


def _before(state: State, operand: int) -> State:
    return tuple(placed - (other == operand) for other, placed in enumerate(state))


def _begin(costs: Costs) -> State:
    """What is placed before any loop lies below: a lowest border that can lie nowhere else."""
    return tuple(int(all(one == NEVER for one in levels[0].view)) for levels in costs)


def _states(costs: Costs, shape: tuple[int, ...]) -> Iterator[tuple[State, Floats]]:
    """Each state with the least cost to reach it within each multiset; the last one has all borders placed."""
    reached: dict[State, Floats] = {}
    begin, end = _begin(costs), tuple(len(levels) for levels in costs)
    # A lowest border that can lie at one place only costs the same on every chain. As a state of its own it would
    # double the number of states.
    at_once = sum((levels[0].values for levels, placed in zip(costs, begin, strict=True) if placed), np.zeros(1))
    # In this order each state comes after those with one border less, of which it is made.
    for state in product(*(range(first, last + 1) for first, last in zip(begin, end, strict=True))):
        values = np.full(shape, np.inf)
        if state == begin:
            values[:] = at_once
        for operand, placed in enumerate(state):
            if placed > begin[operand]:
                cost = costs[operand][placed - 1]
                here = values[cost.view]
                np.minimum(here, reached[_before(state, operand)][cost.view] + cost.values, out=here)
        # Nothing is placed, so nothing varies along any axis yet.
        if state != begin:
            rise(values)
        reached[state] = values
        yield state, values


def rise(values: Floats) -> None:
    """Running minimum along every axis but the last, in place."""
    before = 1
    for length in values.shape[:-1]:
        # One view with the axis in the middle: moving axes takes numpy longer than the minima of a small lattice do.
        along = values.reshape(before, length, -1)
        for index in range(1, length):
            np.minimum(along[:, index - 1], along[:, index], out=along[:, index])
        before *= length
