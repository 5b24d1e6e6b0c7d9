"""Sums of arrays against Python's own `sum`, which is not the same in every version."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.zigzag.search.python_sum import sum_of_floats, sum_of_numbers


def fraction(part: int, whole: int) -> float:
    return part / whole


def whole_if_it_is(value: float) -> float:
    return int(value) if value.is_integer() else value


fractions = st.builds(fraction, st.integers(0, 10**9), st.integers(1, 10**6))
numbers = st.integers(0, 10**9) | fractions.map(whole_if_it_is)


@pytest.mark.parametrize(("ours", "terms"), [(sum_of_floats, fractions), (sum_of_numbers, numbers)])
@given(data=st.data(), length=st.integers(1, 5))
def test_sums_are_pythons(
    ours: Callable[[list[np.ndarray]], np.ndarray], terms: st.SearchStrategy[float], data: st.DataObject, length: int
) -> None:
    row = st.lists(terms, min_size=length, max_size=length)
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    assert ours(list(np.array(rows, float).T)).tolist() == [sum(row) for row in rows]


def test_a_term_that_all_orderings_share() -> None:
    shared = [np.array([0.1]), np.array([0.2, 7.0]), np.array([0.3])]
    assert sum_of_numbers(shared).tolist() == [sum([0.1, 0.2, 0.3]), sum([0.1, 7, 0.3])]
    assert sum_of_floats(shared).tolist() == [sum([0.1, 0.2, 0.3]), sum([0.1, 7.0, 0.3])]
