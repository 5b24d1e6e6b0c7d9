"""QuantizeLinear and DequantizeLinear against onnxruntime: per tensor, per axis, per block, every width."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.nodes import make_node
from tests.oracle import check_node, check_nodes, distinct

INTEGERS = {"uint8": np.uint8, "int8": np.int8, "uint16": np.uint16, "int16": np.int16}


@st.composite
def quantisations(draw: st.DrawFn) -> tuple[list[int], np.random.Generator, int, np.ndarray, np.ndarray]:
    """A tensor, and a scale and zero point for all of it or for each element of one axis."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    dtype = INTEGERS[draw(st.sampled_from(sorted(INTEGERS)))]
    size = (shape[axis],) if draw(st.booleans()) else ()
    scale = rng.uniform(0.001, 0.02, size).astype(np.float32)
    zero_point = rng.integers(0, 100, size).astype(dtype)
    return shape, rng, axis, scale, zero_point


@settings(max_examples=60, deadline=None)
@given(quantisations(), st.sampled_from([13, 19, 21, 23]))
def test_quantize(case: tuple[list[int], np.random.Generator, int, np.ndarray, np.ndarray], opset: int) -> None:
    """Bit for bit: float32 division, ties to even, saturation."""
    shape, rng, axis, scale, zero_point = case
    zero_point = zero_point if opset >= 21 else zero_point.astype(np.uint8)
    x = (20 * distinct(rng, *shape)).astype(np.float32)
    node = helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["y"], axis=axis)
    (layer,) = check_node(node, {"x": x}, {"scale": scale, "zero": zero_point}, opset, rtol=0, atol=0)
    assert layer.operator_type == "Add" and layer.operations == x.size


@settings(max_examples=40, deadline=None)
@given(quantisations(), st.sampled_from([13, 19, 21, 23]))
def test_dequantize(case: tuple[list[int], np.random.Generator, int, np.ndarray, np.ndarray], opset: int) -> None:
    shape, rng, axis, scale, zero_point = case
    zero_point = zero_point if opset >= 21 else zero_point.astype(np.uint8)
    x = rng.integers(0, 120, shape).astype(zero_point.dtype)
    node = helper.make_node("DequantizeLinear", ["x", "scale", "zero"], ["y"], axis=axis)
    check_node(node, {"x": x}, {"scale": scale, "zero": zero_point}, opset, rtol=0, atol=0)


def test_ties_round_to_even_and_ends_saturate() -> None:
    x = np.array([-1000, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1000], np.float32)
    node = helper.make_node("QuantizeLinear", ["x", "scale"], ["y"])
    check_node(node, {"x": x}, {"scale": np.asarray(1, np.float32)}, 10, rtol=0, atol=0)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 9), st.sampled_from([16, 32]), st.integers(0, 1))
def test_blocks(rows: int, columns: int, extra: int, block: int, axis: int) -> None:
    """The last block of the axis may be a part of one."""
    rng = np.random.default_rng(rows + 10 * columns + 100 * extra)
    shape = [rows, columns]
    shape[axis] = 2 * block + extra
    per_block = [*shape]
    per_block[axis] = 3
    scale = rng.uniform(0.01, 0.1, per_block).astype(np.float32)
    zero = rng.integers(-9, 9, per_block).astype(np.int8)
    quantize = helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], axis=axis, block_size=block)
    dequantize = helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"], axis=axis, block_size=block)
    inputs, constants = {"x": 9 * distinct(rng, *shape)}, {"scale": scale, "zero": zero}
    check_nodes([quantize, dequantize], inputs, constants, ["q", "y"], opset=21, rtol=0, atol=0)


@pytest.mark.parametrize("element", ["INT4", "UINT4", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ"])
def test_narrow_types(element: str) -> None:
    """Seen through DequantizeLinear: numpy has none of these types."""
    x = np.concatenate([np.linspace(-900, 900, 241), np.linspace(-0.02, 0.02, 100)]).astype(np.float32)
    output = {"output_dtype": TensorProto.DataType.Value(element)}
    quantize = make_node("QuantizeLinear", ["x", "scale"], ["q"], **output)
    dequantize = helper.make_node("DequantizeLinear", ["q", "scale"], ["y"])
    check_nodes(
        [quantize, dequantize], {"x": x}, {"scale": np.asarray(0.7, np.float32)}, ["y"], opset=21, rtol=0, atol=0
    )
