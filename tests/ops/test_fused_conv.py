"""com.microsoft.FusedConv against onnxruntime."""

import numpy as np
import pytest

from tests.nodes import make_node
from tests.oracle import check_node, distinct

PARAMETERS = {
    "Relu": [],
    "Sigmoid": [],
    "Tanh": [],
    "LeakyRelu": [0.2],
    "Clip": [-0.25, 0.5],
    "HardSigmoid": [0.3, 0.6],
}


@pytest.mark.parametrize("activation", sorted(PARAMETERS))
@pytest.mark.parametrize("summed", [False, True])
def test_bias_sum_and_activation(activation: str, summed: bool) -> None:
    rng = np.random.default_rng(0)
    constants = {"w": distinct(rng, 4, 3, 2, 3), "b": distinct(rng, 4)}
    inputs = {"x": distinct(rng, 2, 6, 5, 7)} | ({"z": distinct(rng, 2, 4, 3, 5)} if summed else {})
    names = ["x", "w", "b", *(["z"] if summed else [])]
    window = {"group": 2, "strides": [2, 1], "pads": [1, 0, 0, 0]}
    fused = {"activation": activation, "activation_params": PARAMETERS[activation] or None}
    node = make_node("FusedConv", names, ["y"], domain="com.microsoft", **window, **fused)
    product, *rest = check_node(node, inputs, constants)
    assert product.macs == 2 * 4 * 3 * 5 * 3 * 2 * 3
    assert [layer.operator_type for layer in rest] == ["Add"] * summed
