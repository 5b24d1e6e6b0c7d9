"""The numbers that an operator's facts draw: it is defined on them, and its result stays within its type."""

from collections.abc import Callable

import numpy as np
import pytest
from onnx import helper

from onnx2zz.frontend.operators.draws import Place
from onnx2zz.frontend.operators.table import FACTS, facts_of
from onnx2zz.proof.draws import draw
from tests.oracle import lowered, model_of

SHAPE = (3, 5, 7)
RESULTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Acos": np.arccos,
    "Acosh": np.arccosh,
    "Asin": np.arcsin,
    "Atanh": np.arctanh,
    "Log": np.log,
    "Reciprocal": np.reciprocal,
    "ReduceProd": np.prod,
    "Sqrt": np.sqrt,
}


def drawn(op: str, element: type[np.generic]) -> np.ndarray:
    node = helper.make_node(op, ["x"], ["y"])
    graph, _ = lowered(model_of([node], {"x": np.zeros(SHAPE, element)}, {}, ["y"]))
    return draw("x", Place(graph.nodes[0], 0), graph, np.random.default_rng(3))


@pytest.mark.parametrize("op", RESULTS)
def test_real_numbers_are_those_on_which_the_operator_is_defined(op: str) -> None:
    values = drawn(op, np.float32)
    assert values.shape == SHAPE and len(np.unique(values)) > 100
    assert np.isfinite(RESULTS[op](values)).all()


@pytest.mark.parametrize(("op", "power"), [("ReduceSum", 1), ("ReduceL1", 1), ("ReduceSumSquare", 2)])
def test_reduced_integers_stay_within_single_precision(op: str, power: int) -> None:
    values = [abs(int(value)) for value in drawn(op, np.int64).ravel()]
    assert sum(value**power for value in values) <= 1 << 24


def test_what_is_passed_on_is_passed_on_of_the_first_input_at_least() -> None:
    views = [name for name, facts in FACTS.items() if facts.draws.views]
    assert views and all(facts_of(name).draws.passes_on == "first" for name in views)
