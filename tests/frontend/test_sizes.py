"""Sizes and shapes as users give them."""

import numpy as np
import pytest

from onnx2zz.frontend.sizes import as_shape, as_size


@pytest.mark.parametrize("given", [0, 7, np.int64(7)])
def test_a_whole_number_is_a_size(given: int) -> None:
    assert as_size(given) == int(given)


@pytest.mark.parametrize("given", [-1, True, 2.0, "3", None])
def test_nothing_else_is_a_size(given: object) -> None:
    with pytest.raises(ValueError, match="is no size"):
        as_size(given)


def test_a_list_of_sizes_is_a_shape() -> None:
    assert as_shape([1, 3, 224]) == (1, 3, 224) and as_shape(()) == ()


@pytest.mark.parametrize("given", ["3x4", 3, {1: 2}, [3, -4]])
def test_nothing_else_is_a_shape(given: object) -> None:
    with pytest.raises(ValueError, match="is no"):
        as_shape(given)
