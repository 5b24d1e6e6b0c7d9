"""Sequences and optionals at known places are the tensors themselves."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import compile_model
from tests.frontend.test_loops import loop_body, loop_model
from tests.frontend.whole_graph import check_model
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(9)
X = {"x": distinct(RNG, 2, 5, 3)}


def node(op: str, inputs: str, outputs: str, **attributes: Attribute) -> onnx.NodeProto:
    return make_node(op, ["" if i == "-" else i for i in inputs.split()], outputs.split(), **attributes)


def statuses(model: onnx.ModelProto) -> dict[str, str]:
    return {fate.outputs[0]: fate.status for fate in compile_model(model).workload.nodes}


SIZES = {"two": np.array(2), "uneven": np.array([1, 4]), "at": np.array(-1), "zero": np.array(0)}


@pytest.mark.parametrize(
    ("split", "attributes"),
    [("two", {"axis": 1}), ("uneven", {"axis": 1}), ("", {"axis": -1}), ("", {"axis": 0, "keepdims": 0})],
)
def test_parts_are_taken_from_the_tensor(split: str, attributes: dict[str, int]) -> None:
    nodes = [
        node("SplitToSequence", f"x {split}", "s", **attributes),
        node("SequenceAt", "s at", "last"),
        node("Exp", "last", "y"),
    ]
    model = model_of(nodes, X, {name: v for name, v in SIZES.items() if name in (split, "at")}, ["y"])
    check_model(model, X)
    assert statuses(model)["s"] == statuses(model)["last"] == "view"
    assert len(compile_model(model).workload.layers) == 1


@pytest.mark.parametrize("new_axis", [0, 1])
def test_concat_of_a_grown_sequence(new_axis: int) -> None:
    nodes = [
        node("SequenceEmpty", "", "s0"),
        node("Exp", "x", "a"),
        node("Tanh", "x", "b"),
        node("Abs", "x", "c"),
        node("SequenceInsert", "s0 a", "s1"),
        node("SequenceInsert", "s1 b zero", "s2"),
        node("SequenceConstruct", "c a", "s3"),
        node("SequenceErase", "s3 at", "s4"),
        node("SequenceAt", "s4 zero", "d"),
        node("SequenceInsert", "s2 d", "s5"),
        node("ConcatFromSequence", "s5", "y", axis=1, new_axis=new_axis),
        node("SequenceLength", "s5", "n"),
    ]
    constants = {name: SIZES[name] for name in ("at", "zero")}
    model = model_of(nodes, X, constants, ["y", "n"])
    graph = check_model(model, X)
    assert graph.shape("y") == ((2, 3, 5, 3) if new_axis else (2, 15, 3))
    assert statuses(model)["n"] == "folded"


def test_sequence_that_a_loop_fills() -> None:
    """As exporters write a list that grows step by step."""
    nodes = [node("MatMul", "h_in w", "h_out")]
    body = loop_body(nodes, {"h": [2, 3]})
    carried = helper.make_tensor_sequence_value_info("s_in", TensorProto.FLOAT, None)
    body.input.append(carried)
    body.node.insert(1, node("SequenceInsert", "s_in h_out", "s_out"))
    body.output.append(helper.make_tensor_sequence_value_info("s_out", TensorProto.FLOAT, None))
    model = loop_model(body, ["y"])
    model.graph.node.insert(0, node("SequenceEmpty", "", "empty"))
    model.graph.node[1].input.append("empty")
    model.graph.node[1].output.append("s")
    model.graph.node.append(node("ConcatFromSequence", "s", "all", axis=0))
    model.graph.output.append(helper.make_empty_tensor_value_info("all"))
    graph = check_model(model, {"x": distinct(RNG, 2, 3)})
    assert graph.shape("all") == (6, 3)


def test_position_that_only_a_run_knows_goes_to_the_host() -> None:
    nodes = [node("SplitToSequence", "x two", "s", axis=1), node("SequenceAt", "s where", "y")]
    inputs = X | {"where": np.array(1)}
    assert statuses(model_of(nodes, inputs, {"two": SIZES["two"]}, ["y"]))["y"] == "host"


def test_optionals() -> None:
    nodes = [
        node("Optional", "x", "o"),
        node("OptionalHasElement", "o", "there"),
        node("OptionalGetElement", "o", "again"),
        node("Exp", "again", "y"),
    ]
    model = model_of(nodes, X, {}, ["y", "there"])
    check_model(model, X)
    assert statuses(model) == {"o": "view", "there": "folded", "again": "view", "y": "lowered"}
