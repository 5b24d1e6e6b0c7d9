"""Softmax, LogSoftmax and Hardmax against onnxruntime, before and after opset 13."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.nodes import make_node
from tests.oracle import check_node, distinct

LAYERS = {"Softmax": 4, "LogSoftmax": 4, "Hardmax": 3}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(LAYERS)),
    st.sampled_from([9, 11, 12, 13, 21]),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.data(),
)
def test_passes(op: str, opset: int, shape: list[int], data: st.DataObject) -> None:
    lowest = -len(shape) if opset >= 11 else 0
    axis = data.draw(st.none() | st.integers(lowest, len(shape) - 1))
    if axis is None and opset < 13 and len(shape) == 1:
        axis = 0
    x = 6 * distinct(np.random.default_rng(data.draw(st.integers(0, 99))), *shape)
    node = make_node(op, ["x"], ["y"], **({} if axis is None else {"axis": axis}))
    layers = check_node(node, {"x": x}, opset=opset)
    assert len(layers) == LAYERS[op]
    assert not sum(layer.macs for layer in layers)


@pytest.mark.parametrize(("opset", "axis"), [(13, 1), (12, 1)])
def test_hardmax_takes_the_first_of_equal_maxima(opset: int, axis: int) -> None:
    x = np.array([[[1, 7, 7], [7, 2, 3]], [[4, 5, 5], [0, 5, 1]]], np.float32)
    check_node(helper.make_node("Hardmax", ["x"], ["y"], axis=axis), {"x": x}, opset=opset)


def test_large_scores_do_not_overflow() -> None:
    """exp(800) overflows: the maximum has to come off first."""
    x = 800 * distinct(np.random.default_rng(0), 2, 5)
    check_node(helper.make_node("Softmax", ["x"], ["y"]), {"x": x})


def test_before_opset_13_all_axes_from_the_axis_on_are_one_row() -> None:
    x = distinct(np.random.default_rng(0), 2, 3, 5, 4)
    old = check_node(helper.make_node("Softmax", ["x"], ["y"], axis=2), {"x": x}, opset=12)
    new = check_node(helper.make_node("Softmax", ["x"], ["y"], axis=2), {"x": x}, opset=13)
    assert old[2].output.volume(old[2].sizes) == 2 * 3
    assert new[2].output.volume(new[2].sizes) == 2 * 3 * 4
