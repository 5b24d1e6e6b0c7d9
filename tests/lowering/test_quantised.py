"""Quantised graphs: what Q and DQ become, and whose widths reach the layers."""

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.ir.workload import NodeFate, PlacedLayer
from onnx2zz.lowering.options import LoweringOptions, Precision
from tests.oracle import Arrays, distinct, model_of

WIDE = Precision(W=12, I=11, O=10, O_final=9)  # unlike every width in the files
X = np.zeros((2, 3, 5, 4), np.float32)
RNG = np.random.default_rng(0)
CONSTANTS = {
    "s": np.float32(0.1),
    "z": np.int8(3),
    "w8": RNG.integers(-9, 9, (6, 3, 1, 1)).astype(np.int8),
    "w32": distinct(RNG, 6, 3, 1, 1),
    "half": np.float32(0.5),
}


def quantize(x: str, q: str) -> onnx.NodeProto:
    return helper.make_node("QuantizeLinear", [x, "s", "z"], [q])


def dequantize(q: str, x: str) -> onnx.NodeProto:
    return helper.make_node("DequantizeLinear", [q, "s", "z"], [x])


def conv(x: str, w: str, y: str) -> onnx.NodeProto:
    return helper.make_node("Conv", [x, w], [y])


def compiled(
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[str],
    inputs: Arrays | None = None,
    precision: Precision = WIDE,
    constants: Arrays | None = None,
    opset: int = 17,
) -> tuple[dict[str, NodeFate], tuple[PlacedLayer, ...]]:
    """Fates by output, and the layers with their widths, of a small model."""
    used = {name for node in nodes for name in node.input}
    given = {name: np.asarray(value) for name, value in {**CONSTANTS, **(constants or {})}.items() if name in used}
    model = model_of(nodes, inputs or {"x": X}, given, outputs, opset)
    workload = compile_model(model, CompileOptions(lowering=LoweringOptions(precision))).workload
    return {fate.outputs[0]: fate for fate in workload.nodes}, workload.layers


def widths(layer: PlacedLayer) -> tuple[int, int, int, int]:
    return layer.widths.W, layer.widths.I, layer.widths.O, layer.widths.O_final


def test_q_rides_on_its_layer_and_gives_it_its_width() -> None:
    nodes = [quantize("x", "a"), dequantize("a", "b"), dequantize("w8", "w"), conv("b", "w", "c"), quantize("c", "d")]
    fates, layers = compiled([*nodes, dequantize("d", "y")], ["y"])
    assert [fates[o].status for o in "abwcdy"] == ["lowered", "fused", "folded", "lowered", "fused", "fused"]
    assert [(layer.layer.operator_type, widths(layer)) for layer in layers] == [
        ("Add", (0, 11, 10, 8)),
        ("Conv", (8, 8, 10, 8)),
    ]


def test_one_q_read_by_several_dqs_is_reread_by_each() -> None:
    """A residual: every reader gets the stored integers, and the DQs are views of them."""
    nodes = [conv("x", "v", "c"), quantize("c", "q"), dequantize("q", "a"), dequantize("q", "b")]
    nodes += [conv("a", "v", "d"), helper.make_node("Add", ["d", "b"], ["y"])]
    fates, layers = compiled(nodes, ["y"], constants={"v": distinct(RNG, 3, 3, 1, 1)})
    assert [fates[o].status for o in "cqabdy"] == ["lowered", "fused", "view", "view", "lowered", "lowered"]
    assert [widths(layer) for layer in layers] == [(12, 11, 10, 8), (12, 8, 10, 9), (8, 9, 10, 9)]
    assert layers[2].sources == {"I": (1,), "W": (0,)}


def test_quantised_input_is_read_as_it_is_stored() -> None:
    x = {"x": np.zeros((2, 3, 5, 4), np.int8)}
    fates, layers = compiled([dequantize("x", "a"), conv("a", "w32", "y")], ["y"], x)
    assert fates["a"].status == "view"
    assert widths(layers[0]) == (12, 8, 10, 9) and layers[0].sources["I"] == ("input:x",)


def test_dq_without_a_layer_in_front_reaches_the_input_through_views() -> None:
    x = {"x": np.zeros((2, 3, 5, 4), np.uint8)}
    shape = {"shape": np.array([2, 3, 4, 5])}
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["r"]),
        helper.make_node("DequantizeLinear", ["r", "s"], ["a"]),
    ]
    fates, layers = compiled([*nodes, conv("a", "w32", "y")], ["y"], x, constants=shape)
    assert [fates[o].status for o in "ra"] == ["view", "view"]
    assert layers[0].widths.I == 8


