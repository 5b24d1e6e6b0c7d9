"""QONNX's operators: the loop nests against numpy kernels, and these against qonnx's executor where it is there."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.frontend.operators.qonnx_domains import CHANNELS_LAST, DOMAINS
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ir.layer import Layer
from onnx2zz.proof.node_run import run_node
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, lowered, model_of

GENERAL = "qonnx.custom_op.general"
MODES = ("ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "HALF_EVEN", "round")
RNG = np.random.default_rng(19)
Arrays = Mapping[str, np.ndarray]
FLOAT: dict[str, Attribute] = {"has_inf": 0, "has_nan": 0, "has_subnormal": 0, "saturation": 1}


def checked(
    op: str,
    x: Arrays,
    constants: Arrays | None = None,
    domain: str = GENERAL,
    theirs: bool = True,
    /,
    **attributes: Attribute,
) -> tuple[np.ndarray, tuple[Layer, ...]]:
    """What the node's kernel gives, after its loop nests have given the same."""
    constants = constants or {}
    node = make_node(op, [*x, *constants], ["y"], domain=domain, **attributes)
    graph, layers = lowered(model_of([node], x, constants, ["y"]))
    expected = run_node(graph.nodes[-1], {**x, **constants})["y"]
    assert graph.shape("y") == expected.shape
    got = run_layers(layers, {**x, **constants})["y"].reshape(expected.shape)
    np.testing.assert_allclose(got, expected.astype(np.float64), 1e-6, 1e-6)
    if theirs and (executed := by_qonnx(node, {**x, **constants}, expected.shape)) is not None:
        np.testing.assert_allclose(executed, expected, 1e-6, 1e-6)
    return expected, layers


def by_qonnx(node: onnx.NodeProto, values: Arrays, shape: tuple[int, ...]) -> np.ndarray | None:
    """The same by qonnx's own executor; None where qonnx is not installed."""
    try:
        registry: Any = __import__("qonnx.custom_op.registry", fromlist=["getCustomOp"])
    except ImportError:
        return None
    general: dict[str, str] = dict.fromkeys(DOMAINS, GENERAL)
    theirs = onnx.NodeProto()
    theirs.CopyFrom(node)
    theirs.domain = general.get(node.domain, node.domain)
    version = 2 if node.op_type == "Trunc" and len(node.input) == 6 else 1
    graph = helper.make_graph([theirs], "one", [], [])
    annotation = graph.quantization_annotation.add(tensor_name=node.input[0])
    annotation.quant_parameter_tensor_names.add(key="finn_datatype", value="INT32")
    context: dict[str, Any] = {**values, "y": np.zeros(shape, np.float32)}
    registry.getCustomOp(theirs, onnx_opset_version=version).execute_node(context, graph)
    return np.asarray(context["y"])


def single(*values: float) -> np.ndarray:
    return np.array(values[0] if len(values) == 1 else values, np.float32)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("op", ["Quant", "IntQuant"])
def test_a_quantiser_in_every_domain(op: str, domain: str) -> None:
    x = {"x": distinct(RNG, 2, 3, 25) * 6}
    expected, _ = checked(op, x, widths(0.25, 0.0, 4.0), domain, signed=1, narrow=0)
    assert sorted({round(float(value / 0.25)) for value in expected.ravel()}) == list(range(-8, 8))


def widths(scale: float, zero_point: float, bits: float) -> dict[str, np.ndarray]:
    return {"s": single(scale), "z": single(zero_point), "b": single(bits)}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(MODES),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1.0, 2.0, 3.0, 5.0, 8.0]),
    st.sampled_from([0.0, 1.0, -2.0]),
)
def test_every_way_of_rounding_signs_and_widths(
    mode: str, signed: bool, narrow: bool, bits: float, zero_point: float
) -> None:
    x = {"x": (np.arange(-60, 60).reshape(2, 5, 12) / 8).astype(np.float32)}  # with halves, on which modes differ
    attributes = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": mode}
    checked("Quant", x, widths(0.25, zero_point, bits), **attributes)


def test_scales_and_widths_for_each_channel() -> None:
    x = {"x": distinct(RNG, 2, 3, 5, 4) * 6}
    given = {"s": RNG.uniform(0.1, 0.6, (1, 3, 1, 1)).astype("f4"), "z": single(0.0)}
    given["b"] = np.array([2, 3, 5], np.float32).reshape(1, 3, 1, 1)
    checked("Quant", x, given, GENERAL, False, signed=1, narrow=1)  # qonnx's executor takes one width alone


def test_a_sign_with_a_scale() -> None:
    expected, _ = checked("BipolarQuant", {"x": distinct(RNG, 3, 7)}, {"s": single(0.5)})
    assert set(expected.ravel()) == {-0.5, 0.5}


@pytest.mark.parametrize("mode", MODES)
def test_lowest_bits_that_come_off(mode: str) -> None:
    x = {"x": (np.arange(0, 60).reshape(3, 20) * 0.5).astype(np.float32)}
    first = {"s": single(0.5), "z": single(0.0), "i": single(6.0), "o": single(3.0)}
    checked("Trunc", x, first, rounding_mode=mode)
    second = {"s": single(0.5), "z": single(1.0), "i": single(6.0), "t": single(2.0), "o": single(3.0)}
    checked("Trunc", x, second, rounding_mode=mode, signed=0, narrow=0)


