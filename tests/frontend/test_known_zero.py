"""A state known to be zero counts alike, whichever way the file writes it."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.compiler import compile_model

STEPS, INPUTS, HIDDEN, BATCH = 3, 4, 5, 2
Nodes = list[onnx.NodeProto]
Weights = dict[str, np.ndarray]


def shaped() -> tuple[Nodes, Weights]:
    """The state's shape from the batch of the first input."""
    nodes = [
        helper.make_node("Shape", ["x0"], ["sizes"]),
        helper.make_node("Gather", ["sizes", "first"], ["batch"]),
        helper.make_node("Concat", ["batch", "hidden"], ["shape"], axis=0),
    ]
    return nodes, {"first": np.array([0]), "hidden": np.array([HIDDEN])}


def initializer() -> tuple[Nodes, Weights]:
    return [], {"h": np.zeros((BATCH, HIDDEN), np.float32)}


def constant_of_shape() -> tuple[Nodes, Weights]:
    nodes, weights = shaped()
    return [*nodes, helper.make_node("ConstantOfShape", ["shape"], ["h"])], weights


def expanded() -> tuple[Nodes, Weights]:
    nodes, weights = shaped()
    return [*nodes, helper.make_node("Expand", ["zero", "shape"], ["h"])], weights | {"zero": np.zeros(1, np.float32)}


def turned() -> tuple[Nodes, Weights]:
    zeros = helper.make_tensor("turned", TensorProto.FLOAT, [HIDDEN, BATCH], [0.0] * (HIDDEN * BATCH))
    constant = helper.make_node("Constant", [], ["turned"], value=zeros)
    return [constant, helper.make_node("Transpose", ["turned"], ["h"])], {}


Start = Callable[[], tuple[Nodes, Weights]]
BEGUN = frozenset({"sizes", "batch", "shape", "turned", "h"})
"""What nodes make that only begin the state."""
STARTS = (initializer, constant_of_shape, expanded, turned)


def unrolled(start: Start, steps: int = STEPS) -> onnx.ModelProto:
    """h = tanh(x W + h R), written out step by step from a state of zeros."""
    nodes, weights = start()
    rng = np.random.default_rng(3)
    weights |= {"w": rng.normal(size=(INPUTS, HIDDEN)), "r": rng.normal(size=(HIDDEN, HIDDEN))}
    state = "h"
    for t in range(steps):
        nodes += [
            helper.make_node("MatMul", [f"x{t}", "w"], [f"in{t}"]),
            helper.make_node("MatMul", [state, "r"], [f"back{t}"]),
            helper.make_node("Add", [f"in{t}", f"back{t}"], [f"sum{t}"]),
            helper.make_node("Tanh", [f"sum{t}"], [f"h{t}"]),
        ]
        state = f"h{t}"
    inputs = [helper.make_tensor_value_info(f"x{t}", TensorProto.FLOAT, [BATCH, INPUTS]) for t in range(steps)]
    outputs = [helper.make_tensor_value_info(state, TensorProto.FLOAT, None)]
    stored = [
        numpy_helper.from_array(v.astype(np.float32) if v.dtype.kind == "f" else v, n) for n, v in weights.items()
    ]
    graph = helper.make_graph(nodes, "cell", inputs, outputs, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def rnn() -> onnx.ModelProto:
    """The same as one node, whose state begins with zeros since none is given."""
    node = helper.make_node("RNN", ["x", "w", "r"], ["", "h"], hidden_size=HIDDEN)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, BATCH, INPUTS])
    weights = {"w": np.ones((1, HIDDEN, INPUTS)), "r": np.ones((1, HIDDEN, HIDDEN))}
    stored = [numpy_helper.from_array(v.astype(np.float32), n) for n, v in weights.items()]
    graph = helper.make_graph(
        [node], "cell", [x], [helper.make_tensor_value_info("h", TensorProto.FLOAT, None)], stored
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def info(name: str, shape: list[int], element: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def looped(start: Start) -> onnx.ModelProto:
    """The same as a Loop over the rows of one input, the state begun in the same ways."""
    whole = unrolled(start)
    nodes = [node for node in whole.graph.node if node.output[0] in BEGUN]
    step = [
        helper.make_node("Gather", ["x0", "i"], ["x"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["in"]),
        helper.make_node("MatMul", ["h_in", "r"], ["back"]),
        helper.make_node("Add", ["in", "back"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["h_out"]),
        helper.make_node("Identity", ["go"], ["goes_on"]),
    ]
    state = [BATCH, HIDDEN]
    given = [info("i", [], TensorProto.INT64), info("go", [], TensorProto.BOOL), info("h_in", state)]
    body = helper.make_graph(step, "step", given, [info("goes_on", [], TensorProto.BOOL), info("h_out", state)])
    nodes.append(helper.make_node("Loop", ["steps", "", "h"], ["last"], body=body))
    stored = [*whole.graph.initializer, numpy_helper.from_array(np.array(STEPS, np.int64), "steps")]
    x = helper.make_tensor_value_info("x0", TensorProto.FLOAT, [BATCH, STEPS, INPUTS])
    y = helper.make_tensor_value_info("last", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "cell", [x], [y], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


@pytest.mark.parametrize("start", STARTS)
def test_zeros_count_in_a_loop_as_written_out(start: Start) -> None:
    compiled = compile_model(looped(start))
    assert compiled.workload.macs == STEPS * BATCH * (INPUTS + HIDDEN) * HIDDEN
    assert compiled.entries == compile_model(looped(initializer)).entries


@pytest.mark.parametrize("start", STARTS)
def test_zeros_count_as_those_that_an_operator_takes_for_granted(start: Start) -> None:
    macs = STEPS * BATCH * (INPUTS + HIDDEN) * HIDDEN
    assert compile_model(unrolled(start)).workload.macs == compile_model(rnn()).workload.macs == macs


@given(st.permutations(STARTS).map(lambda starts: starts[:2]), st.integers(1, 4))
def test_any_two_ways_to_write_zeros_give_the_same_layers(pair: list[Start], steps: int) -> None:
    first, second = (compile_model(unrolled(start, steps)).entries for start in pair)
    assert first == second


def test_a_product_of_other_constants_is_still_folded() -> None:
    model = unrolled(lambda: ([], {"h": np.full((BATCH, HIDDEN), 0.5, np.float32)}))
    assert compile_model(model).workload.macs == STEPS * BATCH * INPUTS * HIDDEN + (STEPS - 1) * BATCH * HIDDEN**2
