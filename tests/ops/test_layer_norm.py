"""LayerNormalization and its relatives against onnxruntime; statistics too, where they are outputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.oracle import check_node, distinct


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.data())
def test_layer_norm(shape: list[int], data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    normalised = shape[axis:]
    given_ = {"scale": distinct(rng, *normalised), "bias": distinct(rng, *normalised)}
    if data.draw(st.booleans()):
        del given_["bias"]
    constants = given_ if data.draw(st.booleans()) else {}
    inputs = {"x": distinct(rng, *shape)} | ({} if constants else given_)
    outputs = ["y", "mean", "inverse"][: data.draw(st.integers(1, 3))]
    node = helper.make_node("LayerNormalization", ["x", *given_], outputs, axis=axis, epsilon=1e-3)
    layers = check_node(node, inputs, constants)
    riding = constants and sum(size > 1 for size in normalised) <= 1
    assert len(layers) == 4 + (0 if riding else len(given_))


@pytest.mark.parametrize(
    ("op", "opset", "outputs"), [("RMSNormalization", 23, 1), ("SimplifiedLayerNormalization", 17, 2)]
)
@pytest.mark.parametrize("constant", [True, False])
def test_rms_norm(op: str, opset: int, outputs: int, constant: bool) -> None:
    rng = np.random.default_rng(0)
    x, scale = {"x": distinct(rng, 2, 5, 7)}, {"scale": distinct(rng, 7)}
    node = helper.make_node(op, ["x", "scale"], ["y", "inverse"][:outputs], axis=-1, epsilon=1e-3)
    inputs, constants = (x, scale) if constant else (x | scale, {})
    assert len(check_node(node, inputs, constants, opset=opset)) == (2 if constant else 3)


@pytest.mark.parametrize("skip", [(2, 5, 7), (5, 7), (1, 5, 7)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("op", ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"])
def test_skip_norm(op: str, bias: bool, skip: tuple[int, ...]) -> None:
    """The sum before normalisation is an output of its own; a skip without batch is broadcast."""
    rng = np.random.default_rng(1)
    inputs = {"x": distinct(rng, 2, 5, 7), "skip": distinct(rng, *skip)}
    names = ["gamma", "beta"] if op == "SkipLayerNormalization" else ["gamma"]
    constants = {name: distinct(rng, 7) for name in names + ["bias"] * bias}
    node = helper.make_node(op, [*inputs, *constants], ["y", "", "", "sum"], domain="com.microsoft", epsilon=1e-3)
    check_node(node, inputs, constants)


def test_small_epsilon_of_skip_norms_is_their_own() -> None:
    """Values so small that epsilon decides: 1e-12 with Skip*, 1e-5 without."""
    rng = np.random.default_rng(2)
    inputs = {"x": distinct(rng, 2, 3, 5) * np.float32(1e-3), "skip": distinct(rng, 2, 3, 5) * np.float32(1e-3)}
    node = helper.make_node("SkipSimplifiedLayerNormalization", ["x", "skip", "gamma"], ["y"], domain="com.microsoft")
    check_node(node, inputs, {"gamma": distinct(rng, 5)})
    check_node(
        helper.make_node("SimplifiedLayerNormalization", ["x", "gamma"], ["y"]),
        inputs_of(inputs),
        {"gamma": distinct(rng, 5)},
    )


def inputs_of(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"x": inputs["x"]}
