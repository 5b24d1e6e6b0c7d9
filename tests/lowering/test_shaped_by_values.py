"""What hangs on the value of an input is one sentence, with the option that settles it."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.binding import Bindings
from onnx2zz.lowering.options import LoweringOptions
from tests.nodes import make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(37)


def cut_to_length() -> onnx.ModelProto:
    """A sequence of which only so many steps count: two products on them."""
    nodes = [
        make_node("Slice", ["x", "begin", "lengths", "axis"], ["s"], "cut"),
        make_node("MatMul", ["s", "v"], ["h"], "one"),
        make_node("Relu", ["h"], ["r"], "relu"),
        make_node("MatMul", ["r", "w"], ["y"], "two"),
    ]
    inputs = {"x": distinct(RNG, 1, 30, 6), "lengths": np.array([20])}
    constants = {"v": distinct(RNG, 6, 4), "w": distinct(RNG, 4, 5), "begin": np.array([0]), "axis": np.array([1])}
    return model_of(nodes, inputs, constants, ["y"])


def said(model: onnx.ModelProto, bindings: Bindings | None = None) -> list[Problem]:
    with pytest.raises(InputError) as raised:
        compile_model(model, CompileOptions(bindings or Bindings()))
    return [*raised.value.problems]


def test_the_input_its_readers_and_the_cure_in_one_sentence() -> None:
    (problem,) = said(cut_to_length())
    assert problem.where == "input lengths"
    assert problem.what == "its value decides the shapes of 2 nodes with MACs: one (MatMul), two (MatMul)"
    assert problem.way_out == "add --value lengths=X (a typical value), or pass --unsupported host"


def of_predicted_length() -> onnx.ModelProto:
    """Frames as many as a product makes of the ids of a text (a synthesiser of speech), and a product on them."""
    nodes = [
        make_node("Gather", ["table", "ids"], ["e"], "embed"),
        make_node("MatMul", ["e", "v"], ["d"], "durations"),
        make_node("Ceil", ["d"], ["c"], "ceil"),
        make_node("ReduceMax", ["c"], ["m"], "most", keepdims=0),
        make_node("Cast", ["m"], ["n"], "whole", to=TensorProto.INT64),
        make_node("Range", ["zero", "n", "step"], ["r"], "frames"),
        make_node("Cast", ["r"], ["f"], "cast", to=TensorProto.FLOAT),
        make_node("Greater", ["f", "one"], ["late"], "late"),
        make_node("Cast", ["late"], ["l"], "bits", to=TensorProto.FLOAT),
        make_node("Unsqueeze", ["l", "axis"], ["u"], "column"),
        make_node("MatMul", ["u", "w"], ["y"], "last"),
    ]
    constants = {"table": distinct(RNG, 9, 6), "v": distinct(RNG, 6, 1), "w": distinct(RNG, 1, 5)}
    constants |= {"zero": np.array(0), "step": np.array(1), "one": np.array(1, np.float32), "axis": np.array([1])}
    return model_of(nodes, {"ids": np.array([3, 1, 4, 1])}, constants, ["y"])


def test_what_a_product_decides_no_value_of_an_input_does() -> None:
    (problem,) = said(of_predicted_length())
    assert problem.where == "node frames (Range)"
    assert problem.way_out == "add --shape r=..., or pass --unsupported host"
    found = compile_model(of_predicted_length(), CompileOptions(Bindings(shapes={"r": (7,)})))
    assert found.workload.macs == 4 * 6 + 7 * 5


def test_what_has_no_shape_may_be_left_to_the_host() -> None:
    options = CompileOptions(lowering=LoweringOptions(unsupported="host"))
    found = compile_model(of_predicted_length(), options)
    assert found.workload.incomplete and found.workload.macs == 4 * 6


def test_the_cure_cures() -> None:
    found = compile_model(cut_to_length(), CompileOptions(Bindings(values={"lengths": 17})))
    assert found.workload.macs == 17 * 6 * 4 + 17 * 4 * 5


def test_where_an_image_decides_the_shape_is_the_cure() -> None:
    nodes = [
        make_node("NonZero", ["x"], ["found"], "search"),
        make_node("Cast", ["found"], ["f"], "cast", to=TensorProto.FLOAT),
        *(make_node("MatMul", [f"w{n}", "f"], [f"y{n}"], f"product{n}") for n in range(5)),
    ]
    weights = {f"w{n}": distinct(RNG, 3, 2) for n in range(5)}
    (problem,) = said(model_of(nodes, {"x": distinct(RNG, 12, 13)}, weights, [f"y{n}" for n in range(5)]))
    assert problem.where == "node search (NonZero)"
    assert "5 nodes with MACs: product0 (MatMul), product1 (MatMul), product2 (MatMul) and 2 more" in problem.what
    assert "--shape found=..." in problem.way_out
