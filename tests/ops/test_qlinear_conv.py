"""QLinearConv and ConvInteger against onnxruntime, bit for bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.nodes import make_node
from tests.ops.quantised_tensors import parameters, quantised
from tests.oracle import check_node


@st.composite
def convolutions(
    draw: st.DrawFn,
) -> tuple[np.random.Generator, tuple[int, ...], tuple[int, ...], dict[str, int | list[int]]]:
    """Sizes and attributes of a 2-D convolution."""
    group, c, k = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel = [draw(st.integers(1, 3)), draw(st.integers(1, 3))]
    extents = [kernel[0] + draw(st.integers(0, 3)), kernel[1] + draw(st.integers(0, 4))]
    attributes = {
        "group": group,
        "strides": [draw(st.integers(1, 2)), draw(st.integers(1, 2))],
        "pads": [draw(st.integers(0, 2)) for _ in range(4)],
    }
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return rng, (draw(st.integers(1, 2)), group * c, *extents), (group * k, c, *kernel), attributes


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.sampled_from([np.uint8, np.int8]), st.booleans(), st.booleans())
def test_qlinear_conv(
    case: tuple[np.random.Generator, tuple[int, ...], tuple[int, ...], dict[str, int | list[int]]],
    dtype: type[np.int8] | type[np.uint8],
    per_channel: bool,
    bias: bool,
) -> None:
    rng, x_shape, w_shape, attributes = case
    x = quantised(rng, x_shape, dtype)
    w = quantised(rng, w_shape, np.int8, (w_shape[0],) if per_channel else (), zero=False)
    y = quantised(rng, (), dtype)
    y_scale = {"y_scale": (y.scale * 20).astype(np.float32)}
    names = ["x", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero"]
    constants = {"w": w.values, **parameters(x=x, w=w, y=y), **y_scale}
    if bias:
        names.append("bias")
        constants["bias"] = rng.integers(-5000, 5000, w_shape[0]).astype(np.int32)
    node = make_node("QLinearConv", names, ["out"], **attributes)
    (layer,) = check_node(node, {"x": x.values}, constants, 10, rtol=0, atol=0)
    assert layer.operator_type == "Conv"


@settings(max_examples=40, deadline=None)
@given(convolutions(), st.sampled_from([(), ("x_zero",), ("x_zero", "w_zero")]))
def test_conv_integer(
    case: tuple[np.random.Generator, tuple[int, ...], tuple[int, ...], dict[str, int | list[int]]],
    given_zero_points: tuple[str, ...],
) -> None:
    rng, x_shape, w_shape, attributes = case
    x, w = quantised(rng, x_shape), quantised(rng, w_shape)
    zero_points = {name: value for name, value in parameters(x=x, w=w).items() if name in given_zero_points}
    node = make_node("ConvInteger", ["x", "w", *given_zero_points], ["out"], **attributes)
    check_node(node, {"x": x.values}, {"w": w.values, **zero_points}, 10, rtol=0, atol=0)


@settings(max_examples=30, deadline=None)
@given(convolutions(), st.booleans())
def test_channels_last(
    case: tuple[np.random.Generator, tuple[int, ...], tuple[int, ...], dict[str, int | list[int]]], last: bool
) -> None:
    rng, x_shape, w_shape, attributes = case
    x, w, y = quantised(rng, x_shape), quantised(rng, w_shape), quantised(rng, ())
    names = ["x", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero"]
    constants = {"w": w.values, **parameters(x=x, w=w, y=y)}
    node = make_node("QLinearConv", names, ["out"], domain="com.microsoft", channels_last=int(last), **attributes)
    values = np.moveaxis(x.values, 1, -1).copy() if last else x.values
    check_node(node, {"x": values}, constants, 17, rtol=0, atol=0)
