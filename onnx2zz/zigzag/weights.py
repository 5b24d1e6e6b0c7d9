"""Weights of several costs under which the cheapest of some ways is as dear as can be: one side of a matrix game."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PIVOTS = 200
"""More of them than a table of this size needs; should it go in circles, any weights are right, only not the best."""


def dearest_weights(costs: Floats) -> Floats:
    """(costs,) that add up to one, for (ways, costs) of which no row is all zero: the least weighted sum of all rows is
    as large as can be.

    Dantzig's simplex method on the other player's linear program: the most of sum(y) with costs.T @ y <= 1. The prices
    of its rows are the weights, but for a factor.
    """
    ways, count = costs.shape
    table = np.zeros((count + 1, ways + count + 1))
    table[:count, :ways] = costs.T / costs.max()
    table[:count, ways:-1] = np.eye(count)
    table[:count, -1] = 1
    table[-1, :ways] = -1
    for _ in range(PIVOTS):
        column = int(table[-1, :-1].argmin())
        if table[-1, column] >= -1e-12:
            break
        steps = np.full(count, np.inf)
        rising = table[:count, column] > 1e-12
        steps[rising] = table[:count, -1][rising] / table[:count, column][rising]
        row = int(steps.argmin())
        table[row] /= table[row, column]
        share = table[:, column].copy()
        share[row] = 0.0
        table -= np.outer(share, table[row])
    prices = np.maximum(table[-1, ways:-1], 0.0)
    return prices / prices.sum()
