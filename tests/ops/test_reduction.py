"""Reductions against onnxruntime: axes as attribute and as input, keepdims, no axes at all."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.ops.reduction import FORMULA
from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct, model_of


def reduce_node(
    op: str, opset: int, axes: list[int] | None, **attributes: Attribute
) -> tuple[onnx.NodeProto, dict[str, np.ndarray]]:
    """A reduction whose axes lie where its opset wants them, and the constants it then needs."""
    as_input = opset >= (13 if op == "ReduceSum" else 18)
    constants = {"axes": np.array(axes, np.int64)} if as_input and axes is not None else {}
    if not as_input and axes is not None:
        attributes["axes"] = axes
    return make_node(op, ["x", *constants], ["y"], **attributes), constants


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(sorted(FORMULA)),
    st.sampled_from([8, 11, 13, 18, 20]),
    st.lists(st.integers(1, 4), min_size=1, max_size=5),
    st.data(),
)
def test_axes(op: str, opset: int, shape: list[int], data: st.DataObject) -> None:
    rank = len(shape)
    axes = data.draw(st.none() | st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True))
    if axes is not None and opset >= 11 and data.draw(st.booleans()):
        axes = [axis - rank for axis in axes]
    node, constants = reduce_node(op, opset, axes, keepdims=data.draw(st.integers(0, 1)))
    x = distinct(np.random.default_rng(data.draw(st.integers(0, 99))), *shape) + np.float32(0.75)
    (layer,) = check_node(node, {"x": x}, constants, opset=opset)
    assert (layer.operator_type, layer.macs, layer.operations) == ("Pooling", 0, x.size)


def test_log_of_summed_powers_does_not_overflow() -> None:
    node, constants = reduce_node("ReduceLogSumExp", 18, [1])
    check_node(node, {"x": 900 * distinct(np.random.default_rng(0), 2, 5, 3)}, constants, opset=18)


def test_no_axes_and_noop_is_a_view() -> None:
    node, _ = reduce_node("ReduceSum", 18, None, noop_with_empty_axes=1)
    assert fates(node, (2, 3)) == ["view"]
    node, _ = reduce_node("ReduceSum", 18, None)
    assert fates(node, (2, 3)) == ["lowered"]


@pytest.mark.parametrize(("op", "status"), [("ReduceMean", "view"), ("ReduceMax", "view"), ("ReduceL1", "lowered")])
def test_axes_of_one_element_change_nothing_but_absolute_values(op: str, status: str) -> None:
    assert fates(reduce_node(op, 13, [1])[0], (3, 1, 5), opset=13) == [status]


def fates(node: onnx.NodeProto, shape: tuple[int, ...], opset: int = 18) -> list[str]:
    model = model_of([node], {"x": np.zeros(shape, np.float32)}, {}, ["y"], opset)
    return [entry["status"] for entry in compile_model(model).coverage["nodes"]]


def test_a_mean_over_rows_and_columns_is_a_global_pool() -> None:
    x = distinct(np.random.default_rng(0), 2, 3, 5, 4)
    (mean,) = check_node(helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3]), {"x": x}, opset=13)
    (pool,) = check_node(helper.make_node("GlobalAveragePool", ["x"], ["y"]), {"x": x}, opset=13)
    assert mean == pool
