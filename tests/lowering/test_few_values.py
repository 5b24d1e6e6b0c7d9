"""Widths of tensors of few values: spikes, signs, quantised activations and weights, in every precision."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.ir.workload import Widths
from onnx2zz.lowering.options import LoweringOptions, Precision, as_precision
from tests.nodes import make_node
from tests.oracle import distinct, model_of

QONNX = "qonnx.custom_op.general"
RNG = np.random.default_rng(23)
X = {"x": distinct(RNG, 1, 24)}
W = {"w": distinct(RNG, 24, 7)}
PRECISIONS = [as_precision("int8"), as_precision("native"), Precision(W=6, I=5, O=20, O_final=7)]


def compiled(
    nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray] | None = None, precision: Precision = PRECISIONS[0]
) -> Compiled:
    """Some nodes that make `s` of `x`, and a product of it."""
    every = [*nodes, make_node("MatMul", ["s", "w"], ["y"], name="fc")]
    model = model_of(every, X, {**W, **(constants or {})}, ["y"])
    return compile_model(model, CompileOptions(lowering=LoweringOptions(precision)))


def widths(model: Compiled, node: str = "fc") -> Widths:
    return next(placed.widths for placed in model.workload.layers if placed.node == node)


def number(value: float) -> np.ndarray:
    return np.array(value, np.float32)


def cast(x: str, out: str, to: int = TensorProto.FLOAT) -> onnx.NodeProto:
    return make_node("Cast", [x], [out], to=to)


GREATER = make_node("Greater", ["x", "t"], ["g"])
SPIKE = cast("g", "f")
SIGN = make_node("Sign", ["x"], ["f"])
SPIKES = {
    "cast": ([GREATER, cast("g", "s")], 1),
    "cast to bytes and back": (
        [GREATER, cast("g", "b", TensorProto.INT8), cast("b", "s")],
        1,
    ),
    "chosen": ([GREATER, make_node("Where", ["g", "one", "zero"], ["s"])], 1),
    "chosen of minus and plus": ([GREATER, make_node("Where", ["g", "one", "minus"], ["s"])], 1),
    "scaled": ([GREATER, SPIKE, make_node("Mul", ["f", "t"], ["s"])], 1),
    "turned": ([GREATER, SPIKE, make_node("Sub", ["one", "f"], ["s"])], 1),
    "negated": ([GREATER, make_node("Not", ["g"], ["n"]), cast("n", "s")], 1),
    "two of them added": (
        [GREATER, SPIKE, make_node("Less", ["x", "minus"], ["l"]), cast("l", "h"),
         make_node("Add", ["f", "h"], ["s"])],
        2,
    ),
    "reshaped": ([GREATER, SPIKE, make_node("Reshape", ["f", "flat"], ["s"])], 1),
    "a sign": ([make_node("Sign", ["x"], ["s"])], 2),
    "a sign without its lower half": ([SIGN, make_node("Relu", ["f"], ["s"])], 1),
    "a sign that is clipped": ([SIGN, make_node("Clip", ["f", "zero"], ["s"])], 1),
    "the size of a sign": ([SIGN, make_node("Abs", ["f"], ["s"])], 1),
}  # fmt: skip
CONSTANTS = {"t": number(0.1), "one": number(1), "zero": number(0), "minus": number(-1), "flat": np.array([1, 24])}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", SPIKES)
def test_what_comparisons_and_signs_make(name: str, precision: Precision) -> None:
    nodes, bits = SPIKES[name]
    used = {i for node in nodes for i in node.input}
    fc = widths(compiled(nodes, {n: v for n, v in CONSTANTS.items() if n in used}, precision))
    assert bits == fc.I
    assert (32 if precision.native else precision.W) == fc.W


BITS_OF_ROUNDED = {
    ("Clip", "Round", 0.0, 1.0): 1,
    ("Round", "Clip", 0.0, 1.0): 1,
    ("Clip", "Round", -8.0, 7.0): 4,
    ("Round", "Clip", -4.0, 3.0): 3,
    ("Clip", "Round", 0.4, 2.6): 2,  # 0, 1, 2, 3
    ("Clip", "Floor", 0.4, 2.6): 2,  # 0, 1, 2
    ("Clip", "Ceil", -0.5, 0.5): 1,  # 0, 1
    ("Floor", "Clip", -0.5, 0.5): 2,  # -0.5, 0, 0.5
    ("Clip", "Round", -31.0, 31.0): 6,
    ("Round", "Clip", -127.0, 127.0): 8,
    ("Clip", "Round", 0.0, 1000.0): 8,  # no quantiser's width: as any other tensor
    ("Clip", "Round", -8.0, np.inf): 8,
    ("Clip", "Clip", 0.0, 1.0): 8,
}


@pytest.mark.parametrize(("case", "bits"), BITS_OF_ROUNDED.items())
def test_a_quantiser_that_is_written_out_leaves_the_integers_between_its_bounds(
    case: tuple[str, str, float, float], bits: int
) -> None:
    first, second, low, high = case

    def named(op: str, x: str, out: str) -> onnx.NodeProto:
        return make_node(op, [x, "low", "high"] if op == "Clip" else [x], [out])

    nodes = [named(first, "x", "f"), named(second, "f", "u"), make_node("Mul", ["u", "t"], ["s"])]
    found = widths(compiled(nodes, {"low": number(low), "high": number(high), "t": number(0.25)}))
    assert bits == found.I


def test_what_is_added_to_a_spike_makes_it_anything() -> None:
    nodes = [GREATER, SPIKE, make_node("Add", ["f", "x"], ["s"])]
    assert widths(compiled(nodes, {"t": number(0.1)})).I == 8


def quantiser(op: str, x: str, out: str, bits: float, **attributes: int) -> onnx.NodeProto:
    return make_node(op, [x, "scale", "zero_point", f"bits{bits}"], [out], domain=QONNX, **attributes)


def quantised(*bits: float) -> dict[str, np.ndarray]:
    return {"scale": number(0.5), "zero_point": number(0), **{f"bits{one}": number(one) for one in bits}}


def test_weights_of_a_quantiser_are_folded_and_its_width_is_theirs() -> None:
    nodes = [
        quantiser("Quant", "x", "s", 5.0),
        quantiser("Quant", "v", "q", 3.0),
        make_node("MatMul", ["s", "q"], ["y"], name="fc"),
    ]
    model = model_of(nodes, X, {"v": W["w"], **quantised(5.0, 3.0)}, ["y"])
    found = compile_model(model)
    assert {fate.outputs[0]: fate.status for fate in found.workload.nodes} == {
        "s": "lowered",
        "q": "folded",
        "y": "lowered",
    }
    assert (widths(found).W, widths(found).I) == (3, 5)


def test_a_fraction_of_a_bit_takes_a_whole_one_and_that_is_said() -> None:
    found = compiled([quantiser("Quant", "x", "s", 3.5)], quantised(3.5))
    assert widths(found).I == 4
    assert found.notes == (f"node s ({QONNX}.Quant): its elements of 3.5 bits take 4",)


@pytest.mark.parametrize(
    "between",
    [
        [make_node("Relu", ["q"], ["s"])],
        [make_node("Mul", ["q", "each"], ["s"])],
        [make_node("Mul", ["q", "scale"], ["m"]), make_node("Add", ["m", "each"], ["s"])],
        [make_node("Reshape", ["q", "cube"], ["c"]), make_node("MaxPool", ["c"], ["p"], kernel_shape=[1]),
         make_node("Flatten", ["p"], ["s"])],
    ],
)  # fmt: skip
def test_the_width_goes_through_what_makes_no_new_values(between: list[onnx.NodeProto]) -> None:
    used = {i for node in between for i in node.input}
    more = {"each": distinct(RNG, 24), "cube": np.array([1, 4, 6])}
    constants = quantised(3.0) | {name: value for name, value in more.items() if name in used}
    assert widths(compiled([quantiser("Quant", "x", "q", 3.0), *between], constants)).I == 3


def test_an_activation_rides_and_its_layer_writes_its_width() -> None:
    nodes = [make_node("MatMul", ["x", "v"], ["m"], name="first"), quantiser("Quant", "m", "s", 4.0)]
    found = compiled(nodes, {"v": distinct(RNG, 24, 24), **quantised(4.0)})
    assert widths(found, "first").O_final == 4 and widths(found).I == 4
    assert {fate.status for fate in found.workload.nodes if fate.op.endswith("Quant")} == {"fused"}


@pytest.mark.parametrize("told, bits", [("UINT2", 2), ("BIPOLAR", 1), ("TERNARY", 2), ("FIXED<6,2>", 6), ("", 2)])
def test_thresholds_have_the_width_that_their_data_type_says(told: str, bits: int) -> None:
    node = make_node("MultiThreshold", ["x", "t"], ["s"], domain=QONNX, out_dtype=told)
    assert bits == widths(compiled([node], {"t": distinct(RNG, 24, 3)})).I


def test_bits_of_a_float_format_are_a_sign_an_exponent_and_a_mantissa() -> None:
    names = {"scale": 1.0, "exponent": 3.0, "mantissa": 2.0, "bias": 3.0, "largest": 28.0}
    node = make_node("FloatQuant", ["x", *names], ["s"], domain=QONNX)
    assert widths(compiled([node], {name: number(value) for name, value in names.items()})).I == 1 + 3 + 2


def test_a_product_of_bits_reads_bits() -> None:
    node = make_node("XnorPopcountMatMul", ["x", "w"], ["y"], "bits", domain=QONNX)
    found = compile_model(model_of([node], X, W, ["y"]))
    assert (widths(found, "bits").W, widths(found, "bits").I) == (1, 1)
    assert found.workload.macs == 24 * 7


def test_the_widths_that_finn_writes_beside_the_types() -> None:
    model = model_of([make_node("MatMul", ["x", "w"], ["y"], "fc")], X, W, ["y"])
    for name, told in (("w", "BIPOLAR"), ("x", "UINT4"), ("y", "INT12")):
        annotation = model.graph.quantization_annotation.add(tensor_name=name)
        annotation.quant_parameter_tensor_names.add(key="finn_datatype", value=told)
    assert widths(compile_model(model)) == Widths(W=1, I=4, O=16, O_final=12)


BOUNDS = [
    (-7, 7, np.int8, 4),
    (0, 15, np.uint8, 4),
    (-8, 7, np.int8, 4),
    (0, 1, np.uint8, 1),
    (-128, 127, np.int8, 8),
    (0, 16, np.uint8, 5),
]


@pytest.mark.parametrize("low, high, type_, bits", BOUNDS)
def test_bounds_of_integers(low: int, high: int, type_: type[np.generic], bits: int) -> None:
    """As Brevitas writes low-bit integers: QuantizeLinear, Clip, DequantizeLinear."""
    nodes = [
        make_node("QuantizeLinear", ["x", "step", "zero"], ["q"]),
        make_node("Clip", ["q", "low", "high"], ["c"]),
        make_node("DequantizeLinear", ["c", "step", "zero"], ["s"]),
    ]
    whole = {"zero": np.array(0, type_), "low": np.array(low, type_), "high": np.array(high, type_)}
    assert bits == widths(compiled(nodes, {"step": number(0.1), **whole})).I


@pytest.mark.parametrize("name, bits", [("INT4", 4), ("UINT4", 4), ("INT2", 2), ("UINT2", 2)])
def test_integers_of_few_bits_as_their_type_says(name: str, bits: int) -> None:
    if not hasattr(TensorProto, name):
        pytest.skip(f"this onnx has no {name}")
    type_ = TensorProto.DataType.Value(name)
    held = [
        helper.make_tensor("w", type_, [24, 7], np.zeros(24 * 7, int).tolist()),
        helper.make_tensor("step", TensorProto.FLOAT, [], [0.1]),
    ]
    nodes = [make_node("DequantizeLinear", ["w", "step"], ["d"]), make_node("MatMul", ["x", "d"], ["y"], "fc")]
    info = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 24])]
    graph = helper.make_graph(nodes, "low", info, [helper.make_empty_tensor_value_info("y")], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    assert bits == widths(compile_model(model)).W


def test_a_node_whose_first_output_nobody_reads_has_no_width() -> None:
    lstm = make_node("LSTM", ["x3", "wx", "wr"], ["", "h"], name="lstm", hidden_size=5)
    constants = {
        "wx": RNG.standard_normal((1, 20, 6)).astype(np.float32),
        "wr": RNG.standard_normal((1, 20, 5)).astype(np.float32),
        "to": np.array([4, 1, 6]),
        "back": np.array([1, 5]),
    }
    flat = np.zeros((5, 7), np.float32)
    nodes = [make_node("Reshape", ["x", "to"], ["x3"]), lstm, make_node("Reshape", ["h", "back"], ["s"])]
    assert widths(compiled(nodes, {**constants, "w": flat})).I == 8
