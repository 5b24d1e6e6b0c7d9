"""Pools against onnxruntime: uneven pads, ceil_mode, dilations, padding that counts or does not."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct


@st.composite
def pools(draw: st.DrawFn) -> tuple[onnx.NodeProto, dict[str, np.ndarray], int]:
    """A pool node with its input."""
    rank = draw(st.integers(1, 3))
    op = draw(st.sampled_from(["MaxPool", "AveragePool", "LpPool"]))
    opset = draw(st.sampled_from([11, 19, 22]))
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    dilations = [draw(st.integers(1, 2)) for _ in range(rank)]
    strides = [draw(st.integers(1, 3)) for _ in range(rank)]
    extents = [(kernel[i] - 1) * dilations[i] + 1 + draw(st.integers(0, 4)) for i in range(rank)]
    attributes: dict[str, Attribute] = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
    if draw(st.booleans()):
        attributes |= {
            "auto_pad": draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"])),
            "dilations": [1] * rank,
        }
        # onnxruntime refuses the negative padding that "same" would need for strides beyond the kernel
        attributes["strides"] = [min(s, k) for s, k in zip(strides, kernel, strict=True)]
    else:
        attributes |= {"pads": [draw(st.integers(0, kernel[i % rank] - 1)) for i in range(2 * rank)]}
        attributes |= {"ceil_mode": draw(st.integers(0, 1))}
    if op == "AveragePool":
        attributes["count_include_pad"] = draw(st.integers(0, 1))
        if opset < 19:
            del attributes["dilations"]
    x = distinct(
        np.random.default_rng(draw(st.integers(0, 99))), draw(st.integers(1, 2)), draw(st.integers(1, 3)), *extents
    )
    if op == "LpPool":
        attributes["p"] = draw(st.integers(1, 3))
        if opset < 18:
            attributes = {k: v for k, v in attributes.items() if k not in ("dilations", "ceil_mode")}
    return make_node(op, ["x"], ["y"], **attributes), {"x": x}, opset


@settings(max_examples=80, deadline=None)
@given(pools())
def test_windows(case: tuple[onnx.NodeProto, dict[str, np.ndarray], int]) -> None:
    node, inputs, opset = case
    check_node(node, inputs, opset=opset)


@pytest.mark.parametrize("opset", [11, 19, 22])
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_ceil_mode_begins_no_window_in_the_end_padding(op: str, opset: int) -> None:
    """onnx's inference counted such windows before opset 22, against the operator page and onnxruntime."""
    x = distinct(np.random.default_rng(0), 1, 2, 4)
    node = helper.make_node(op, ["x"], ["y"], kernel_shape=[4], strides=[2], pads=[0, 3], ceil_mode=1)
    (layer,) = check_node(node, {"x": x}, opset=opset)
    assert layer.sizes["OX"] == 2


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"]),
    st.lists(st.integers(1, 5), min_size=3, max_size=5),
)
def test_whole_channels(op: str, shape: list[int]) -> None:
    (layer,) = check_node(helper.make_node(op, ["x"], ["y"]), {"x": distinct(np.random.default_rng(0), *shape)})
    assert layer.operations == np.prod(shape)
