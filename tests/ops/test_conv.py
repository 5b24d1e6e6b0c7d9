"""Conv against onnxruntime: 1-D to 3-D, groups, strides, dilations, uneven pads, auto_pad."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.nodes import make_node
from tests.oracle import check_node, distinct


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[onnx.NodeProto, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A Conv node with its input and weights; no two sizes need be alike, group and multiplier are drawn."""
    rank = draw(st.integers(1, 3))
    group, c, k = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    batch = draw(st.integers(1, 2))
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    dilations = [draw(st.integers(1, 2)) for _ in range(rank)]
    strides = [draw(st.integers(1, 3)) for _ in range(rank)]
    extents = [(kernel[i] - 1) * dilations[i] + 1 + draw(st.integers(0, 4)) for i in range(rank)]
    attributes = {"strides": strides, "dilations": dilations, "group": group}
    padding = draw(st.sampled_from(["pads", "SAME_UPPER", "SAME_LOWER", "VALID", "none"]))
    if padding == "pads":
        attributes["pads"] = [draw(st.integers(0, 3)) for _ in range(2 * rank)]
    elif padding != "none":
        attributes |= {"auto_pad": padding, "dilations": [1] * rank}
    if draw(st.booleans()):
        attributes["kernel_shape"] = kernel
    bias = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = distinct(rng, batch, group * c, *extents)
    constants = {"w": distinct(rng, group * k, c, *kernel)} | ({"b": distinct(rng, group * k)} if bias else {})
    return make_node("Conv", ["x", *constants], ["y"], **attributes), {"x": x}, constants


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_loop_nest_computes_what_onnxruntime_computes(
    case: tuple[onnx.NodeProto, dict[str, np.ndarray], dict[str, np.ndarray]],
) -> None:
    node, inputs, constants = case
    (layer,) = check_node(node, inputs, constants)
    weights, out = constants["w"].shape, layer.output.volume(layer.sizes)
    assert layer.macs == out * int(np.prod(weights[1:]))


def test_variable_weights_and_bias_are_operands() -> None:
    rng = np.random.default_rng(0)
    inputs = {"x": distinct(rng, 1, 2, 5, 7), "w": distinct(rng, 3, 2, 2, 3), "b": distinct(rng, 3)}
    product, bias = check_node(helper.make_node("Conv", ["x", "w", "b"], ["y"]), inputs)
    assert (product.operator_type, bias.operator_type) == ("Conv", "Add")


@pytest.mark.parametrize(
    ("attributes", "kernel", "extents", "pads"),
    [
        ({"pads": [0, 3, 0, 3]}, (1, 7), (9, 17), ((0, 0), (3, 3))),
        ({"strides": [2, 1]}, (3, 2), (9, 8), ((0, 0), (0, 0))),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 3]}, (3, 4), (8, 11), ((1, 0), (1, 1))),
    ],
)
def test_rows_are_rows_and_columns_are_columns(
    attributes: dict[str, list[int] | str],
    kernel: tuple[int, int],
    extents: tuple[int, int],
    pads: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    """What ZigZag's own reader swaps (parser/onnx/conv_parser.py:72): y is ONNX's first spatial axis."""
    rng = np.random.default_rng(0)
    constants = {"w": distinct(rng, 4, 3, *kernel)}
    node = make_node("Conv", ["x", "w"], ["y"], **attributes)
    (layer,) = check_node(node, {"x": distinct(rng, 1, 3, *extents)}, constants)
    sizes = layer.sizes
    assert (sizes["FY"], sizes["FX"]) == kernel
    assert tuple(axis.padding(sizes) for axis in layer.inputs[0].axes[2:]) == pads
