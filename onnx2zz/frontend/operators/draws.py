"""What random numbers the proof of an operator takes, where any would tell nothing, overflow, or not be allowed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from onnx2zz.frontend.graph import Graph, Node

WIDEST = 1 << 12
"""Beyond this an int32 (a bias beside sums of products) would drown what it is added to."""
MANY = 100
"""The end of the range of an integer of which nothing is known, where nothing but one node depends on it."""


@dataclass(frozen=True)
class Place:
    """Where a tensor is read: the node and which of its inputs."""

    node: Node
    index: int


Draw = Callable[[Place, Graph, tuple[int, ...], np.random.Generator], np.ndarray | None]
"""Values of a shape for a place; None where ordinary ones will do."""
FanIn = Callable[[Place, Graph], int]
"""How many products an element of the result adds up, by the weights at a place."""


@dataclass(frozen=True)
class Draws:
    """The draws for one operator.

    `reals` and `integers`: its own values. `positive`: inputs under a root or a logarithm, or that divide or scale.
    `fan_in`: weights, which are scaled by what is added up. `rows`: the input that counts rows of the first.
    `steered`: its inputs beyond the first say where elements go, so that no random values can stand in their place.
    `views`: its output has elements of its first input and no others. `passes_on`: the inputs that it hands on as they
    are, so that the values have to fit its readers. `few_operands`: its operands need not be finite, or have many
    values. `few_results`: the distinct values that it has to give at most.
    """

    reals: Draw | None = None
    integers: Draw | None = None
    positive: frozenset[int] = frozenset()
    fan_in: Mapping[int, FanIn] = field(default_factory=dict[int, FanIn])
    rows: int | None = None
    steered: bool = False
    views: bool = False
    passes_on: Literal["nothing", "first", "all"] = "nothing"
    few_operands: bool = False
    few_results: int | None = None


def positive(*inputs: int) -> Draws:
    """Ordinary draws but for inputs that must be positive."""
    return Draws(positive=frozenset(inputs))


ORDINARY = Draws()
STEERED = Draws(steered=True)
VIEW = Draws(views=True, passes_on="first")
STEERED_VIEW = Draws(views=True, passes_on="first", steered=True)


def uniform(low: float, high: float) -> Draw:
    """Numbers of a range, all as likely."""
    return lambda place, graph, shape, rng: rng.uniform(low, high, shape)


def normal(size: float) -> Draw:
    """Numbers of either sign and of that size."""
    return lambda place, graph, shape, rng: rng.normal(0.0, size, shape)
