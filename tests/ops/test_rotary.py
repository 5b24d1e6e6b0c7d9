"""RotaryEmbedding against onnxruntime."""

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.nodes import make_node
from tests.oracle import check_node, distinct

B, N, S, D, ROWS = 2, 3, 5, 8, 11


def check_with_rows(
    node: onnx.NodeProto, inputs: dict[str, np.ndarray], constants: dict[str, np.ndarray], opset: int
) -> int:
    """Two movement layers copy the rows that ids name; the number of other layers."""
    layers = check_node(node, inputs, constants, opset=opset)
    assert sum(layer.also_reads == ("ids",) for layer in layers) == 2
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
    node = make_node(
        "RotaryEmbedding", ["x", "ids", "cos", "sin"], ["y"], domain="com.microsoft", interleaved=interleaved, **partial
    )
    count = check_with_rows(node, {"x": x, "ids": ids}, constants, 17)
    assert count == (3 if turning == D else 4)


def test_one_id_is_where_the_positions_begin() -> None:
    rng = np.random.default_rng(0)
    constants = {"cos": distinct(rng, ROWS, D // 2), "sin": distinct(rng, ROWS, D // 2)}
    inputs = {"x": distinct(rng, B, S, N * D), "ids": np.array([4])}
    node = helper.make_node("RotaryEmbedding", ["x", "ids", "cos", "sin"], ["y"], domain="com.microsoft")
    check_with_rows(node, inputs, constants, 17)


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
    node = make_node("RotaryEmbedding", ["x", "cos", "sin", "ids"], ["y"], **attributes)
    check_with_rows(node, {"x": x, "ids": ids}, constants, 23)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_onnx_without_ids_is_whole(interleaved: int) -> None:
    rng = np.random.default_rng(0)
    inputs = {"x": distinct(rng, B, N, S, D), "cos": distinct(rng, B, S, D // 2), "sin": distinct(rng, B, S, D // 2)}
    node = helper.make_node("RotaryEmbedding", list(inputs), ["y"], interleaved=interleaved)
    assert len(check_node(node, inputs, opset=23)) == 3
