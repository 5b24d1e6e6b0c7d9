"""Operators of any version: younger than their model's opset, and first versions that onnx has no inference for."""

import numpy as np
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from tests.nodes import make_node
from tests.oracle import check_node, distinct, lowered, model_of, run_layers

RNG = np.random.default_rng(0)
X = distinct(RNG, 2, 3, 4, 5)


def test_an_operator_younger_than_the_opset_has_its_first_definition() -> None:
    """onnxruntime's optimizer writes LayerNormalization, of opset 17, into models of any opset."""
    constants = {"scale": distinct(RNG, 5), "bias": distinct(RNG, 5)}
    node = helper.make_node("LayerNormalization", ["x", "scale", "bias"], ["y"], axis=-1)
    layers = check_node(node, {"x": X}, constants, opset=14)
    assert len(layers) == 4


def test_broadcasting_before_numpys() -> None:
    """Before version 7 an attribute says on which axis the second operand begins."""
    node = helper.make_node("Add", ["x", "b"], ["y"], broadcast=1, axis=1)
    b = distinct(RNG, 3, 4)
    _, layers = lowered(model_of([node], {"x": X}, {"b": b}, ["y"], 6))
    np.testing.assert_allclose(run_layers(layers, {"x": X, "b": b})["y"], X + b[:, :, None])


FIRST_VERSIONS = {
    "Pad": ({"paddings": [0, 0, 1, 2, 0, 0, 0, 1]}, 1, np.pad(X, ((0, 0), (0, 0), (1, 0), (2, 1)))),
    "Upsample": ({"height_scale": 2.0, "width_scale": 3.0}, 1, X.repeat(2, 2).repeat(3, 3)),
    "Upsample scales": ({"scales": [1.0, 1.0, 2.0, 3.0]}, 7, X.repeat(2, 2).repeat(3, 3)),
    "ImageScaler": ({"scale": 0.5, "bias": [1.0, 2.0, 3.0]}, 7, X / 2 + np.array([1, 2, 3])[:, None, None]),
    "Affine": ({"alpha": 0.5, "beta": 2.0}, 7, X / 2 + 2),
    "ScaledTanh": ({"alpha": 0.5, "beta": 2.0}, 7, np.tanh(2 * X) / 2),
}


@pytest.mark.parametrize("name", FIRST_VERSIONS)
def test_first_versions(name: str) -> None:
    attributes, opset, wanted = FIRST_VERSIONS[name]
    node = make_node(name.split()[0], ["x"], ["y"], **attributes)
    graph, layers = lowered(model_of([node], {"x": X}, {}, ["y"], opset))
    assert graph.shape("y") == wanted.shape
    np.testing.assert_allclose(run_layers(layers, {"x": X})["y"].reshape(wanted.shape), wanted, 1e-6)


def test_first_versions_that_rename() -> None:
    nodes = [
        helper.make_node("Reshape", ["x"], ["a"], shape=[0, -1]),
        helper.make_node("Concat", ["a", "a"], ["b"]),
        helper.make_node("Cast", ["b"], ["y"], to="INT32"),
    ]
    compiled = compile_model(model_of(nodes, {"x": X}, {}, ["y"], 3))
    assert [compiled.graph.shape(name) for name in "aby"] == [(2, 60), (2, 120), (2, 120)]
