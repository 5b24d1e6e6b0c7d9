"""Pools against onnxruntime: uneven pads, ceil_mode, dilations, padding that counts or does not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.oracle import check_node, distinct


@st.composite
def pools(draw: st.DrawFn):
    """A pool node with its input."""
    rank = draw(st.integers(1, 3))
    op = draw(st.sampled_from(["MaxPool", "AveragePool"]))
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    dilations = [draw(st.integers(1, 2)) for _ in range(rank)]
    strides = [draw(st.integers(1, 3)) for _ in range(rank)]
    extents = [(kernel[i] - 1) * dilations[i] + 1 + draw(st.integers(0, 4)) for i in range(rank)]
    attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
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
    x = distinct(
        np.random.default_rng(draw(st.integers(0, 99))), draw(st.integers(1, 2)), draw(st.integers(1, 3)), *extents
    )
    return helper.make_node(op, ["x"], ["y"], **attributes), {"x": x}


@settings(max_examples=80, deadline=None)
@given(pools())
def test_windows(case) -> None:
    node, inputs = case
    check_node(node, inputs, opset=19)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["GlobalAveragePool", "GlobalMaxPool"]), st.lists(st.integers(1, 5), min_size=3, max_size=5))
def test_whole_channels(op: str, shape: list[int]) -> None:
    (layer,) = check_node(helper.make_node(op, ["x"], ["y"]), {"x": distinct(np.random.default_rng(0), *shape)})
    assert layer.operations == np.prod(shape)
