"""Counting what strided loops reach, against walking them."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.errors import InputError
from onnx2zz.ir.stepped import count

loops = st.lists(st.tuples(st.integers(-7, 7), st.integers(1, 9)), max_size=3)


@given(st.integers(-9, 9), loops, st.integers(-40, 20), st.integers(0, 70))
def test_the_count_is_that_of_the_numbers_that_a_walk_meets(
    offset: int, loops: list[tuple[int, int]], low: int, width: int
) -> None:
    walked = {
        offset + sum(step * i for (step, _), i in zip(loops, point, strict=True))
        for point in product(*(range(size) for _, size in loops))
    }
    assert count(offset, loops, low, low + width) == sum(low <= number <= low + width for number in walked)


def test_an_axis_of_two_billion_windows_that_leave_gaps_is_not_walked() -> None:
    """Windows of 2 at 3n, 3n + 1: two of three elements, of which the last window's second lies outside."""
    windows = 2**31 // 3
    assert count(0, [(3, windows), (1, 2)], 0, 3 * windows - 3) == 2 * windows - 1


def test_two_endless_loops_are_refused() -> None:
    with pytest.raises(InputError, match="a layer: reaches elements of an axis in 2,147,483,648 ways"):
        count(0, [(3, 2**31), (2, 2**31)], 0, 2**33)
