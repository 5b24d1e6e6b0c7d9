"""DynamicQuantizeLSTM against onnxruntime: X and the state are quantised as they come, weights as they are stored."""

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.proof.verify import verify
from tests.oracle import check_node, distinct, model_of

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
NAMES = ["x", "w", "r", "b", "", "h", "c", "", "ws", "wz", "rs", "rz"]


def node_of(given: set[str], direction: str) -> onnx.NodeProto:
    return helper.make_node(
        "DynamicQuantizeLSTM",
        [name if name in given else "" for name in NAMES],
        ["Y", "Y_h", "Y_c"],
        domain="com.microsoft",
        hidden_size=HIDDEN,
        direction=direction,
    )


def tensors(directions: int, per_column: bool, initial: bool) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    per = (directions, 4 * HIDDEN) if per_column else (directions,)
    inputs = {"x": distinct(rng, STEPS, BATCH, INPUTS)}
    if initial:
        inputs |= {name: distinct(rng, directions, BATCH, HIDDEN) for name in "hc"}
    constants = {"b": distinct(rng, directions, 8 * HIDDEN)}
    for name, rows in (("w", INPUTS), ("r", HIDDEN)):
        constants[name] = rng.integers(0, 255, (directions, rows, 4 * HIDDEN)).astype(np.uint8)
        constants[f"{name}s"] = rng.uniform(0.01, 0.02, per).astype(np.float32)
        constants[f"{name}z"] = np.full(per, 128, np.uint8)
    return inputs, constants


@pytest.mark.parametrize(("direction", "directions"), [("forward", 1), ("reverse", 1), ("bidirectional", 2)])
@pytest.mark.parametrize("per_column", [False, True])
@pytest.mark.parametrize("initial", [False, True])
def test_steps(direction: str, directions: int, per_column: bool, initial: bool) -> None:
    inputs, constants = tensors(directions, per_column, initial)
    layers = check_node(node_of({*inputs, *constants}, direction), inputs, constants, rtol=1e-2, atol=5e-3)
    assert sum(layer.macs for layer in layers) == directions * STEPS * BATCH * 4 * HIDDEN * (HIDDEN + INPUTS)


def test_products_read_eight_bits() -> None:
    inputs, constants = tensors(2, True, True)
    node = node_of({*inputs, *constants}, "bidirectional")
    compiled = compile_model(model_of([node], inputs, constants, list(node.output)))
    products = [placed for placed in compiled.workload.layers if placed.layer.macs]
    assert {(p.widths.W, p.widths.I) for p in products} == {(8, 8)}
    assert verify(compiled).mismatches == ()
