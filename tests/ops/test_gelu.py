"""Gelu and its relatives against onnxruntime, with and without a bias."""

import numpy as np
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from tests.nodes import make_node
from tests.oracle import check_node, distinct, model_of

X = 5 * distinct(np.random.default_rng(0), 2, 3, 7)
BIAS = distinct(np.random.default_rng(1), 7)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str) -> None:
    check_node(helper.make_node("Gelu", ["x"], ["y"], approximate=approximate), {"x": X}, opset=20)


@pytest.mark.parametrize(
    ("op", "bias", "attributes"),
    [
        ("Gelu", False, {}),
        ("FastGelu", False, {}),
        ("FastGelu", True, {}),
        ("BiasGelu", True, {}),
        ("QuickGelu", False, {"alpha": 1.5}),
        ("QuickGelu", False, {}),
    ],
)
@pytest.mark.parametrize("constant", [True, False])
def test_contrib_forms(op: str, bias: bool, attributes: dict[str, float], constant: bool) -> None:
    given = {"bias": BIAS} if bias else {}
    node = make_node(op, ["x", *given], ["y"], domain="com.microsoft", **attributes)
    inputs, constants = ({"x": X}, given) if constant else ({"x": X} | given, {})
    (layer,) = check_node(node, inputs, constants)
    assert layer.operator_type == "Add"


@pytest.mark.parametrize("constant", [True, False])
def test_a_constant_bias_rides_along(constant: bool) -> None:
    weights = {"w": distinct(np.random.default_rng(2), 7, 7)}
    inputs = {"x": X} | ({} if constant else {"bias": BIAS})
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("BiasGelu", ["h", "bias"], ["y"], domain="com.microsoft"),
    ]
    model = model_of(nodes, inputs, weights | ({"bias": BIAS} if constant else {}), ["y"])
    statuses = [entry["status"] for entry in compile_model(model).coverage["nodes"]]
    assert statuses == ["lowered", "fused" if constant else "lowered"]
