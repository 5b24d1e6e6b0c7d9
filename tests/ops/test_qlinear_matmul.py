"""Integer matrix products against onnxruntime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.ops.quantised_tensors import parameters, quantised
from tests.oracle import check_node, distinct

sizes = st.integers(1, 5)
batches = st.lists(st.integers(1, 3), max_size=2)


@settings(max_examples=40, deadline=None)
@given(batches, sizes, sizes, sizes, st.booleans(), st.booleans(), st.integers(0, 99))
def test_qlinear_matmul(batch: list[int], d: int, c: int, k: int, per_column: bool, constant: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, y = quantised(rng, (*batch, d, c)), quantised(rng, ())
    b = quantised(rng, (c, k), np.int8, (k,) if per_column else ())
    names = ["a", "a_scale", "a_zero", "b", "b_scale", "b_zero", "y_scale", "y_zero"]
    tensors = {"a": a.values, "b": b.values}
    weights = {"b": tensors.pop("b")} if constant else {}
    node = helper.make_node("QLinearMatMul", names, ["out"])
    (layer,) = check_node(node, tensors, weights | parameters(a=a, b=b, y=y), 21, rtol=0, atol=0)
    assert layer.macs == np.prod(batch, dtype=int) * d * c * k


@settings(max_examples=40, deadline=None)
@given(batches, sizes, sizes, sizes, st.sampled_from([np.uint8, np.int8]), st.booleans(), st.integers(0, 99))
def test_matmul_integer(
    batch: list[int], d: int, c: int, k: int, dtype: type[np.int8] | type[np.uint8], per_column: bool, seed: int
) -> None:
    """The zero point of A is read by the run: it is the third tensor of the layer."""
    rng = np.random.default_rng(seed)
    a = quantised(rng, (*batch, d, c))
    b = quantised(rng, (c, k), dtype, (k,) if per_column else ())
    node = helper.make_node("MatMulInteger", ["a", "b", "a_zero", "b_zero"], ["out"])
    inputs = {"a": a.values, "a_zero": a.zero_point}
    (layer,) = check_node(node, inputs, {"b": b.values, "b_zero": b.zero_point}, 10, rtol=0, atol=0)
    assert layer.tensors == {"a", "b", "a_zero", "b_zero"}


@settings(max_examples=30, deadline=None)
@given(sizes, sizes, sizes, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 99))
def test_matmul_integer_to_float(d: int, c: int, k: int, per_column: bool, zero: bool, bias: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = quantised(rng, (2, d, c)), quantised(rng, (c, k), np.uint8, (k,) if per_column else ())
    names = ["a", "b", "a_scale", "b_scale", *(["a_zero", "b_zero"] if zero else ["", ""]), *(["bias"] * bias)]
    constants = {"b": b.values, **parameters(a=a, b=b), "bias": distinct(rng, k)}
    node = helper.make_node("MatMulIntegerToFloat", names, ["out"], domain="com.microsoft")
    check_node(node, {"a": a.values}, {n: v for n, v in constants.items() if n in names}, rtol=1e-6, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(sizes, sizes, sizes, st.integers(0, 1), st.integers(0, 1), st.booleans(), st.booleans(), st.data())
def test_qgemm(
    d: int, c: int, k: int, trans_a: int, trans_b: int, bias: bool, integers: bool, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    per = (k,) if data.draw(st.booleans()) else ()
    a = quantised(rng, (c, d) if trans_a else (d, c))
    b = quantised(rng, (k, c) if trans_b else (c, k), np.int8, per)
    y = quantised(rng, ())
    names = ["a", "a_scale", "a_zero", "b", "b_scale", "b_zero", "bias" if bias else ""]
    names += ["y_scale", "y_zero"] if integers else []
    constants = {"b": b.values, **parameters(a=a, b=b, y=y), "bias": rng.integers(-999, 999, k).astype(np.int32)}
    constants = {name: value for name, value in constants.items() if name in names}
    alpha = data.draw(st.sampled_from([1.0, 0.5]))
    node = helper.make_node(
        "QGemm", names, ["out"], domain="com.microsoft", transA=trans_a, transB=trans_b, alpha=alpha
    )
    tolerance = 0 if integers else 1e-5
    (layer,) = check_node(node, {"a": a.values}, constants, rtol=tolerance, atol=tolerance)
    assert layer.macs == d * c * k


@settings(max_examples=25, deadline=None)
@given(st.lists(sizes, min_size=1, max_size=4), st.sampled_from([-3.0, 0.0, 3.0]))
def test_dynamic_quantize_linear(shape: list[int], shift: float) -> None:
    x = distinct(np.random.default_rng(3), *shape) + np.float32(shift)
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])
    layers = check_node(node, {"x": x}, {}, 11, rtol=1e-6, atol=0)
    assert [layer.operator_type for layer in layers if layer.operations > 1] == ["Pooling", "Pooling", "Add"][
        : 3 * (x.size > 1)
    ]


@settings(max_examples=25, deadline=None)
@given(sizes, sizes, sizes, st.booleans(), st.booleans(), st.booleans())
def test_dynamic_quantize_matmul(d: int, c: int, k: int, per_column: bool, zero: bool, bias: bool) -> None:
    rng = np.random.default_rng(d + 10 * c + 100 * k)
    b = quantised(rng, (c, k), np.int8, (k,) if per_column else ())
    names = ["a", "b", "b_scale", "b_zero" if zero else "", *(["bias"] * bias)]
    constants = {"b": b.values, **parameters(b=b), "bias": distinct(rng, k)}
    node = helper.make_node("DynamicQuantizeMatMul", names, ["out"], domain="com.microsoft")
    inputs = {"a": distinct(rng, 2, d, c)}
    layers = check_node(node, inputs, {n: v for n, v in constants.items() if n in names}, rtol=1e-4, atol=1e-4)
    assert sum(layer.macs for layer in layers) == 2 * d * c * k


@pytest.mark.parametrize(("bits", "zero"), [(4, "none"), (4, "packed"), (4, "float"), (8, "none"), (8, "packed")])
@settings(max_examples=10, deadline=None)
@given(rows=sizes, columns=st.integers(1, 6), depth=st.integers(1, 70), bias=st.booleans())
def test_matmul_nbits(bits: int, zero: str, rows: int, columns: int, depth: int, bias: bool) -> None:
    """Weights of K*N elements; the last block may be a part of one."""
    rng = np.random.default_rng(depth)
    block = 16
    count = -(-depth // block)
    constants = {
        "b": rng.integers(0, 256, (columns, count, block * bits // 8)).astype(np.uint8),
        "scales": rng.uniform(0.01, 0.1, columns * count).astype(np.float32),
    }
    if zero == "packed":
        constants["zeros"] = rng.integers(0, 256, columns * -(-count * bits // 8)).astype(np.uint8)
    elif zero == "float":
        constants["zeros"] = rng.uniform(3, 9, (columns, count)).astype(np.float32)
    names = ["a", "b", "scales", "zeros" if zero != "none" else "", "", "bias" if bias else ""]
    if bias:
        constants["bias"] = distinct(rng, columns)
    node = helper.make_node(
        "MatMulNBits", names, ["out"], domain="com.microsoft", K=depth, N=columns, bits=bits, block_size=block
    )
    (layer,) = check_node(node, {"a": distinct(rng, 3, rows, depth)}, constants, rtol=1e-3, atol=1e-3)
    assert layer.macs == 3 * rows * columns * depth
    assert layer.inputs[1].volume(layer.sizes) == columns * depth and layer.inputs[1].packed == bits


@pytest.mark.parametrize("kind", [0, 1])
@settings(max_examples=10, deadline=None)
@given(rows=sizes, columns=st.integers(1, 6), depth=st.integers(1, 40))
def test_matmul_bnb4(kind: int, rows: int, columns: int, depth: int) -> None:
    """Blocks go on from row to row of the weights, and the last one may be a part of one."""
    rng = np.random.default_rng(depth)
    block = 16
    constants = {
        "b": rng.integers(0, 256, -(-columns * depth // 2)).astype(np.uint8),
        "scales": rng.uniform(0.1, 1.0, -(-columns * depth // block)).astype(np.float32),
    }
    node = helper.make_node(
        "MatMulBnb4", ["a", *constants], ["out"], domain="com.microsoft", K=depth, N=columns, block_size=block,
        quant_type=kind,
    )  # fmt: skip
    (layer,) = check_node(node, {"a": distinct(rng, 2, rows, depth)}, constants)
    assert layer.macs == 2 * rows * columns * depth
    assert layer.inputs[1].volume(layer.sizes) == columns * depth and layer.inputs[1].packed == 4
