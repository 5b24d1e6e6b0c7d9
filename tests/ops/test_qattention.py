"""QAttention against onnxruntime: integer projections, then the attention of floats."""

import numpy as np
import onnx
import pytest

from tests.nodes import Attribute, make_node
from tests.ops.quantised_tensors import parameters, quantised
from tests.oracle import check_node, distinct

B, S, P, N, D, CHANNELS = 2, 5, 3, 3, 4, 10
ORDER = ["x", "w", "b", "x_scale", "w_scale", "mask", "x_zero", "w_zero", "past"]


def node_of(given: dict[str, np.ndarray], outputs: list[str], **attributes: Attribute) -> onnx.NodeProto:
    names = [name if name in given else "" for name in ORDER]
    return make_node("QAttention", names, outputs, domain="com.microsoft", num_heads=N, **attributes)


def tensors(
    per_column: bool, dtype: type[np.int8] | type[np.uint8] = np.uint8
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    total = 3 * N * D
    x = quantised(rng, (B, S, CHANNELS))
    w = quantised(rng, (CHANNELS, total), dtype, (total,) if per_column else ())
    if per_column:
        w.zero_point[:] = 0  # onnxruntime's kernel takes no zero point a column but 0
    constants = {"w": w.values, "b": distinct(rng, total), **parameters(x=x, w=w)}
    return {"x": x.values}, constants


MASKS = {
    "lengths": np.array([5, 3], np.int32),
    "keys": np.array([[1, 1, 0, 1, 1], [1, 1, 1, 0, 0]], np.int32),
}


@pytest.mark.parametrize("mask", [None, *MASKS])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_masks(mask: str | None, causal: int, dtype: type[np.int8] | type[np.uint8]) -> None:
    inputs, constants = tensors(per_column=False, dtype=dtype)
    inputs |= {"mask": MASKS[mask]} if mask else {}
    layers = check_node(node_of(inputs | constants, ["y"], unidirectional=causal), inputs, constants)
    assert sum(layer.macs for layer in layers) == B * S * CHANNELS * 3 * N * D + 2 * B * N * S * S * D


def test_scales_of_columns() -> None:
    inputs, constants = tensors(per_column=True, dtype=np.int8)
    check_node(node_of(inputs | constants, ["y"]), inputs, constants)


def test_cache() -> None:
    inputs, constants = tensors(per_column=False)
    inputs["past"] = distinct(np.random.default_rng(1), 2, B, N, P, D)
    node = node_of(inputs | constants, ["y", "present"], unidirectional=1)
    check_node(node, inputs, constants)
