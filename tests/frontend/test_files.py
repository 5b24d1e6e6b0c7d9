"""Files as they are in the world: what exporters and strippers leave behind compiles, or says what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.ir.workload import NodeFate, Workload
from tests.frontend.whole_graph import check_model
from tests.model_files import save_with_weights_beside
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(4)
X = {"x": distinct(RNG, 2, 3, 5, 4)}
W = {"w": distinct(RNG, 6, 3, 3, 1)}


def node(op: str, inputs: str, outputs: str, **attributes: Attribute) -> onnx.NodeProto:
    read, made = (["" if name == "-" else name for name in text.split()] for text in (inputs, outputs))
    return make_node(op, read, made, **attributes)


def conv_model(opset: int = 17) -> onnx.ModelProto:
    return model_of([node("Conv", "x w", "y", name="conv")], X, W, ["y"], opset)


class Bound(TypedDict, total=False):
    """What Bindings takes."""

    shapes: Mapping[str, tuple[int, ...]]
    dims: Mapping[str, int]
    values: Mapping[str, float]


def workload(model: onnx.ModelProto, **bindings: Unpack[Bound]) -> Workload:
    return compile_model(model, CompileOptions(Bindings(**bindings))).workload


def fates(model: onnx.ModelProto, **bindings: Unpack[Bound]) -> dict[str, NodeFate]:
    return {fate.outputs[0]: fate for fate in workload(model, **bindings).nodes}


MACS = 2 * 6 * 3 * 4 * 3 * 3  # N K OY OX C FY


@pytest.mark.parametrize("opset", range(7, 24))
def test_every_opset(opset: int) -> None:
    assert workload(conv_model(opset)).macs == MACS


@pytest.mark.parametrize("ir_version", [3, 4, 7, 13])
def test_every_ir_version(ir_version: int) -> None:
    model = conv_model()
    model.ir_version = ir_version
    assert workload(model).macs == MACS


def test_initializers_listed_as_inputs_are_constants() -> None:
    """As files before IR version 4 have to."""
    model = conv_model()
    model.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [6, 3, 3, 1]))
    (layer,) = workload(model).layers
    assert layer.sources == {"I": ("input:x",), "W": ("const",)}


def test_equal_and_empty_node_names() -> None:
    nodes = [node("Exp", "x", "a", name="same"), node("MaxPool", "a", "b", name="same", kernel_shape=[2, 1])]
    result = workload(model_of([*nodes, node("MaxPool", "b", "y", kernel_shape=[1, 2])], X, {}, ["y"]))
    assert [layer.name for layer in result.layers] == ["L0_same", "L1_same", "L2_y"]
    assert [fate.node for fate in result.nodes] == ["same", "same", ""]


def opened(*dims: int | str) -> onnx.ModelProto:
    """The convolution with its input's shape left open in some places."""
    model = conv_model()
    del model.graph.input[0].type.tensor_type.shape.dim[:]
    for dim in dims:
        added = model.graph.input[0].type.tensor_type.shape.dim.add()
        if isinstance(dim, int):
            added.dim_value = dim
        elif dim:
            added.dim_param = dim
    return model


def test_open_dims_are_bound_by_name_or_by_shape() -> None:
    model = opened("batch", 3, "height", 4)
    assert workload(model, dims={"batch": 2, "height": 5}).macs == MACS
    assert workload(model, shapes={"x": (2, 3, 5, 4)}).macs == MACS


def test_minus_one_and_unnamed_dims_want_a_shape() -> None:
    for dims in ((-1, 3, 5, 4), ("", 3, 5, 4)):
        with pytest.raises(InputError, match=r"input x: its shape \?x3x5x4 is open; add --shape x=\?x3x5x4"):
            workload(opened(*dims))
        assert workload(opened(*dims), shapes={"x": (2, 3, 5, 4)}).macs == MACS


def test_all_that_is_open_is_listed_at_once() -> None:
    model = opened("batch", 3, "height", 4)
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", None]))
    model.graph.input.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, None))
    with pytest.raises(InputError) as raised:
        workload(model)
    text = str(raised.value)
    assert "add --dim batch=N --dim height=N" in text
    assert "--shape z=batchx?" in text and "--shape flat=" in text


def test_missing_external_data_compiles(tmp_path: Path) -> None:
    path = tmp_path / "stripped.onnx"
    save_with_weights_beside(conv_model(), path, "weights.bin")
    (tmp_path / "weights.bin").unlink()
    assert compile_model(path).workload.macs == MACS


