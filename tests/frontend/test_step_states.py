"""States of a Loop that are handed on as they came, or count its steps, stand in nobody's way."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.proof.verify import verify

INT64, FLOAT, BOOL = TensorProto.INT64, TensorProto.FLOAT, TensorProto.BOOL


def info(name: str, shape: list[int], element: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def model(start: int, rate: int, steps: int, op: str = "Add") -> onnx.ModelProto:
    """h = h * w + x[j], x and w handed on from step to step, j a state that goes on by `rate`."""
    rows = 2 + max(start, start + rate * (steps - 1), 0)
    nodes = [
        helper.make_node("Gather", ["x_in", "j_in"], ["row"], axis=0),
        helper.make_node("MatMul", ["h_in", "w_in"], ["product"]),
        helper.make_node("Add", ["product", "row"], ["h_out"]),
        helper.make_node("Identity", ["x_in"], ["x_out"]),
        helper.make_node(op, ["j_in", "rate"], ["j_out"]),
        helper.make_node("Identity", ["go"], ["goes_on"]),
    ]
    states = [info("h_in", [2, 3]), info("x_in", [rows, 2, 3]), info("w_in", [3, 3]), info("j_in", [], INT64)]
    ends = [info("h_out", [2, 3]), info("x_out", [rows, 2, 3]), info("w_in", [3, 3]), info("j_out", [], INT64)]
    body = helper.make_graph(
        nodes, "step", [info("i", [], INT64), info("go", [], BOOL), *states], [info("goes_on", [], BOOL), *ends]
    )
    loop = helper.make_node("Loop", ["steps", "", "h0", "x", "w", "start"], ["h", "x_end", "", "j"], body=body)
    past = helper.make_node("Gather", ["x", "two"], ["other"], axis=0)
    whole = {"steps": steps, "start": start, "rate": rate if op == "Add" else -rate, "two": 1}
    stored = [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in whole.items()]
    stored.append(numpy_helper.from_array((np.arange(9, dtype=np.float32).reshape(3, 3) - 4) / 16, "w"))
    outputs = [info("h", [2, 3]), info("x_end", [rows, 2, 3]), info("j", [], INT64), info("other", [2, 3])]
    graph = helper.make_graph([loop, past], "kept", [info("x", [rows, 2, 3]), info("h0", [2, 3])], outputs, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def assert_proven(compiled: Compiled) -> None:
    result = verify(compiled)
    assert not result.mismatches and not result.not_checkable and result.nodes_matched == result.nodes_exact


@given(st.integers(0, 4), st.integers(1, 3), st.integers(2, 6), st.sampled_from(("Add", "Sub")))
@settings(max_examples=10)
def test_rows_that_a_counter_picks_are_parts_of_a_tensor_outside(start: int, rate: int, steps: int, op: str) -> None:
    compiled = compile_model(model(start, rate, steps, op))
    assert_proven(compiled)
    assert compiled.workload.macs == steps * 2 * 3 * 3
    product, total, *rest = (placed.layer for placed in compiled.workload.layers)
    assert (product.recurrent, total.recurrent, [layer.recurrent for layer in rest]) == ("T", "T", ["", "", ""])
    assert compiled.graph.value("j") == start + rate * steps


@pytest.mark.parametrize("rate", [-1, -2])
def test_a_counter_that_counts_down(rate: int) -> None:
    compiled = compile_model(model(7, rate, 3))
    assert_proven(compiled)
    assert len(compiled.workload.layers) == 5


def test_rows_before_the_first_are_counted_from_the_end_and_no_part() -> None:
    """x[1], x[0], x[-1]: no walk along an axis, so that the iterations stand there one by one."""
    compiled = compile_model(model(1, -1, 3))
    assert not any(node.recurrence for node in compiled.graph.nodes)
    assert compiled.workload.macs == 3 * 2 * 3 * 3
    assert_proven(compiled)
