"""LRN, InstanceNormalization, GroupNormalization, MeanVarianceNormalization, LpNormalization against onnxruntime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.oracle import check_node, distinct

images = st.lists(st.integers(2, 5), min_size=3, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=4, max_size=4), st.integers(1, 3), st.floats(0.01, 2.0))
def test_lrn(shape: list[int], half: int, alpha: float) -> None:
    """onnxruntime takes odd windows of four-dimensional tensors."""
    node = helper.make_node("LRN", ["x"], ["y"], size=2 * half - 1, alpha=alpha, beta=0.6, bias=1.5)
    squares, product = check_node(node, {"x": distinct(np.random.default_rng(0), *shape)})
    assert squares.operations == product.operations * (2 * half - 1)


def test_a_row_of_zeros_has_no_norm_to_divide_by() -> None:
    x = distinct(np.random.default_rng(0), 2, 3, 4)
    x[1] = 0
    check_node(helper.make_node("LpNormalization", ["x"], ["y"], axis=2), {"x": x}, opset=22)


@settings(max_examples=30, deadline=None)
@given(images, st.booleans())
def test_instance_norm(shape: list[int], constant: bool) -> None:
    rng = np.random.default_rng(0)
    vectors = {name: distinct(rng, shape[1]) for name in ("scale", "shift")}
    inputs = {"x": distinct(rng, *shape)} | ({} if constant else vectors)
    node = helper.make_node("InstanceNormalization", ["x", "scale", "shift"], ["y"], epsilon=1e-3)
    layers = check_node(node, inputs, vectors if constant else {})
    assert [layer.operator_type for layer in layers[:4]] == ["Pooling", "Add", "Pooling", "Add"]
    assert len(layers) == (4 if constant else 6)


@pytest.mark.parametrize("opset", [18, 21])
@settings(max_examples=20, deadline=None)
@given(images, st.integers(2, 3), st.booleans())
def test_group_norm(opset: int, shape: list[int], groups: int, constant: bool) -> None:
    """Scale and bias are one a group in version 18, one a channel from 21 on."""
    shape = [shape[0], groups * shape[1], *shape[2:]]
    rng = np.random.default_rng(0)
    vectors = {name: distinct(rng, groups if opset < 21 else shape[1]) for name in ("scale", "shift")}
    inputs = {"x": distinct(rng, *shape)} | ({} if constant else vectors)
    node = helper.make_node("GroupNormalization", ["x", "scale", "shift"], ["y"], num_groups=groups)
    mean, *_ = check_node(node, inputs, vectors if constant else {}, opset)
    assert mean.output.volume(mean.sizes) == shape[0] * groups


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 5), min_size=4, max_size=4), st.sets(st.integers(0, 3), min_size=1, max_size=4))
def test_mean_variance_norm(shape: list[int], axes: set[int]) -> None:
    node = helper.make_node("MeanVarianceNormalization", ["x"], ["y"], axes=sorted(axes))
    assert len(check_node(node, {"x": distinct(np.random.default_rng(0), *shape)}, opset=13)) == 4


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.sampled_from([1, 2]), st.data())
def test_lp_norm(shape: list[int], p: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = distinct(np.random.default_rng(0), *shape) + np.float32(1.0)
    check_node(helper.make_node("LpNormalization", ["x"], ["y"], p=p, axis=axis), {"x": x})