@pytest.mark.parametrize("mode", ["ROUND", "FLOOR", "CEIL"])
@pytest.mark.parametrize("exponent, mantissa, bias", [(4, 3, 7), (5, 2, 15), (2, 1, 1), (3, 0, 3)])
def test_narrow_floats(exponent: int, mantissa: int, bias: int, mode: str) -> None:
    x = {"x": (distinct(RNG, 4, 9) * 40).astype(np.float32)}
    given = {"s": single(0.5), "e": single(exponent), "m": single(mantissa), "n": single(bias), "l": single(100.0)}
    checked("FloatQuant", x, given, rounding_mode=mode, **FLOAT)


@pytest.mark.parametrize("limits", [{"has_inf": 1}, {"has_nan": 1}])
def test_narrow_floats_beyond_their_largest_number(limits: dict[str, Attribute]) -> None:
    x = {"x": np.array([[1.0, -3.0, 500.0], [-700.0, 2.5, 0.0]], np.float32)}
    given = {"s": single(1.0), "e": single(3.0), "m": single(2.0), "n": single(3.0), "l": single(28.0)}
    expected, _ = checked("FloatQuant", x, given, **{**FLOAT, "saturation": 0, **limits})
    assert int((~np.isfinite(expected)).sum()) == 2


@pytest.mark.parametrize(
    "layout, shape", [("", (2, 5)), ("NCHW", (2, 5, 3, 4)), ("NHWC", (2, 3, 4, 5)), ("", (2, 3, 5))]
)
@pytest.mark.parametrize("channels", [1, 5])
def test_thresholds_in_no_order(layout: str, shape: tuple[int, ...], channels: int) -> None:
    x = {"x": distinct(RNG, *shape) * 6}
    thresholds = {"t": RNG.permuted(np.linspace(-2, 2, channels * 7)).reshape(channels, 7).astype("f4")}
    _, (layer,) = checked(
        "MultiThreshold", x, thresholds, out_dtype="INT4", out_scale=2.0, out_bias=-7.0, data_layout=layout or None
    )
    assert layer.operations == int(np.prod(shape)) * 7


def test_a_product_of_bits_counts_where_they_agree() -> None:
    a = {"a": RNG.integers(0, 2, (4, 9)).astype("f4"), "b": RNG.integers(0, 2, (9, 5)).astype("f4")}
    expected, (layer,) = checked("XnorPopcountMatMul", a)
    assert layer.macs == 4 * 9 * 5
    assert expected[1, 2] == sum(a["a"][1] == a["b"][:, 2])


@pytest.mark.parametrize("layout, shape", [("NCHW", (1, 3, 7, 9)), ("NHWC", (1, 7, 9, 3))])
def test_a_mean_that_is_a_shifted_sum(layout: str, shape: tuple[int, ...]) -> None:
    x = {"x": RNG.integers(0, 16, shape).astype("f4")}
    checked("QuantAvgPool2d", x, kernel=3, stride=2, ibits=4, obits=5, signed=0, data_layout=layout)


def test_windows_as_rows() -> None:
    x = {"x": distinct(RNG, 1, 7, 9, 3)}
    window = {"kernel_size": [3, 2], "stride": [2, 1], "pad_amount": [1, 0, 1, 0], "input_shape": "(1, 7, 9, 3)"}
    expected, (layer,) = checked("Im2Col", x, **window)
    assert layer.kind == "movement" and expected.shape == (1, 4, 8, 18)


def test_a_pool_with_channels_last() -> None:
    x = {"x": distinct(RNG, 1, 6, 9, 4)}
    window = {"kernel_shape": [2, 3], "strides": [2, 2], "pads": [0, 1, 0, 1]}
    node = make_node("MaxPoolNHWC", ["x"], ["y"], domain=GENERAL, **window)
    graph, layers = lowered(model_of([node], x, {}, ["y"]))
    expected = run_node(graph.nodes[-1], x)["y"]
    np.testing.assert_allclose(run_layers(layers, x)["y"], expected)


@pytest.mark.parametrize("group", [1, 2])
def test_a_convolution_with_channels_last(group: int) -> None:
    x, w = {"x": distinct(RNG, 1, 6, 9, 4)}, {"w": distinct(RNG, 10, 3, 2, 4 // group), "b": distinct(RNG, 10)}
    window = {"kernel_shape": [3, 2], "strides": [1, 2], "pads": [1, 1, 1, 1], "group": group, "dilations": [1, 1]}
    _, layers = checked("Conv", x, w, CHANNELS_LAST, **window)
    assert sum(layer.macs for layer in layers) == 10 * 6 * 5 * 3 * 2 * (4 // group)


def test_normalisation_with_channels_last() -> None:
    x = {"x": distinct(RNG, 1, 3, 5, 4)}
    vectors = {name: RNG.uniform(0.5, 1.5, 4).astype("f4") for name in ("scale", "shift", "mean", "var")}
    node = make_node("BatchNormalization", ["x", *vectors], ["y"], domain=CHANNELS_LAST, epsilon=1e-3)
    graph, layers = lowered(model_of([node], x, vectors, ["y"]))
    got = run_layers(layers, {**x, **vectors})["y"]
    by_hand = (x["x"] - vectors["mean"]) * vectors["scale"] / np.sqrt(vectors["var"] + 1e-3) + vectors["shift"]
    np.testing.assert_allclose(got, by_hand, 1e-5, 1e-5)
    np.testing.assert_allclose(run_node(graph.nodes[-1], {**x, **vectors})["y"], by_hand, 1e-5, 1e-5)
