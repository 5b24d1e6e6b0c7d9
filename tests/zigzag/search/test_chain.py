"""The cheapest chain against all chains."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import numpy as np
import pytest

from onnx2zz.zigzag.search.chain import Cost, cheapest, cheapest_chains
from onnx2zz.zigzag.search.lattice import ALWAYS, EVERY, NEVER

Place = tuple[int, ...]


def drawn_costs(rng: random.Random, shape: Place) -> list[list[Cost]]:
    """Of two or three operands with one to three borders each, for one candidate."""
    return [
        [drawn_cost(rng, shape, level, levels) for level in range(levels)]
        for levels in (rng.randint(1, 3) for _ in range(rng.randint(2, 3)))
    ]


def drawn_cost(rng: random.Random, shape: Place, level: int, levels: int) -> Cost:
    view = tuple(EVERY for _ in shape)
    if level == 0 and rng.random() < 0.3:
        view = tuple(NEVER for _ in shape)
    elif level == levels - 1 and rng.random() < 0.3:
        view = tuple(ALWAYS for _ in shape)
    lengths = [len(range(length)[part]) for length, part in zip(shape, view, strict=True)]
    values = np.array([rng.choice([np.inf, *range(1, 20)]) for _ in range(int(np.prod(lengths)))], dtype=float)
    return Cost(view, values.reshape(*lengths, 1), goes_on(rng, shape) if view[0] == EVERY else None)


def goes_on(rng: random.Random, shape: Place) -> np.ndarray | None:
    """All places within a box, as tiles that fit are."""
    if rng.random() < 0.4:
        return None
    box = tuple(rng.randint(0, length - 1) for length in shape)
    found = np.zeros((*shape, 1), dtype=np.bool_)
    found[tuple(slice(0, one) for one in box)] = True
    return found


def every_chain(costs: Sequence[Sequence[Cost]], shape: Place) -> Iterator[float]:
    """The sum of each."""
    everything = tuple(length - 1 for length in shape)
    borders = [(op, cost) for op, levels in enumerate(costs) for cost in levels]
    choices = [
        list(product(*(range(n)[part] for n, part in zip(shape, cost.view, strict=True)))) for _, cost in borders
    ]
    for places in product(*choices):
        if not all(below(a, b) or below(b, a) for a, b in product(places, places)):
            continue
        own = [
            [place for (op, _), place in zip(borders, places, strict=True) if op == one] for one in range(len(costs))
        ]
        if not all(below(a, b) for rising in own for a, b in pairwise(rising)):
            continue
        left = (
            cost.goes_on is not None and cost.goes_on[(*farther, 0)] and place != farther
            for (_, cost), place in zip(borders, places, strict=True)
            for farther in (*places, everything)
            if below(place, farther)
        )
        if not any(left):
            yield sum(value(cost, shape, place) for (_, cost), place in zip(borders, places, strict=True))


def below(one: Place, other: Place) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def value(cost: Cost, shape: Place, place: Place) -> float:
    inside = [one - range(n)[part][0] for one, n, part in zip(place, shape, cost.view, strict=True)]
    return float(cost.values[(*inside, 0)])


@pytest.mark.parametrize("seed", range(30))
def test_the_cheapest_chain_is_the_least_of_all_chains(seed: int) -> None:
    rng = random.Random(seed)
    shape = (3, 2)
    costs = drawn_costs(rng, shape)
    while sum(map(len, costs)) > 6:  # the number of all chains
        costs = drawn_costs(rng, shape)
    least = min(every_chain(costs, shape), default=np.inf)
    assert cheapest(costs, (*shape, 1))[0] == least
    if np.isfinite(least):
        (found,), (chain,) = cheapest_chains(costs, (*shape, 1), 1)
        fixed = [
            cost.values.flat[0]
            for levels in costs
            for level, cost in enumerate(levels)
            if cost.view[0] == ALWAYS or (level == 0 and cost.view[0] == NEVER)
        ]
        spent = [value(costs[one.operand][one.level], shape, one.below) for one in chain]
        assert found == least == sum(spent) + sum(fixed)
