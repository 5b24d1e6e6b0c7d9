"""Shapes that no inference gives: from the file's own declarations, and from the user."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.lowering.options import LoweringOptions
from tests.nodes import make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(31)
IMAGE = {"x": distinct(RNG, 1, 3, 10, 14)}
WEIGHTS = {"v": distinct(RNG, 5, 3, 3, 3), "w": distinct(RNG, 7, 5, 3, 3)}
FIRST = 8 * 12 * 5 * 3 * 9
BOTH = FIRST + 6 * 10 * 7 * 5 * 9


def gated(declared: list[int | str] | None = None, gate: str = "my.lab") -> onnx.ModelProto:
    """A convolution, an operator that nobody knows, another convolution."""
    nodes = [
        make_node("Conv", ["x", "v"], ["a"], "first"),
        make_node("Gate", ["a"], ["b"], "gate", domain=gate),
        make_node("Conv", ["b", "w"], ["y"], "second"),
    ]
    model = model_of(nodes, IMAGE, WEIGHTS, ["y"])
    model.opset_import.append(helper.make_opsetid(gate, 1))
    if declared is not None:
        model.graph.value_info.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, declared))
    return model


def compiled(model: onnx.ModelProto, bindings: Bindings | None = None) -> Compiled:
    return compile_model(model, CompileOptions(bindings or Bindings(), LoweringOptions(unsupported="host")))


def fates(found: Compiled) -> dict[str, str]:
    return {fate.node: fate.status for fate in found.workload.nodes}


def test_behind_a_declared_shape_work_goes_on() -> None:
    found = compiled(gated([1, 5, 8, 12]))
    assert found.workload.macs == BOTH and not found.workload.incomplete
    assert fates(found) == {"first": "lowered", "gate": "host", "second": "lowered"}


def test_a_symbol_of_a_declared_shape_is_bound_by_its_name() -> None:
    model = gated([1, 5, "u0", 12])
    assert compiled(model).workload.macs == FIRST
    assert compiled(model, Bindings(dims={"u0": 8})).workload.macs == BOTH


def test_the_shape_of_an_output_of_the_graph_counts_too() -> None:
    model = gated()
    model.graph.output.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 5, 8, 12]))
    assert compiled(model).workload.macs == BOTH


def test_the_user_says_the_shape_of_any_tensor() -> None:
    assert compiled(gated(), Bindings(shapes={"b": (1, 5, 8, 12)})).workload.macs == BOTH
    assert compiled(gated([1, 5, 9, 9]), Bindings(shapes={"b": (1, 5, 8, 12)})).workload.macs == BOTH


def test_the_cure_is_named() -> None:
    with pytest.raises(
        InputError, match=r"second \(Conv\): carries MACs, .* behind gate \(my.lab.Gate\), .*--shape b="
    ):
        compile_model(gated())


def test_a_shape_that_contradicts_the_graph_is_told() -> None:
    with pytest.raises(InputError, match="--shape a: the graph makes it 1x5x8x12"):
        compiled(gated(), Bindings(shapes={"a": (1, 5, 9, 9)}))
    with pytest.raises(InputError, match=r"--shape bb: the model has no such name; did you mean b\?"):
        compiled(gated(), Bindings(shapes={"bb": (1, 5, 9, 9)}))


def test_what_a_run_shapes_has_the_shape_that_is_said() -> None:
    """Rows that a run finds: MACs behind them are there once their number is said."""
    nodes = [
        make_node("NonZero", ["x"], ["found"], "search"),
        make_node("Cast", ["found"], ["f"], "cast", to=TensorProto.FLOAT),
        make_node("MatMul", ["u", "f"], ["y"], "product"),
    ]
    model = model_of(nodes, {"x": distinct(RNG, 6, 9)}, {"u": distinct(RNG, 5, 2)}, ["y"])
    with pytest.raises(InputError, match="product"):
        compile_model(model)
    found = compile_model(model, CompileOptions(Bindings(shapes={"found": (2, 11)})))
    assert found.workload.macs == 5 * 2 * 11
    assert fates(found)["search"] == "host"


def keras() -> onnx.ModelProto:
    """Two inputs whose first axes have symbols of their own, as Keras names them."""
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [f"unk__{n}", 6]) for n in ("a", "b")]
    infos.append(helper.make_tensor_value_info("c", TensorProto.FLOAT, [None, 6]))
    nodes = [make_node("Sum", ["a", "b", "c"], ["s"]), make_node("MatMul", ["s", "w"], ["y"])]
    held = [onnx.numpy_helper.from_array(distinct(RNG, 6, 5), "w")]
    graph = helper.make_graph(nodes, "keras", infos, [helper.make_empty_tensor_value_info("y")], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_one_number_fixes_the_first_axis_of_every_input() -> None:
    assert compiled(keras(), Bindings(batch=4)).workload.macs == 4 * 6 * 5


def test_a_batch_where_nothing_is_open_is_told() -> None:
    with pytest.raises(InputError, match="--batch: no input leaves its first axis open"):
        compiled(gated([1, 5, 8, 12]), Bindings(batch=4))


def test_an_operator_is_taken_as_another_and_is_a_stand_in() -> None:
    model = model_of([make_node("Gate", ["x"], ["y"], "gate", domain="my.lab")], IMAGE, {}, ["y"])
    found = compile_model(model, CompileOptions(Bindings(op_like={"my.lab.Gate": "Sigmoid"})))
    (layer,) = found.workload.layers
    assert layer.layer.kind == "approximate" and layer.layer.combine.function.name == "sigmoid"
    assert [fate.op for fate in found.workload.nodes] == ["my.lab.Gate"]
    assert found.notes == ("node gate (my.lab.Gate): taken as Sigmoid, as --op-like says",)


def test_an_operator_that_no_node_is_cannot_be_taken_as_another() -> None:
    with pytest.raises(InputError, match=r"--op-like my.lab.Gates: no node of the model is one"):
        compiled(gated([1, 5, 8, 12]), Bindings(op_like={"my.lab.Gates": "Sigmoid"}))
