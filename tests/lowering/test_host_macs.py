"""Multiply-accumulates that are left to the host are counted, or said to be unknown; what has none has none."""

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.ir.workload import NodeFate
from onnx2zz.lowering.options import LoweringOptions
from tests.oracle import Arrays, distinct, model_of

HOST = CompileOptions(lowering=LoweringOptions(unsupported="host"))
RNG = np.random.default_rng(0)
TENSORS = {
    "scalar": distinct(RNG, 1)[0],
    "vector": distinct(RNG, 7),
    "matrix": distinct(RNG, 5, 7),
    "image": distinct(RNG, 2, 3, 5, 7),
}


def with_own(model: onnx.ModelProto) -> onnx.ModelProto:
    model.opset_import.append(helper.make_opsetid("my.lab", 1))
    return model


def compiled(nodes: Sequence[onnx.NodeProto], inputs: Arrays, constants: Arrays, outputs: Sequence[str]) -> Compiled:
    return compile_model(with_own(model_of(nodes, inputs, constants, outputs)), HOST)


def fate(of: Compiled, name: str) -> NodeFate:
    return next(fate for fate in of.workload.nodes if fate.node == name)


@pytest.mark.parametrize(
    ("activations", "constants", "macs"),
    [
        pytest.param(["image"], [], 0, id="one activation"),
        pytest.param(["image"], ["vector", "scalar"], 0, id="an activation, a threshold for each column"),
        pytest.param(["image", "scalar"], [], 0, id="an activation and a number of the run"),
        pytest.param(["image"], ["matrix"], None, id="an activation and weights"),
        pytest.param(["vector"], ["matrix"], None, id="a vector and weights"),
        pytest.param(["image", "matrix"], [], None, id="two activations"),
    ],
)
def test_an_unknown_operator_multiplies_only_if_it_has_two_tensors_to_multiply(
    activations: list[str], constants: list[str], macs: int | None
) -> None:
    node = helper.make_node("Own", [*activations, *constants], ["y"], "own", domain="my.lab")
    inputs, weights = ({name: TENSORS[name] for name in names} for names in (activations, constants))
    found = compiled([node], inputs, weights, ["y"])
    assert (fate(found, "own").status, fate(found, "own").macs) == ("host", macs)
    assert found.coverage["totals"]["incomplete"] is (macs is None)


def test_an_activation_that_is_read_twice_may_be_multiplied_with_itself() -> None:
    node = helper.make_node("Own", ["image", "image"], ["y"], "own", domain="my.lab")
    assert fate(compiled([node], {"image": TENSORS["image"]}, {}, ["y"]), "own").macs is None


@pytest.mark.parametrize(("dims", "macs"), [([7], 0), ([5, 7], None)])
def test_weights_may_be_an_attribute(dims: list[int], macs: int | None) -> None:
    weights = helper.make_tensor("w", TensorProto.FLOAT, dims, np.arange(np.prod(dims)))
    node = helper.make_node("Own", ["image"], ["y"], "own", domain="my.lab", weights=weights)
    assert fate(compiled([node], {"image": TENSORS["image"]}, {}, ["y"]), "own").macs == macs


def test_behind_an_unknown_operator_nothing_is_said_to_depend_on_data() -> None:
    nodes = [
        helper.make_node("Own", ["image"], ["a"], "own", domain="my.lab"),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("MatMul", ["b", "w"], ["y"], "product"),
    ]
    model = with_own(model_of(nodes, {"image": TENSORS["image"]}, {"w": distinct(RNG, 7, 4)}, ["y"]))
    behind = "its shape is not known behind own (my.lab.Own), which has no lowering: say --shape a=..."
    found = compile_model(model, HOST)
    assert [fate(found, name).why for name in ("own", "relu", "product")] == [
        "no lowering for this operator",
        behind,
        behind,
    ]
    assert [fate(found, name).macs for name in ("own", "relu", "product")] == [0, 0, None]
    with pytest.raises(InputError) as error:
        compile_model(model)
    own, product = list(error.value.problems)
    assert (own.where, product.where) == ("node own (my.lab.Own)", "node product (MatMul)")
    assert product.what == f"carries MACs, and {behind}"


def selected(shape: tuple[int, ...], reader: onnx.NodeProto) -> list[onnx.NodeProto]:
    """What data selects, in a shape that the file gives all the same, and its reader."""
    constant = helper.make_tensor("s", TensorProto.INT64, [len(shape)], shape)
    return [
        helper.make_node("NonZero", ["x"], ["i"], "select"),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Constant", [], ["s"], value=constant),
        helper.make_node("Reshape", ["f", "s"], ["r"]),
        reader,
    ]


def test_a_product_of_what_data_selects_is_counted_where_its_shape_is_known() -> None:
    nodes = selected((3, 4), helper.make_node("MatMul", ["r", "w"], ["y"], "product"))
    found = compiled(nodes, {"x": TENSORS["matrix"]}, {"w": distinct(RNG, 4, 5)}, ["y"])
    assert (fate(found, "product").status, fate(found, "product").macs) == ("host", 3 * 4 * 5)
    coverage = {node["node"]: node for node in found.coverage["nodes"]}
    assert coverage["product"].get("macs") == 60 and "macs" not in coverage["select"]


def test_the_products_of_a_loop_are_added_up() -> None:
    """Three iterations."""
    steps = selected((3, 4), helper.make_node("MatMul", ["r", "w"], ["p"], "product"))
    body = helper.make_graph(
        [*steps, helper.make_node("Identity", ["c"], ["go"]), helper.make_node("ReduceSum", ["p"], ["t"], keepdims=0)],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("go", TensorProto.BOOL, []), helper.make_empty_tensor_value_info("t")],
    )
    nodes = [helper.make_node("Loop", ["three", ""], ["y"], "loop", body=body)]
    constants = {"three": np.asarray(3), "w": distinct(RNG, 4, 5)}
    found = compiled(nodes, {"x": TENSORS["matrix"]}, constants, ["y"])
    assert (fate(found, "product").status, fate(found, "product").macs) == ("host", 3 * 3 * 4 * 5)


@pytest.mark.parametrize(
    ("inside", "macs"),
    [
        (helper.make_node("MatMul", ["x", "w"], ["o"]), None),
        (helper.make_node("Own", ["x", "w"], ["o"], domain="my.lab"), None),
        (helper.make_node("Add", ["x", "x"], ["o"]), 0),
    ],
    ids=["a product", "an unknown operator", "a sum"],
)
def test_a_branch_that_stays_unknown(inside: onnx.NodeProto, macs: int | None) -> None:
    branch = helper.make_graph([inside], "b", [], [helper.make_empty_tensor_value_info("o")])
    nodes = [helper.make_node("If", ["c"], ["y"], "choice", then_branch=branch, else_branch=branch)]
    inputs = {"x": TENSORS["matrix"], "c": np.asarray(True)}
    found = compiled(nodes, inputs, {"w": distinct(RNG, 7, 4)}, ["y"])
    assert (fate(found, "choice").status, fate(found, "choice").macs) == ("host", macs)
