"""Element-wise operators, concatenation and pools of integers against onnxruntime."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.nodes import Attribute, make_node
from tests.ops.quantised_tensors import parameters, quantised
from tests.oracle import check_node, lowered, model_of, onnxruntime_run, run_layers

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)
types = st.sampled_from([np.uint8, np.int8])


def microsoft(op: str, inputs: list[str], **attributes: Attribute) -> onnx.NodeProto:
    """A node of ONNX Runtime's own domain."""
    return make_node(op, inputs, ["out"], domain="com.microsoft", **attributes)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["QLinearAdd", "QLinearMul"]), shapes, types, st.booleans(), st.data())
def test_add_and_mul(
    op: str, shape: list[int], dtype: type[np.int8] | type[np.uint8], constant: bool, data: st.DataObject
) -> None:
    """Powers of two as scales: then float32 is exact in any order, ties included."""
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    other = [data.draw(st.sampled_from([1, size])) for size in shape][data.draw(st.integers(0, len(shape) - 1)) :]
    a, b, c = quantised(rng, shape, dtype), quantised(rng, other, dtype), quantised(rng, (), dtype)
    names = ["a", "a_scale", "a_zero", "b", "b_scale", "b_zero", "c_scale", "c_zero"]
    scales = {f"{n}_scale": np.asarray(2.0 ** rng.integers(-6, -2), np.float32) for n in "abc"}
    tensors = {"a": a.values, "b": b.values}
    weights = {"b": tensors.pop("b")} if constant else {}
    check_node(microsoft(op, names), tensors, weights | parameters(a=a, b=b, c=c) | scales, rtol=0, atol=0)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["QLinearSigmoid", "QLinearLeakyRelu"]), shapes, types, st.integers(0, 99))
def test_tables(op: str, shape: list[int], dtype: type[np.int8] | type[np.uint8], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = quantised(rng, shape, dtype), quantised(rng, (), dtype)
    attributes = {"alpha": 0.3} if op.endswith("Relu") else {}
    names = ["x", "x_scale", "x_zero", "y_scale", "y_zero"]
    check_node(microsoft(op, names, **attributes), {"x": x.values}, parameters(x=x, y=y), rtol=0, atol=0)


@settings(max_examples=20, deadline=None)
@given(shapes, st.integers(0, 99))
def test_where(shape: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, z = quantised(rng, shape), quantised(rng, (shape[-1],)), quantised(rng, ())
    names = ["condition", "x", "x_scale", "x_zero", "y", "y_scale", "y_zero", "z_scale", "z_zero"]
    inputs = {"condition": rng.integers(0, 2, shape).astype(bool), "x": x.values, "y": y.values}
    layers = check_node(microsoft("QLinearWhere", names), inputs, parameters(x=x, y=y, z=z), rtol=0, atol=0)
    assert len(layers) == 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=3), shapes, st.data())
def test_concat(lengths: list[int], shape: list[int], data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    axis = data.draw(st.integers(0, len(shape) - 1))
    operands = {
        f"x{i}": quantised(rng, [*shape[:axis], length, *shape[axis + 1 :]]) for i, length in enumerate(lengths)
    }
    y = quantised(rng, ())
    names = ["y_scale", "y_zero", *(n for x in operands for n in (x, f"{x}_scale", f"{x}_zero"))]
    inputs = {name: operand.values for name, operand in operands.items()}
    node = microsoft("QLinearConcat", names, axis=axis)
    layers = check_node(node, inputs, parameters(y=y, **operands), rtol=0, atol=0)
    assert [layer.operations for layer in layers] == [x.values.size for x in operands.values()]


@pytest.mark.parametrize("op", ["QLinearAveragePool", "QLinearGlobalAveragePool"])
@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(2, 5), min_size=2, max_size=2), last=st.booleans(), seed=st.integers(0, 99))
def test_average_pools(op: str, sizes: list[int], last: bool, seed: int) -> None:
    """A step of the result may differ where the mean falls on a tie: onnxruntime averages in float32."""
    rng = np.random.default_rng(seed)
    x, y = quantised(rng, (2, 3, *sizes)), quantised(rng, ())
    attributes = {"channels_last": int(last)}
    if op == "QLinearAveragePool":
        attributes |= {"kernel_shape": [2, 1], "strides": [1, 2], "pads": [1, 0, 0, 0], "count_include_pad": seed % 2}
    values = np.moveaxis(x.values, 1, -1).copy() if last else x.values
    node = microsoft(op, ["x", "x_scale", "x_zero", "y_scale", "y_zero"], **attributes)
    (layer,) = check_node(node, {"x": values}, parameters(x=x, y=y), rtol=0, atol=1)
    assert layer.operator_type == "Pooling"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 6), min_size=2, max_size=2), types, st.integers(0, 1))