def test_activations_ride_between_the_layer_and_its_q() -> None:
    nodes = [conv("x", "w32", "c"), helper.make_node("Relu", ["c"], ["r"]), quantize("r", "y")]
    fates, layers = compiled(nodes, ["y"])
    assert [fates[o].status for o in "cry"] == ["lowered", "fused", "fused"]
    assert layers[0].widths.O_final == 8


def test_widths_pass_through_what_only_moves() -> None:
    """Transpose, Split and Concat of dequantised tensors carry the stored width to the product."""
    nodes = [quantize("x", "q"), dequantize("q", "a"), dequantize("q", "b")]
    nodes += [
        helper.make_node("Split", ["a"], ["left", "right"], axis=0),
        helper.make_node("Concat", ["right", "left", "b"], ["joined"], axis=0),
        conv("joined", "w32", "y"),
    ]
    _, layers = compiled(nodes, ["y"])
    assert layers[-1].widths.I == 8


@pytest.mark.parametrize(("element", "bits"), [("INT4", 4), ("UINT4", 4), ("INT8", 8), ("FLOAT8E4M3FN", 8)])
def test_weight_only_quantisation_keeps_the_weights_narrow(element: str, bits: int) -> None:
    """int4 -> DequantizeLinear -> Transpose -> MatMul: W is what lies in memory, activations are the user's."""
    elem = TensorProto.DataType.Value(element)
    weights = helper.make_tensor("w", elem, (7, 4), [1.0] * 28 if "FLOAT" in element else [1] * 28)
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["dequantised"]),
        helper.make_node("Transpose", ["dequantised"], ["turned"]),
        helper.make_node("MatMul", ["x", "turned"], ["y"]),
    ]
    model = model_of(nodes, {"x": X}, {"s": np.asarray(CONSTANTS["s"])}, ["y"], 21)
    model.graph.initializer.append(weights)
    workload = compile_model(model, CompileOptions(lowering=LoweringOptions(WIDE))).workload
    assert [widths(layer) for layer in workload.layers] == [(bits, 11, 10, 9)]


@pytest.mark.parametrize("precision", [WIDE, Precision(native=True)])
def test_weights_dequantised_by_hand_stay_narrow(precision: Precision) -> None:
    """Cast, less a zero point, times a scale: the integers are what lies in memory."""
    nodes = [
        helper.make_node("Cast", ["w8"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["f", "half"], ["centred"]),
        helper.make_node("Mul", ["centred", "column"], ["w"]),
        conv("x", "w", "y"),
    ]
    column = {"column": distinct(RNG, 6, 1, 1, 1)}
    _, (layer,) = compiled(nodes, ["y"], precision=precision, constants=column)
    assert layer.widths.W == 8


def test_fake_quantised_weights_have_the_width_of_their_q() -> None:
    nodes = [quantize("w32", "q"), dequantize("q", "w"), conv("x", "w", "y")]
    fates, layers = compiled(nodes, ["y"])
    assert fates["q"].status == fates["w"].status == "folded"
    assert layers[0].widths.W == 8


def test_integer_products_leave_32_bits_behind() -> None:
    inputs = {"x": np.zeros((2, 3), np.uint8)}
    nodes = [helper.make_node("MatMulInteger", ["x", "w"], ["y"])]
    _, layers = compiled(nodes, ["y"], inputs, Precision(), {"w": np.ones((3, 5), np.int8)})
    assert widths(layers[0]) == (8, 8, 32, 32)


def test_native_takes_the_types_and_still_the_stored_integers() -> None:
    nodes = [
        conv("x", "w32", "c"),
        quantize("c", "q"),
        dequantize("q", "a"),
        helper.make_node("GlobalMaxPool", ["a"], ["y"]),
    ]
    _, layers = compiled(nodes, ["y"], precision=Precision(native=True))
    assert [widths(layer) for layer in layers] == [(32, 32, 32, 8), (0, 8, 32, 32)]


def test_a_run_time_zero_point_is_the_third_tensor() -> None:
    """DynamicQuantizeLinear makes both operand and zero point: reductions, quantisation, product."""
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["q", "w", "zero"], ["y"]),
    ]
    inputs = {"x": np.zeros((2, 3), np.float32)}
    _, layers = compiled(nodes, ["y"], inputs, constants={"w": np.ones((3, 5), np.int8)})
    assert [layer.layer.operator_type for layer in layers] == ["Pooling", "Pooling", "Add", "Gemm"]
    assert layers[2].sources == {"I": ("input:x",), "W": ("const",), "X": (0, 1)}
    assert layers[3].sources["I"] == (2,) and set(layers[3].sources["X"]) <= {0, 1, 2}
    assert layers[3].widths.I == 8