def test_contradicting_value_info_is_ignored() -> None:
    model = conv_model()
    model.graph.node.append(node("Relu", "y", "r"))
    model.graph.value_info.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [9, 9]))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("r", TensorProto.FLOAT, [7]))
    assert workload(model).macs == MACS


def test_nodes_that_feed_each_other_in_a_circle_are_told() -> None:
    model = model_of([node("Add", "a x", "y"), node("Neg", "y", "a")], X, {}, ["y"])
    with pytest.raises(InputError, match="node y: reads a, which node a makes only later; no order helps"):
        workload(model)


def test_tensor_that_nothing_makes_is_told_with_all_the_others() -> None:
    branch = helper.make_graph([node("Exp", "gone", "t")], "branch", [], [helper.make_empty_tensor_value_info("t")])
    nodes = [node("Neg", "lost", "a"), node("If", "c", "b", then_branch=branch, else_branch=branch, name="pick")]
    model = model_of(nodes, X, {"c": np.array(True)}, ["a", "b"])
    with pytest.raises(InputError) as raised:
        workload(model)
    assert "node a: reads lost, which nothing makes" in str(raised.value)
    assert "node pick: reads gone, which nothing makes" in str(raised.value)


def if_model(**inputs: np.ndarray) -> onnx.ModelProto:
    """Two convolutions of different kernels, chosen by sr == 16000; the inner If by the shape of x."""
    inner = [
        helper.make_graph([node("Exp", name, out)], out, [], [helper.make_empty_tensor_value_info(out)])
        for name, out in (("p", "q"), ("p", "r"))
    ]
    wide = [
        node("Conv", "x w", "p"),
        node("Shape", "x", "s", start=0, end=1),
        node("Equal", "s two", "is_two"),
        node("If", "is_two", "big", then_branch=inner[0], else_branch=inner[1]),
    ]
    narrow = [node("Conv", "x v", "small")]
    branches = [
        helper.make_graph(nodes, out, [], [helper.make_empty_tensor_value_info(out)])
        for nodes, out in ((wide, "big"), (narrow, "small"))
    ]
    nodes = [
        node("Equal", "sr rate", "fast"),
        node("If", "fast", "y", then_branch=branches[0], else_branch=branches[1], name="choose"),
    ]
    constants = W | {"v": distinct(RNG, 6, 3, 1, 1), "rate": np.array(16000), "two": np.array([2])}
    return model_of(nodes, X | {"sr": np.array(0)}, constants, ["y"])


@pytest.mark.parametrize(("rate", "macs"), [(16000, MACS), (8000, 2 * 6 * 5 * 4 * 3)])
def test_if_with_a_known_condition_is_its_branch(rate: int, macs: int) -> None:
    told = fates(if_model(), values={"sr": rate})
    assert told["y"].status == "lowered" and told["fast"].status == "folded"
    assert workload(if_model(), values={"sr": rate}).macs == macs
    assert set(told) == {"fast", "y"} | (
        {"y/p", "y/s", "y/is_two", "y/big", "y/big/q"} if macs == MACS else {"y/small"}
    )


def test_if_without_a_condition_is_an_error_where_it_hides_products() -> None:
    with pytest.raises(InputError, match=r"node choose \(If\): its body carries MACs.*--value"):
        workload(if_model())


def test_zero_sized_tensors_are_no_layers() -> None:
    """A cache that starts empty."""
    nodes = [node("Concat", "past x", "all", axis=1), node("Exp", "past", "e"), node("Relu", "all", "y")]
    inputs = {"past": np.zeros((2, 0, 3), np.float32), "x": distinct(RNG, 2, 4, 3)}
    model = model_of(nodes, inputs, {}, ["y", "e"])
    told = fates(model)
    assert (told["e"].status, told["e"].why) == ("folded", "empty")
    assert all(layer.layer.operations > 1 for layer in workload(model).layers)


def test_shared_weights_are_counted_by_each_reader() -> None:
    nodes = [node("MatMul", "x w", "a"), node("MatMul", "a w", "y")]
    result = workload(model_of(nodes, {"x": distinct(RNG, 2, 5)}, {"w": distinct(RNG, 5, 5)}, ["y"]))
    assert [layer.sources["W"] for layer in result.layers] == [("const",), ("const",)]


@pytest.mark.parametrize(("op", "type_name"), [("Add", "Add"), ("Mul", "Add"), ("MatMul", "Gemm")])
def test_the_same_tensor_twice(op: str, type_name: str) -> None:
    x = {"x": distinct(RNG, 3, 4, 4)}
    nodes = [node("Softmax", "x", "a", axis=-1), node(op, "a a", "y")]
    model = model_of(nodes, x, {}, ["y"])
    check_model(model, x)
    last = workload(model).layers[-1]
    assert last.layer.operator_type == type_name
    if last.layer.macs:
        assert last.sources["I"] == last.sources["W"]


