"""Weights under which the cheapest way is dearest, against the other player's side of the same game."""

import numpy as np
import pytest

from onnx2zz.zigzag.weights import dearest_weights


@pytest.mark.parametrize("seed", range(20))
def test_of_two_costs_the_weights_are_the_best_there_are(seed: int) -> None:
    costs = np.random.default_rng(seed).uniform(0.1, 10, (7, 2))
    weights = dearest_weights(costs)
    # The least weighted sum is the lower hull of seven straight lines: it is greatest at an end or where two cross.
    first, second = costs.T
    rise = first - second
    crossings = [
        (second[j] - second[i]) / (rise[i] - rise[j]) for i in range(7) for j in range(7) if rise[i] != rise[j]
    ]
    shares = [0.0, 1.0, *(share for share in crossings if 0 < share < 1)]
    best = max(float((costs @ [share, 1 - share]).min()) for share in shares)
    assert weights.sum() == pytest.approx(1)
    assert (costs @ weights).min() == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_no_mixture_of_ways_is_below_what_the_weights_prove(seed: int) -> None:
    """By duality: what one side can be sure of is never above what the other can; here they are equal, which is only
    possible if both are the best."""
    costs = np.random.default_rng(seed).uniform(0, 1e6, (9, 13))
    weights = dearest_weights(costs)
    mixture = dearest_weights((costs.max() - costs).T)
    assert (weights >= 0).all() and weights.sum() == pytest.approx(1)
    assert (costs @ weights).min() == pytest.approx((mixture @ costs).max(), rel=1e-6)


def test_a_cost_that_is_always_the_greatest_gets_all_the_weight() -> None:
    costs = np.array([[5.0, 1.0, 4.0], [6.0, 2.0, 0.0], [5.5, 0.0, 3.0]])
    assert dearest_weights(costs).tolist() == [1.0, 0.0, 0.0]
