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
