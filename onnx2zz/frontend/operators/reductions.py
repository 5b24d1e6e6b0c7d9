"""Reductions: numbers whose sums, squares and products stay within their type.

Source: ONNX operator pages.
"""

import math
from dataclasses import replace

import numpy as np

from onnx2zz.frontend.graph import Graph
from onnx2zz.frontend.operators.draws import WIDEST, Draw, Draws, Place
from onnx2zz.frontend.operators.facts import OperatorFacts

LARGEST_SUM = 1 << 24  # of integers that are reduced; single precision, in which onnxruntime may add them, holds it
LARGEST_PRODUCT = 24  # factors of two


def _factors(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Integers of which few are other than 1 and -1."""
    count = max(1, math.prod(shape))
    factors = rng.integers(2, 4, shape) ** (rng.random(shape) < LARGEST_PRODUCT / 4 / count)
    return factors * rng.choice([-1, 1], shape)


def _near_one(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Factors of either sign of which a long product neither overflows nor vanishes."""
    return np.exp(rng.normal(0.0, 1.0, shape) / math.sqrt(max(1, math.prod(shape)))) * rng.choice([-1.0, 1.0], shape)


def _addends(*, squared: bool = False, positive: bool = False) -> Draw:
    """Integers whose sum, or sum of squares, is not too large."""

    def draw(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        count = max(1, math.prod(shape))
        most = min(WIDEST, max(2, math.isqrt(LARGEST_SUM // count) if squared else LARGEST_SUM // count))
        return rng.integers(1 if positive else -most, most, shape, endpoint=True)

    return draw


SUM = Draws(integers=_addends())
SUM_OF_SQUARES = Draws(integers=_addends(squared=True))
FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("ReduceSum", draws=replace(SUM, steered=True)),
    OperatorFacts("ReduceMean", draws=replace(SUM, steered=True)),
    OperatorFacts("ReduceL1", draws=SUM),
    OperatorFacts("ReduceLogSumExp", draws=SUM),
    OperatorFacts("ReduceL2", draws=SUM_OF_SQUARES),
    OperatorFacts("ReduceSumSquare", draws=SUM_OF_SQUARES),
    OperatorFacts("ReduceLogSum", draws=Draws(integers=_addends(positive=True), positive=frozenset({0}))),
    OperatorFacts("ReduceProd", draws=Draws(reals=_near_one, integers=_factors, few_operands=True)),
)
