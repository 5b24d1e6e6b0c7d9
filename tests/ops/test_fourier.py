"""DFT and STFT against onnxruntime."""

import numpy as np
import pytest
from onnx import helper

from tests.nodes import make_node
from tests.oracle import check_node, distinct


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("inverse", [0, 1])
@pytest.mark.parametrize(("axis", "length"), [(1, None), (2, None), (1, 4), (2, 9)])
def test_dft(parts: int, inverse: int, axis: int, length: int | None) -> None:
    constants = {"axis": np.asarray(axis)} | ({"length": np.asarray(length)} if length else {})
    node = helper.make_node("DFT", ["x", "length" if length else "", "axis"], ["y"], inverse=inverse)
    x = distinct(np.random.default_rng(0), 2, 5, 6, parts)
    layers = check_node(node, {"x": x}, constants, opset=20)
    assert len(layers) == {1: 2, 2: 6}[parts]


@pytest.mark.parametrize("opset", [17, 20])
def test_one_side_of_real_signals(opset: int) -> None:
    named = {"axis": np.asarray(1)} if opset == 20 else {}
    node = make_node("DFT", ["x", "", *named], ["y"], onesided=1, **({} if named else {"axis": 1}))
    x = distinct(np.random.default_rng(0), 2, 7, 3, 1)
    check_node(node, {"x": x}, named, opset=opset)


@pytest.mark.parametrize("length", [6, 7])
def test_back_from_one_side(length: int) -> None:
    """onnxruntime refuses it; numpy's irfft is the definition."""
    from tests.oracle import lowered, model_of, run_layers

    x = distinct(np.random.default_rng(0), 2, length // 2 + 1, 2)
    constants = {"length": np.asarray(length), "axis": np.asarray(1)}
    node = helper.make_node("DFT", ["x", "length", "axis"], ["y"], inverse=1, onesided=1)
    graph, layers = lowered(model_of([node], {"x": x}, constants, ["y"], 20))
    assert graph.shape("y") == (2, length, 1)
    y = run_layers(layers, {"x": x, **constants})["y"]
    np.testing.assert_allclose(y[..., 0], np.fft.irfft(x[..., 0] + 1j * x[..., 1], length, axis=1), 1e-5, 1e-5)


@pytest.mark.parametrize("window", [False, True])
@pytest.mark.parametrize("onesided", [0, 1])
def test_stft(window: bool, onesided: int) -> None:
    rng = np.random.default_rng(0)
    constants = {"step": np.asarray(3)} | ({"window": distinct(rng, 6)} if window else {"length": np.asarray(6)})
    names = ["x", "step", "window" if window else "", "" if window else "length"]
    node = helper.make_node("STFT", names, ["y"], onesided=onesided)
    layers = check_node(node, {"x": distinct(rng, 2, 20, 1)}, constants, opset=17)
    assert [layer.macs for layer in layers] == [0, 0]  # turns are constants: windows with weights, no products


def test_a_real_signal_without_an_axis_of_parts() -> None:
    rng = np.random.default_rng(0)
    node = helper.make_node("STFT", ["x", "step", "window"], ["y"])
    constants = {"step": np.asarray(3), "window": distinct(rng, 6)}
    assert len(check_node(node, {"x": distinct(rng, 2, 20)}, constants, opset=17)) == 2
