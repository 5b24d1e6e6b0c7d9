"""Where, Cast, CastLike, Trilu and the operators on bits against onnxruntime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from onnx2zz.compiler import compile_model
from tests.nodes import make_node
from tests.oracle import check_node, distinct, model_of


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), max_size=4), st.data())
def test_where_broadcasts_all_three(shape: list[int], data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    some = [[data.draw(st.sampled_from([1, s])) for s in shape[data.draw(st.integers(0, len(shape))) :]] for _ in "cxy"]
    inputs = {
        "c": np.asarray(rng.random(some[0]) > 0.5),
        "x": np.asarray(distinct(rng, *some[1])),
        "y": np.asarray(distinct(rng, *some[2]) + np.float32(2)),
    }
    assert len(check_node(helper.make_node("Where", ["c", "x", "y"], ["z"]), inputs)) == 2


def test_where_keeps_infinities() -> None:
    inputs = {
        "c": np.array([True, False, True]),
        "x": np.array([-np.inf, -np.inf, 1.5], np.float32),
        "y": np.array([0.5, np.inf, 2.5], np.float32),
    }
    check_node(helper.make_node("Where", ["c", "x", "y"], ["z"]), inputs)


@pytest.mark.parametrize("to", [TensorProto.INT32, TensorProto.FLOAT16, TensorProto.BOOL, TensorProto.DOUBLE])
def test_cast(to: int) -> None:
    x = 9 * distinct(np.random.default_rng(0), 3, 5)
    check_node(helper.make_node("Cast", ["x"], ["y"], to=to), {"x": x})


def test_cast_like_takes_the_type_of_another_tensor() -> None:
    inputs = {"x": 9 * distinct(np.random.default_rng(0), 3, 5), "like": np.zeros(2, np.int32)}
    check_node(helper.make_node("CastLike", ["x", "like"], ["y"]), inputs)


@pytest.mark.parametrize(("to", "status"), [(TensorProto.FLOAT, "view"), (TensorProto.INT32, "lowered")])
def test_a_cast_to_the_same_type_is_a_view(to: int, status: str) -> None:
    node = helper.make_node("Cast", ["x"], ["y"], to=to)
    model = model_of([node], {"x": np.zeros((3, 5), np.float32)}, {}, ["y"])
    (entry,) = compile_model(model).coverage["nodes"]
    assert entry["status"] == status


@pytest.mark.parametrize("k", [None, -2, 0, 1, 9])
@pytest.mark.parametrize("upper", [0, 1])
def test_trilu(upper: int, k: int | None) -> None:
    constants = {} if k is None else {"k": np.array(k, np.int64)}
    node = helper.make_node("Trilu", ["x", *constants], ["y"], upper=upper)
    (layer,) = check_node(node, {"x": distinct(np.random.default_rng(0), 2, 4, 6)}, constants)
    assert layer.kind == "exact"


@pytest.mark.parametrize("op", ["BitwiseAnd", "BitwiseOr", "BitwiseXor"])
def test_bits(op: str) -> None:
    rng = np.random.default_rng(0)
    inputs = {"x": rng.integers(-99, 99, (3, 5), np.int32), "y": rng.integers(-99, 99, (5,), np.int32)}
    check_node(helper.make_node(op, ["x", "y"], ["z"]), inputs, opset=18)


def test_inverted_bits() -> None:
    x = np.random.default_rng(0).integers(-99, 99, (3, 5), np.int32)
    check_node(helper.make_node("BitwiseNot", ["x"], ["z"]), {"x": x}, opset=18)


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_shifted_bits(direction: str) -> None:
    rng = np.random.default_rng(0)
    inputs = {"x": rng.integers(0, 99, (3, 5), np.uint32), "y": rng.integers(0, 7, (3, 5), np.uint32)}
    check_node(helper.make_node("BitShift", ["x", "y"], ["z"], direction=direction), inputs)


@pytest.mark.parametrize("op", ["IsNaN", "IsInf"])
@pytest.mark.parametrize("attributes", [{}, {"detect_negative": 0}, {"detect_positive": 0}])
def test_what_is_no_number(op: str, attributes: dict[str, int]) -> None:
    x = np.array([[1, np.nan, np.inf], [-np.inf, 0, -2]], np.float32)
    check_node(make_node(op, ["x"], ["y"], **(attributes if op == "IsInf" else {})), {"x": x}, opset=20)
