"""RotaryEmbedding against onnxruntime: the copied table rows by indexing, the rotation as loop nests."""

import numpy as np
import pytest
from onnx import helper

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from onnx2zz.ops.registry import operators
from tests.oracle import check_node, distinct, model_of, onnxruntime_run, run_layers

B, N, S, D, ROWS = 2, 3, 5, 8, 11


def check_with_rows(node, inputs, constants, ids: np.ndarray, opset: int) -> int:
    """Runs the node's layers, the rows that `ids` name copied here, and compares; the number of other layers."""
    model = model_of([node], inputs, constants, ["y"], opset)
    expected = onnxruntime_run(model, inputs)["y"]
    graph = trace(model, Bindings())
    layers = operators()[graph.nodes[-1].op].lower(graph.nodes[-1], graph)
    copies = [layer for layer in layers if layer.also_reads]
    values = {**inputs, **constants}
    for copy in copies:
        values[copy.output.tensor] = constants[copy.inputs[0].tensor][ids]
    values = run_layers([layer for layer in layers if layer not in copies], values)
    np.testing.assert_allclose(values["y"].reshape(expected.shape), expected, 1e-4, 1e-4)
    assert len(copies) == 2
    return len(layers) - 2


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("turning", [8, 4])
def test_microsoft(interleaved: int, rank: int, turning: int) -> None:
    rng = np.random.default_rng(0)
    x = distinct(rng, B, N, S, D) if rank == 4 else distinct(rng, B, S, N * D)
    constants = {"cos": distinct(rng, ROWS, turning // 2), "sin": distinct(rng, ROWS, turning // 2)}
    ids = rng.integers(0, ROWS, (B, S))
    partial = {"rotary_embedding_dim": turning, "num_heads": N} if turning < D else {}
    node = helper.make_node(
        "RotaryEmbedding", ["x", "ids", "cos", "sin"], ["y"], domain="com.microsoft", interleaved=interleaved, **partial
    )
    count = check_with_rows(node, {"x": x, "ids": ids}, constants, ids, 17)
    assert count == (3 if turning == D else 4)


def test_one_id_is_where_the_positions_begin() -> None:
    rng = np.random.default_rng(0)
    constants = {"cos": distinct(rng, ROWS, D // 2), "sin": distinct(rng, ROWS, D // 2)}
    inputs = {"x": distinct(rng, B, S, N * D), "ids": np.array([4])}
    node = helper.make_node("RotaryEmbedding", ["x", "ids", "cos", "sin"], ["y"], domain="com.microsoft")
    check_with_rows(node, inputs, constants, np.arange(4, 4 + S), 17)


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("turning", [8, 4])
def test_onnx_with_ids(interleaved: int, rank: int, turning: int) -> None:
    rng = np.random.default_rng(0)
    x = distinct(rng, B, N, S, D) if rank == 4 else distinct(rng, B, S, N * D)
    constants = {"cos": distinct(rng, ROWS, turning // 2), "sin": distinct(rng, ROWS, turning // 2)}
    ids = rng.integers(0, ROWS, (B, S))
    attributes = {"interleaved": interleaved} | ({"num_heads": N} if rank == 3 else {})
    attributes |= {"rotary_embedding_dim": turning} if turning < D else {}
    node = helper.make_node("RotaryEmbedding", ["x", "cos", "sin", "ids"], ["y"], **attributes)
    check_with_rows(node, {"x": x, "ids": ids}, constants, ids, 23)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_onnx_without_ids_is_whole(interleaved: int) -> None:
    rng = np.random.default_rng(0)
    inputs = {"x": distinct(rng, B, N, S, D), "cos": distinct(rng, B, S, D // 2), "sin": distinct(rng, B, S, D // 2)}
    node = helper.make_node("RotaryEmbedding", list(inputs), ["y"], interleaved=interleaved)
    assert len(check_node(node, inputs, opset=23)) == 3
