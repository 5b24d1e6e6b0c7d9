"""Types and attributes that ONNX's schema does not list cost nothing but a note."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.lowering.options import LoweringOptions, as_precision
from tests.nodes import make_node
from tests.oracle import model_of

FLOAT, INT8, BFLOAT16 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.BFLOAT16


def typed(
    nodes: list[onnx.NodeProto], inputs: dict[str, tuple[int, list[int]]], weights: dict[str, tuple[int, list[int]]]
) -> onnx.ModelProto:
    """A model whose weights have types and shapes, and elements of zero."""
    infos = [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()]
    held = [
        helper.make_tensor(n, t, shape, bytes(width(t) * int(np.prod(shape))), raw=True)
        for n, (t, shape) in weights.items()
    ]
    graph = helper.make_graph(nodes, "typed", infos, [helper.make_empty_tensor_value_info("y")], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def width(element: int) -> int:
    return helper.tensor_dtype_to_np_dtype(element).itemsize


def native(model: onnx.ModelProto) -> Compiled:
    return compile_model(model, CompileOptions(lowering=LoweringOptions(precision=as_precision("native"))))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(1, 3), st.integers(1, 3), st.integers(0, 6), st.integers(0, 6))
def test_the_loops_of_a_convolution_are_those_of_the_same_one_in_float(
    k: int, c: int, fy: int, fx: int, more: int, most: int
) -> None:
    shapes = [1, c, fy + more, fx + most], [k, c, fy, fx]
    made: dict[int, Compiled] = {}
    for element in (FLOAT, INT8, BFLOAT16):
        model = typed([make_node("Conv", ["x", "w"], ["y"])], {"x": (element, shapes[0])}, {"w": (element, shapes[1])})
        made[element] = compile_model(model)
        assert made[element].workload.macs == k * c * fy * fx * (more + 1) * (most + 1)
    if made[FLOAT].entries:
        assert made[INT8].entries[0]["loop_sizes"] == made[FLOAT].entries[0]["loop_sizes"]
        assert made[BFLOAT16].entries[0]["equation"] == made[FLOAT].entries[0]["equation"]


def test_the_result_has_the_type_of_the_activation_and_each_operand_its_own_width() -> None:
    nodes = [make_node("Conv", ["x", "w"], ["c"]), make_node("Relu", ["c"], ["y"])]
    mixed = native(typed(nodes, {"x": (FLOAT, [1, 3, 5, 6])}, {"w": (INT8, [4, 3, 2, 3])}))
    assert mixed.graph.tensors["c"].type == FLOAT
    widths = mixed.workload.layers[0].widths
    assert (widths.W, widths.I) == (8, 32)


def test_what_was_not_listed_is_noted_once_for_all_nodes() -> None:
    nodes = [make_node("Conv", ["x", "w"], ["c"], name="first"), make_node("Conv", ["c", "v"], ["y"], name="second")]
    model = typed(nodes, {"x": (INT8, [1, 3, 9, 7])}, {"w": (INT8, [5, 3, 2, 3]), "v": (INT8, [2, 5, 3, 2])})
    (note,) = compile_model(model).notes
    assert note.startswith("node first (Conv) and 1 more: ONNX does not list its types (X is int8, W is int8)")


def test_a_private_attribute_is_noted_and_nothing_else() -> None:
    gemm = helper.make_node("Gemm", ["x", "w"], ["y"], name="gemm", act_size=8, weight_size=4)
    compiled = compile_model(model_of([gemm], {"x": np.zeros((6, 12), "f4")}, {"w": np.zeros((12, 7), "f4")}, ["y"]))
    assert compiled.workload.macs == 6 * 12 * 7
    assert compiled.notes == (
        "node gemm (Gemm): ONNX does not know its attributes act_size, weight_size; nothing here depends on them",
    )


def test_a_shape_in_32_bits_is_a_shape() -> None:
    reshape = make_node("Reshape", ["x", "s"], ["y"])
    model = model_of([reshape], {"x": np.zeros((6, 4), "f4")}, {"s": np.array([3, -1], np.int32)}, ["y"])
    compiled = compile_model(model)
    assert compiled.graph.shape("y") == (3, 8)
    assert "shape is int32" in compiled.notes[0]


def test_a_known_model_has_no_notes() -> None:
    conv = make_node("Conv", ["x", "w"], ["y"])
    model = typed([conv], {"x": (FLOAT, [1, 3, 9, 7])}, {"w": (FLOAT, [5, 3, 2, 3])})
    assert compile_model(model).notes == ()


def test_shapes_that_do_not_fit_are_told_whatever_the_types() -> None:
    model = typed([make_node("MatMul", ["x", "w"], ["y"])], {"x": (INT8, [3, 4])}, {"w": (INT8, [5, 6])})
    with pytest.raises(InputError, match="its shapes do not fit"):
        compile_model(model)


def test_text_among_numbers_is_no_fault_of_the_shapes() -> None:
    infos = [helper.make_tensor_value_info("x", TensorProto.STRING, [3, 4])]
    held = [helper.make_tensor("w", FLOAT, [4, 5], [0.0] * 20)]
    graph = helper.make_graph(
        [make_node("MatMul", ["x", "w"], ["y"])], "text", infos, [helper.make_empty_tensor_value_info("y")], held
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    with pytest.raises(InputError, match="its types do not fit"):
        compile_model(model)
