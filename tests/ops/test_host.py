"""What is left to the host is left there by name, and constants never are."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import compile_model
from tests.oracle import distinct, model_of

X = {"x": distinct(np.random.default_rng(0), 3, 4, 5)}
HOSTED: list[tuple[onnx.NodeProto, dict[str, np.ndarray]]] = [
    (helper.make_node("TopK", ["x", "k"], ["v", "y"]), {"k": np.asarray([2])}),
    (helper.make_node("ArgMax", ["x"], ["y"], axis=1), {}),
    (helper.make_node("CumSum", ["x", "d"], ["y"]), {"d": np.asarray(1)}),
    (helper.make_node("GatherElements", ["x", "i"], ["y"], axis=2), {"i": np.zeros((3, 4, 2), np.int64)}),
    (helper.make_node("ScatterND", ["x", "i", "x"], ["y"]), {"i": np.asarray([[1], [2], [0]])}),
    (helper.make_node("NonZero", ["x"], ["y"]), {}),
    (helper.make_node("RandomNormalLike", ["x"], ["y"]), {}),
]  # fmt: skip


@pytest.mark.parametrize(("node", "constants"), HOSTED, ids=lambda v: getattr(v, "op_type", ""))
def test_is_on_the_host_and_does_not_break_the_graph(node: onnx.NodeProto, constants: dict[str, np.ndarray]) -> None:
    nodes = [helper.make_node("Exp", ["a"], ["x"]), node]
    workload = compile_model(model_of(nodes, {"a": X["x"]}, constants, ["y"])).workload
    assert [(fate.op, fate.status) for fate in workload.nodes] == [("Exp", "lowered"), (node.op_type, "host")]


MAKERS = [
    [helper.make_node("EyeLike", ["m"], ["c"])],
    [helper.make_node("Shape", ["m"], ["s"]), helper.make_node("ConstantOfShape", ["s"], ["c"])],
    [helper.make_node("Range", ["zero", "five", "one"], ["c"])],
    [
        helper.make_node("Shape", ["m"], ["s"]),
        helper.make_node("Size", ["m"], ["n"]),
        helper.make_node("Cast", ["n"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Expand", ["f", "s"], ["c"]),
    ],
]


@pytest.mark.parametrize("makers", MAKERS, ids=lambda nodes: nodes[-1].op_type)
def test_makers_of_constants_are_folded(makers: list[onnx.NodeProto]) -> None:
    m = {"m": distinct(np.random.default_rng(0), 4, 5)}
    constants = {name: np.asarray(v, np.float32) for name, v in (("zero", 0), ("five", 5), ("one", 1))}
    nodes = [*makers, helper.make_node("Add", ["m", "c"], ["y"])]
    fates = compile_model(model_of(nodes, m, constants, ["y"])).workload.nodes
    assert [fate.status for fate in fates] == ["folded"] * len(makers) + ["lowered"]


def test_a_constant_whose_shape_data_decides_is_on_the_host() -> None:
    nodes = [helper.make_node("ConstantOfShape", ["n"], ["c"]), helper.make_node("EyeLike", ["c"], ["y"])]
    fates = compile_model(model_of(nodes, {"n": np.asarray([3, 4])}, {}, ["c"])).workload.nodes
    assert [fate.status for fate in fates] == ["host", "folded"]


def test_sizes_are_shape_arithmetic_even_if_only_a_run_knows_them() -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["i"]),
        helper.make_node("Shape", ["i"], ["s"]),
        helper.make_node("ConstantOfShape", ["s"], ["c"]),
        helper.make_node("Size", ["c"], ["n"]),
        helper.make_node("Expand", ["x", "s"], ["y"]),
    ]
    fates = compile_model(model_of(nodes, X, {}, ["n", "y"])).workload.nodes
    assert [fate.status for fate in fates] == ["host", "folded", "folded", "folded", "host"]


def test_text_is_on_the_host() -> None:
    words = {"x": np.asarray(["a", "b", "c"], np.object_), "v": np.asarray(["a", "c", "b"], np.object_)}
    fates = compile_model(model_of([helper.make_node("Equal", ["x", "v"], ["y"])], words, {}, ["y"], 19)).workload.nodes
    assert [(fate.status, fate.why) for fate in fates] == [("host", "text has no arithmetic")]
