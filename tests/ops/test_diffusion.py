"""ONNX Runtime's fused operators of diffusion models, which have no CPU kernels: numpy from their definitions."""

from collections.abc import Sequence

import numpy as np
import pytest
from onnx import helper

from onnx2zz.ir.layer import Layer
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, lowered, model_of, onnxruntime_run, run_layers

RNG = np.random.default_rng(0)
X = 2 * distinct(RNG, 2, 4, 5, 6)


def run(
    op: str,
    inputs: dict[str, np.ndarray],
    constants: dict[str, np.ndarray],
    outputs: Sequence[str] = ("y",),
    **attributes: Attribute,
) -> tuple[list[np.ndarray], tuple[Layer, ...]]:
    """The outputs of the layers, and their shapes as the graph has them."""
    names = [*inputs, *constants]
    node = make_node(op, names, outputs, domain="com.microsoft", **attributes)
    graph, layers = lowered(model_of([node], inputs, constants, [o for o in outputs if o]))
    values = run_layers(layers, {**inputs, **constants})
    return [values[name].reshape(graph.shape(name)) for name in outputs if name], layers


def normalised(x: np.ndarray, groups: int, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Channels last, as channel groups of each image."""
    grouped = x.reshape(x.shape[0], -1, groups, x.shape[-1] // groups)
    mean, variance = grouped.mean((1, 3), keepdims=True), grouped.var((1, 3), keepdims=True)
    return ((grouped - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape) * gamma + beta


@pytest.mark.parametrize("activation", [0, 1])
@pytest.mark.parametrize("last", [0, 1])
def test_group_norm(activation: int, last: int) -> None:
    vectors = {"gamma": distinct(RNG, 6), "beta": distinct(RNG, 6)}
    given = X if last else X.transpose(0, 3, 1, 2).copy()
    (y,), layers = run("GroupNorm", {"x": given}, vectors, activation=activation, channels_last=last, groups=3)
    wanted = normalised(X, 3, vectors["gamma"], vectors["beta"])
    wanted = wanted / (1 + np.exp(-wanted)) if activation else wanted
    np.testing.assert_allclose(y if last else y.transpose(0, 2, 3, 1), wanted, 1e-4, 1e-4)
    assert len(layers) == 4


@pytest.mark.parametrize("skip", [(2, 4, 5, 6), (2, 1, 1, 6), (2, 6)])
def test_skip_group_norm(skip: tuple[int, ...]) -> None:
    vectors = {"gamma": distinct(RNG, 6), "beta": distinct(RNG, 6)}
    skipped, bias = distinct(RNG, *skip), distinct(RNG, 6)
    node = helper.make_node(
        "SkipGroupNorm",
        ["x", "gamma", "beta", "skip", "bias"],
        ["y", "s"],
        domain="com.microsoft",
        groups=2,
        activation=0,
    )
    constants = {**vectors, "bias": bias}
    _, layers = lowered(model_of([node], {"x": X, "skip": skipped}, constants, ["y", "s"]))
    got = run_layers(layers, {"x": X, "skip": skipped, **constants})
    total = X + skipped.reshape(2, *(skip[1:-1] or (1, 1)), 6) + bias
    np.testing.assert_allclose(got["s"], total, 1e-5, 1e-6)
    np.testing.assert_allclose(got["y"], normalised(total, 2, **vectors), 1e-4, 1e-4)


@pytest.mark.parametrize("group", [1, 3])
def test_nhwc_conv(group: int) -> None:
    """The same convolution as ONNX's, its tensors transposed."""
    w, b = distinct(RNG, 9, 6 // group, 2, 3), distinct(RNG, 9)
    attributes: dict[str, Attribute] = {"group": group, "pads": [1, 0, 0, 2], "strides": [2, 1], "kernel_shape": [2, 3]}
    conv = make_node("Conv", ["x", "w", "b"], ["y"], **attributes)
    first = {"x": X.transpose(0, 3, 1, 2).copy()}
    wanted = onnxruntime_run(model_of([conv], first, {"w": w, "b": b}, ["y"]), first)["y"]
    constants = {"w": w.transpose(0, 2, 3, 1).copy(), "b": b}
    (y,), (layer,) = run("NhwcConv", {"x": X}, constants, ("y",), **attributes)
    np.testing.assert_allclose(y, wanted.transpose(0, 2, 3, 1), 1e-4, 1e-4)
    assert layer.macs == wanted.size * w[0].size


@pytest.mark.parametrize("constant", [False, True])
def test_bias_add(constant: bool) -> None:
    x, bias, skip = distinct(RNG, 2, 5, 6), distinct(RNG, 6), distinct(RNG, 2, 5, 6)
    node = helper.make_node("BiasAdd", ["x", "b", "s"], ["y"], domain="com.microsoft")
    given, stored = {"x": x, "s": skip}, {"b": bias}
    inputs, constants = (given, stored) if constant else (given | stored, {})
    _, layers = lowered(model_of([node], inputs, constants, ["y"]))
    np.testing.assert_allclose(run_layers(layers, given | stored)["y"], x + bias + skip, 1e-5)
    assert len(layers) == 2 - constant


def test_bias_split_gelu() -> None:
    x, bias = distinct(RNG, 2, 5, 12), distinct(RNG, 12)
    (y,), layers = run("BiasSplitGelu", {"x": x}, {"b": bias})
    left, right = np.split(x + bias, 2, axis=-1)
    gelu = helper.make_node("Gelu", ["g"], ["y"])
    wanted = left * onnxruntime_run(model_of([gelu], {"g": right}, {}, ["y"], 20), {"g": right})["y"]
    np.testing.assert_allclose(y, wanted, 1e-4, 1e-5)
    assert [layer.operations for layer in layers] == [2 * 5 * 6]


def test_gemm_fast_gelu() -> None:
    x, w, b = distinct(RNG, 2, 5, 6), distinct(RNG, 6, 7), distinct(RNG, 7)
    (y,), (layer,) = run("GemmFastGelu", {"x": x}, {"w": w, "b": b})
    product = {"p": (x @ w + b).astype(np.float32)}
    gelu = helper.make_node("FastGelu", ["p"], ["y"], domain="com.microsoft")
    np.testing.assert_allclose(y, onnxruntime_run(model_of([gelu], product, {}, ["y"]), product)["y"], 1e-4, 1e-5)
    assert layer.macs == 2 * 5 * 6 * 7