def test_nhwc_max_pool(sizes: list[int], dtype: type[np.int8] | type[np.uint8], ceil_mode: int) -> None:
    x = quantised(np.random.default_rng(sizes[0]), (2, *sizes, 3), dtype)
    node = microsoft("NhwcMaxPool", ["x"], kernel_shape=[2, 1], strides=[2, 2], pads=[1, 0, 1, 0], ceil_mode=ceil_mode)
    check_node(node, {"x": x.values}, {}, rtol=0, atol=0)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, 5), min_size=2, max_size=3), types, st.sampled_from([12, 13]), st.integers(0, 99))
def test_softmax(shape: list[int], dtype: type[np.int8] | type[np.uint8], opset: int, seed: int) -> None:
    """onnxruntime takes exp from a table of integers, so a step may differ."""
    rng = np.random.default_rng(seed)
    x = quantised(rng, shape, dtype)
    one = {"y_scale": np.asarray(1 / 256, np.float32), "y_zero": np.array(np.iinfo(dtype).min, dtype)}
    axis = int(rng.integers(-len(shape), len(shape)))
    node = microsoft("QLinearSoftmax", ["x", "x_scale", "x_zero", "y_scale", "y_zero"], axis=axis, opset=opset)
    layers = check_node(node, {"x": x.values}, parameters(x=x) | one, rtol=0, atol=1)
    assert [layer.operator_type for layer in layers] == ["Pooling", "Add", "Pooling", "Add"]


@pytest.mark.parametrize("segments", [True, False])
def test_embed_layer_normalization(segments: bool) -> None:
    """Tables, gamma and beta in uint8, a scale and zero point for each."""
    rng = np.random.default_rng(1)
    parts = {"words": (7, 8), "positions": (5, 8), "types": (2, 8), "gamma": (8,), "beta": (8,)}
    tables = {name: quantised(rng, shape) for name, shape in parts.items()}
    ids = {"ids": rng.integers(0, 7, (2, 3)).astype(np.int32), "kinds": rng.integers(0, 2, (2, 3)).astype(np.int32)}
    left_out: set[str] = set() if segments else {"kinds", "types"}
    names = ["ids", "kinds", *tables, "mask", *(f"{t}_scale" for t in tables), *(f"{t}_zero" for t in tables)]
    names = ["" if n == "mask" or any(n.startswith(gone) for gone in left_out) else n for n in names]
    constants = {name: table.values for name, table in tables.items()} | parameters(**tables)
    node = helper.make_node("QEmbedLayerNormalization", names, ["out", "index"], domain="com.microsoft")
    constants = {name: value for name, value in constants.items() if name in names}
    inputs = {name: value for name, value in ids.items() if name in names}
    model = model_of([node], inputs, constants, ["out", "index"])
    expected = onnxruntime_run(model, inputs)["out"]
    _, layers = lowered(model)
    copies = [layer for layer in layers if layer.also_reads]
    values: dict[str, np.ndarray] = {**inputs, **constants}
    for copy in copies:
        assert copy.output_bits == 8
        values[copy.output.tensor] = constants[copy.inputs[0].tensor][inputs[copy.also_reads[0]]]
    values = run_layers([layer for layer in layers if layer not in copies], values)
    np.testing.assert_allclose(values["out"], expected, 1e-4, 1e-4)


def test_rows_of_a_packed_table() -> None:
    """Four bits an element: the copy reads 2 rows of 32 elements, and the file's width says 4."""
    rng = np.random.default_rng(0)
    constants = {
        "data": rng.integers(0, 256, (5, 16)).astype(np.uint8),
        "scales": rng.uniform(0.1, 0.2, (5, 2)).astype(np.float32),
    }
    node = microsoft("GatherBlockQuantized", ["data", "indices", "scales"], block_size=16, bits=4, quantize_axis=1)
    inputs = {"indices": np.array([3, 1])}
    model = model_of([node], inputs, constants, ["out"])
    (expected,) = onnxruntime_run(model, inputs).values()
    graph, (layer,) = lowered(model)
    assert graph.shape("out") == expected.shape == (2, 32)
    assert layer.kind == "movement" and layer.operations == 2 * 32
    assert layer.inputs[0].packed == 4 and layer.also_reads == ("indices",)