def test_product_with_its_own_transpose() -> None:
    x = {"x": distinct(RNG, 2, 3, 5)}
    nodes = [node("Exp", "x", "a"), node("Transpose", "a", "t", perm=[0, 2, 1]), node("MatMul", "a t", "y")]
    result = workload(model_of(nodes, x, {}, ["y"]))
    assert result.macs == 2 * 3 * 3 * 5
    assert result.layers[-1].sources == {"I": (0,), "W": (0,)}


def test_output_that_is_also_read() -> None:
    model = model_of([node("Exp", "x", "a"), node("MaxPool", "a", "y", kernel_shape=[2, 1])], X, {}, ["a", "y"])
    assert [fate.status for fate in workload(model).nodes] == ["lowered", "lowered"]


def test_output_that_is_an_input_or_a_constant() -> None:
    result = workload(model_of([node("Exp", "x", "y")], X, {"k": distinct(RNG, 3)}, ["y", "x", "k"]))
    assert [fate.status for fate in result.nodes] == ["lowered"]


CONSTANTS = {
    "Identity": [node("Identity", "w0", "w")],
    "Transpose": [node("Transpose", "w0", "w", perm=[1, 0, 2, 3])],
    "Cast": [node("Cast", "w0", "h", to=TensorProto.FLOAT16), node("Cast", "h", "w", to=TensorProto.FLOAT)],
    "Mul": [node("Mul", "w0", "w"), node("Mul", "w0 w0", "w")][1:],
    "ConstantOfShape": [node("ConstantOfShape", "s", "w")],
    "value": [node("Constant", "", "w", value=onnx.numpy_helper.from_array(distinct(RNG, 3, 3, 1, 1)))],
    "value_floats": [node("Constant", "", "f", value_floats=[0.1 * i for i in range(9)]), node("Reshape", "f s", "w")],
    "sparse_value": [
        node(
            "Constant",
            "",
            "w1",
            sparse_value=helper.make_sparse_tensor(
                helper.make_tensor("v", TensorProto.FLOAT, [2], [0.5, 0.25]),
                helper.make_tensor("i", TensorProto.INT64, [2], [1, 5]),
                [3, 3],
            ),
        ),
        node("Reshape", "w1 s", "w"),
    ],
}


@pytest.mark.parametrize("way", CONSTANTS)
def test_constants_reached_through_nodes_are_weights(way: str) -> None:
    constants = {"w0": distinct(RNG, 3, 3, 1, 1), "s": np.array([3, 3, 1, 1])}
    nodes = [*CONSTANTS[way], node("Conv", "x w", "y")]
    used = {name for n in nodes for name in n.input}
    model = model_of(nodes, X, {name: v for name, v in constants.items() if name in used}, ["y"])
    told = workload(model)
    assert [layer.sources["W"] for layer in told.layers] == [("const",)]
    assert {fate.status for fate in told.nodes[:-1]} == {"folded"}


def test_sparse_initializers_are_weights() -> None:
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [2], [0.5, 0.25]),
        helper.make_tensor("w_at", TensorProto.INT64, [2], [1, 5]),
        [4, 3],
    )
    model = model_of([node("MatMul", "x w", "y")], {"x": distinct(RNG, 2, 4)}, {}, ["y"])
    model.graph.sparse_initializer.append(sparse)
    assert workload(model).macs == 2 * 4 * 3


def test_sequence_input_leaves_its_readers_to_the_host() -> None:
    model = model_of([node("SequenceAt", "s at", "a"), node("Exp", "x", "y")], X, {"at": np.array(0)}, ["a", "y"])
    model.graph.input.append(helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None))
    assert {name: fate.status for name, fate in fates(model).items()} == {"a": "host", "y": "lowered"}


def test_unknown_operators_of_classic_machine_learning_are_told_all_at_once() -> None:
    nodes = [
        helper.make_node("Whitener", ["x"], ["a"], domain="ai.onnx.ml", name="first"),
        helper.make_node("Projector", ["a"], ["y"], domain="ai.onnx.ml", name="second"),
    ]
    model = model_of(nodes, {"x": distinct(RNG, 2, 3)}, {}, ["y"])
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    with pytest.raises(InputError) as raised:
        workload(model)
    assert len(raised.value.problems) == 2
    assert "node first (ai.onnx.ml.Whitener): this operator has no lowering" in str(raised.value)
