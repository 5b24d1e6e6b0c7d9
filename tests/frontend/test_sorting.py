"""Nodes may stand in any order, as onnxruntime takes them."""

import random

import numpy as np
import onnx
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.frontend.sorting import early, in_order
from tests.nodes import make_node
from tests.oracle import distinct, model_of, onnxruntime_run

RNG = np.random.default_rng(8)


def chain(length: int) -> list[onnx.NodeProto]:
    """Each node adds what the two before it made."""
    names = ["x", "x", *(f"t{index}" for index in range(length))]
    return [make_node("Add", names[i : i + 2], [names[i + 2]], name=f"n{i}") for i in range(length)]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 30), st.randoms(use_true_random=False))
def test_shuffled_nodes_come_in_an_order_of_execution(length: int, shuffle: random.Random) -> None:
    nodes = chain(length)
    shuffled = shuffle.sample(nodes, length)
    assert [n.name for n in in_order(shuffled)] == [n.name for n in nodes]  # of a chain there is one


def test_nodes_in_order_stay_as_they_are() -> None:
    nodes = chain(5)
    assert in_order(nodes) is nodes
    assert early(nodes) is None


def test_an_unsorted_model_compiles_as_the_sorted_one_with_a_note() -> None:
    nodes = [make_node("Relu", ["c"], ["y"], name="relu"), make_node("Conv", ["x", "w"], ["c"], name="conv")]
    x, w = {"x": distinct(RNG, 1, 3, 5, 7)}, {"w": distinct(RNG, 4, 3, 2, 3)}
    onnxruntime_run(model_of(nodes, x, w, ["y"]), x)  # it does not mind
    unsorted, ordered = compile_model(model_of(nodes, x, w, ["y"])), compile_model(model_of(nodes[::-1], x, w, ["y"]))
    assert unsorted.entries == ordered.entries
    assert unsorted.notes == ("node relu (Relu): stands before a node that feeds it; those of its graph were sorted",)


def test_a_body_may_be_unsorted_too() -> None:
    body = helper.make_graph(
        [make_node("Neg", ["inner"], ["out"], name="neg"), make_node("Exp", ["x"], ["inner"], name="exp")],
        "branch",
        [],
        [helper.make_empty_tensor_value_info("out")],
    )
    pick = make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)
    compiled = compile_model(model_of([pick], {"x": distinct(RNG, 3, 4)}, {"c": np.array(True)}, ["y"]))
    assert [fate.op for fate in compiled.workload.nodes] == ["If", "Exp", "Neg"]
