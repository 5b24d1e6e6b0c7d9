"""FusedMatMul, TransposeMatMul and FusedGemm against onnxruntime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.nodes import make_node
from tests.oracle import check_node, distinct


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=2), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.data())
def test_transposes(batch: list[int], a_t: bool, b_t: bool, a_in: bool, b_in: bool, data: st.DataObject) -> None:
    """Any operand transposed, its batches inside its rows or not; alpha rides on the product."""
    d, c, k = 2, 5, 3
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a_in, b_in = a_in and bool(batch), b_in and bool(batch)
    shapes = [stored(batch, (d, c), a_t, a_in), stored(batch, (c, k), b_t, b_in)]
    inputs = {"a": distinct(rng, *shapes[0]), "b": distinct(rng, *shapes[1])}
    flags = {"transA": a_t, "transB": b_t, "transBatchA": a_in, "transBatchB": b_in}
    attributes = {name: int(flag) for name, flag in flags.items()}
    node = make_node("FusedMatMul", ["a", "b"], ["y"], domain="com.microsoft", alpha=0.75, **attributes)
    (layer,) = check_node(node, inputs)
    assert layer.macs == int(np.prod(batch)) * d * c * k


def stored(batch: list[int], matrix: tuple[int, int], transposed: bool, inside: bool) -> tuple[int, ...]:
    """The shape in memory of an operand whose matrices are `matrix`."""
    rows, columns = matrix[::-1] if transposed else matrix
    return (rows, *batch, columns) if inside else (*batch, rows, columns)


def test_fused_matmul_without_flags_is_matmul() -> None:
    rng = np.random.default_rng(0)
    inputs = {"a": distinct(rng, 2, 3, 4, 5), "b": distinct(rng, 5, 6)}
    fused = helper.make_node("FusedMatMul", ["a", "b"], ["y"], domain="com.microsoft")
    assert check_node(fused, inputs) == check_node(helper.make_node("MatMul", ["a", "b"], ["y"]), inputs)


@pytest.mark.parametrize("flags", [{"transA": 1}, {"transB": 1, "alpha": 0.5}])
def test_transpose_matmul(flags: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    a, b = distinct(rng, 2, 3, 4), distinct(rng, 2, 3, 5)
    inputs = {"a": a, "b": b} if "transA" in flags else {"a": distinct(rng, 2, 5, 4), "b": distinct(rng, 2, 3, 4)}
    check_node(make_node("TransposeMatMul", ["a", "b"], ["y"], domain="com.microsoft", **flags), inputs)


@pytest.mark.parametrize(
    ("activation", "attributes"),
    [("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.3}), ("Tanh", {}), ("Sigmoid", {})],
)
@pytest.mark.parametrize("constant", [True, False])
def test_fused_gemm(activation: str, attributes: dict[str, float], constant: bool) -> None:
    rng = np.random.default_rng(0)
    a, given_ = {"a": distinct(rng, 3, 5)}, {"b": distinct(rng, 4, 5), "c": distinct(rng, 4)}
    node = make_node(
        "FusedGemm", ["a", "b", "c"], ["y"], domain="com.microsoft", activation=activation, transB=1, **attributes
    )
    inputs, constants = (a, given_) if constant else (a | given_, {})
    assert sum(layer.macs for layer in check_node(node, inputs, constants)) == 3 * 4 * 5
