"""The cheapest choice for each layer, against trying all of them."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.system.choice import cheapest, cost


@settings(max_examples=150)
@given(st.data())
def test_the_cheapest_choice_is_the_cheapest_of_all(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    joined = [pair for pair in combinations(range(len(sizes)), 2) if data.draw(st.booleans())]
    nodes = {n: rng.integers(0, 50, size).astype(float) for n, size in enumerate(sizes)}
    pairs = {(a, b): rng.integers(0, 50, (sizes[a], sizes[b])).astype(float) for a, b in joined}
    every = (
        sum(float(nodes[n][c]) for n, c in enumerate(choice))
        + sum(float(table[choice[a], choice[b]]) for (a, b), table in pairs.items())
        for choice in product(*map(range, sizes))
    )
    chosen = cheapest(nodes, pairs)
    assert set(chosen) == set(nodes)
    assert cost(chosen, nodes, pairs) == pytest.approx(min(every))


def test_a_tensor_that_many_layers_read_needs_no_table_of_all_their_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of six layers with each other: one table would have 25,200 entries. What is found costs little more than
    the least, which a search of all finds."""
    monkeypatch.setattr("onnx2zz.system.choice.LARGEST_TABLE", 1 << 12)
    rng = np.random.default_rng(7)
    sizes = (5, 6, 7, 4, 5, 6)
    nodes = {n: rng.integers(0, 900, size).astype(float) for n, size in enumerate(sizes)}
    joined = list(combinations(range(len(sizes)), 2))
    pairs = {(a, b): rng.integers(0, 90, (sizes[a], sizes[b])).astype(float) for a, b in joined}
    least = min(cost(dict(enumerate(choice)), nodes, pairs) for choice in product(*map(range, sizes)))
    assert least <= cost(cheapest(nodes, pairs), nodes, pairs) <= 1.1 * least


@pytest.mark.parametrize("sizes", [(2,), (1,), (2, 1, 4)])
def test_a_tensor_that_more_layers_read_than_an_array_has_axes(sizes: tuple[int, ...]) -> None:
    """Each reader has nothing to do with the others, so that the least is known for each choice of the producer."""
    rng = np.random.default_rng(3)
    readers = {n: sizes[n % len(sizes)] for n in range(1, 67)}
    nodes = {0: rng.random(sizes[0])} | {n: rng.random(size) for n, size in readers.items()}
    pairs = {(0, n): rng.random((sizes[0], size)) for n, size in readers.items()}
    chosen = cheapest(nodes, pairs)
    least = nodes[0] + sum((nodes[n] + pairs[0, n]).min(axis=1) for n in readers)
    assert chosen[0] == least.argmin()
    assert cost(chosen, nodes, pairs) == pytest.approx(least.min())
