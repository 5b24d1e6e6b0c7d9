"""Arithmetic in a sweep file: Python's own, and nothing but arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.design_space.expression import evaluate

NAMES = {"npes": 12, "kib": 7.5, "technology": {"energy": 0.4, "shrink": 3}}

leaf = st.sampled_from(["npes", "kib", "3", "0.25", "technology_energy"])
expressions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(inner, inner).map(lambda pair: f"max({pair[0]}, {pair[1]})"),
    ),
    max_leaves=8,
)


@given(expressions)
def test_it_is_python_s_arithmetic(text: str) -> None:
    theirs = eval(text, {"npes": 12, "kib": 7.5, "technology_energy": 0.4, "max": max})
    assert evaluate(text.replace("technology_energy", "technology.energy"), NAMES) == theirs


@pytest.mark.parametrize(
    ("text", "value"),
    [("npes // 5", 2), ("npes % 5", 2), ("2 ** 10", 1024), ("ceil(kib)", 8), ("sqrt(npes / 3)", 2), ("log2(8)", 3)],
)
def test_operators_and_functions(text: str, value: int) -> None:
    assert evaluate(text, NAMES) == value


def test_whole_numbers_stay_whole() -> None:
    assert isinstance(evaluate("npes * 16", NAMES), int)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("npe * 2", "no parameter npe; did you mean npes?"),
        ("technology * 2", "several figures: technology.energy, technology.shrink"),
        ("technology.energi", "did you mean energy?"),
        ("npes.energy", "npes is one number"),
        ("npes +", "no arithmetic expression"),
        ("1 / (npes - 12)", "cannot be computed"),
        ("9 ** 9 ** 9", "exponent"),
        ("((((9 ** 64) ** 64) ** 64) ** 64) ** 64", "beyond all bounds"),
        ("10 ** 64 * 10 ** 64 * 10 ** 64 * 10 ** 64 * 10 ** 64", "cannot be computed"),
        ("(" * 5000, "no arithmetic expression"),
        ("(-8) ** 0.5", "no number to go on with"),
        ("ceiling(3)", "no function ceiling; did you mean ceil?"),
        ("__import__('os')", "no function"),
        ("npes.__class__", "one number"),
        ("[1, 2]", "not understood"),
        ("'a'", "not understood"),
        ("True", "not understood"),
        ("max(1, key=2)", "not understood"),
    ],
)
def test_what_is_no_arithmetic_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        evaluate(text, NAMES)
    assert said in str(error.value)


def test_infinity_is_refused() -> None:
    with pytest.raises(ValueError, match="no number to go on with"):
        evaluate("x * 10", {"x": math.inf})
