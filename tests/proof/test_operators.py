"""verify runs operators that ordinary numbers tell nothing of, or that are undefined on them, and bodies of loops."""

import math
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.conservation.groups import groups
from onnx2zz.formats.workload_entry import volumes
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.operators.draws import Place
from onnx2zz.frontend.trace import trace
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.proof.binding import bind
from onnx2zz.proof.comparison import differing
from onnx2zz.proof.draws import draw
from onnx2zz.proof.fitness import moves
from onnx2zz.proof.node_run import run_node
from onnx2zz.proof.stored_values import StoredValues
from onnx2zz.proof.values import Values
from onnx2zz.proof.verify import VerifyOptions, verify
from tests.frontend.test_loops import body_of_unlike_steps, loop_model
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, lowered, model_of, onnxruntime_run, reference_run
from tests.proof.wrong import with_placed

FLOAT = TensorProto.FLOAT


def one_node(op: str, inputs: int = 1, opset: int = 20, **attributes: Attribute) -> onnx.ModelProto:
    """One operator on inputs of the shape 5x13; its output's type is left to inference."""
    names = [f"x{n}" for n in range(inputs)]
    node = make_node(op, names, ["y"], **attributes)
    infos = [helper.make_tensor_value_info(name, FLOAT, [5, 13]) for name in names]
    graph = helper.make_graph([node], "one", infos, [helper.make_empty_tensor_value_info("y")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def assert_proven(compiled: Compiled) -> None:
    result = verify(compiled)
    assert result.mismatches == ()
    assert result.not_checkable == ()
    assert result.nodes_matched == result.nodes_checked == result.nodes_exact > 0


@pytest.mark.parametrize("op", ["IsNaN", "IsInf", "Acosh", "Acos", "Atanh", "Round", "Ceil", "Sign", "Hardmax"])
def test_an_operator_gets_numbers_that_it_tells_apart(op: str) -> None:
    assert_proven(compile_model(one_node(op)))


def test_equal_meets_equal_numbers() -> None:
    assert_proven(compile_model(one_node("Equal", 2)))


def test_of_a_cast_like_only_the_first_operand_is_data() -> None:
    nodes = [
        helper.make_node("Neg", ["x0"], ["n"]),
        helper.make_node("Neg", ["x1"], ["m"]),
        helper.make_node("CastLike", ["n", "m"], ["c"]),
        helper.make_node("MatMul", ["c", "w"], ["y"]),
    ]
    infos = [helper.make_tensor_value_info(name, FLOAT, [5, 13]) for name in ("x0", "x1")]
    w = onnx.numpy_helper.from_array(np.linspace(-1, 1, 39, dtype=np.float32).reshape(13, 3), "w")
    outputs = [helper.make_empty_tensor_value_info(name) for name in ("y", "m")]
    model = helper.make_model(
        helper.make_graph(nodes, "like", infos, outputs, [w]), opset_imports=[helper.make_opsetid("", 19)], ir_version=9
    )
    compiled = compile_model(model)
    assert_proven(compiled)
    assert compiled.workload.layers[-1].sources["I"] == (0,)


def test_each_iteration_of_a_loop_is_checked_on_its_own() -> None:
    compiled = compile_model(loop_model(body_of_unlike_steps(), ["y"]))
    assert_proven(compiled)
    last = compiled.workload.layers[2]
    skipping = replace(last, sources={**last.sources, "I": (0,)})
    assert {m.layer for m in verify(with_placed(compiled, skipping)).mismatches} == {2}


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_sequences_get_lengths_that_there_are(op: str) -> None:
    """sequence_lens comes with the run: each length lies between one and the number of steps."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    rng = np.random.default_rng(1)
    weights = {"w": distinct(rng, 1, gates * 3, 4), "r": distinct(rng, 1, gates * 3, 3)}
    inputs = {"x": distinct(rng, 5, 2, 4), "lengths": np.zeros(2, np.int32)}
    node = helper.make_node(op, ["x", "w", "r", "", "lengths"], ["y", "h"], hidden_size=3)
    compiled = compile_model(model_of([node], inputs, weights, ["y", "h"]))
    values = Values(compiled.graph, StoredValues(compiled.graph, None), rng)
    drawn = np.concatenate([draw("lengths", Place(compiled.graph.nodes[0], 4), compiled.graph, rng) for _ in range(40)])
    assert set(drawn) == {1, 2, 3, 4, 5}
    values.run(compiled.graph.nodes[0])
    assert not values.failed
    assert_proven(compiled)


def test_picked_rows_of_another_axis() -> None:
    """The indices that the model gives are all alike, so that others are drawn: on the axis that is picked from."""
    inputs = {"x": distinct(np.random.default_rng(0), 3, 7, 2)}
    node = helper.make_node("Gather", ["x", "i"], ["y"], axis=1)
    compiled = compile_model(model_of([node], {**inputs, "i": np.zeros((4,), np.int64)}, {}, ["y"]))
    (group,) = groups(compiled.graph, compiled.workload).values()
    values = Values(compiled.graph, StoredValues(compiled.graph, None), np.random.default_rng(0))
    drawn = np.concatenate([values.index("i", group.picking["i"]) for _ in range(40)])
    assert set(drawn) == set(range(7))


@pytest.mark.parametrize("op", ["LayerNormalization", "InstanceNormalization", "BatchNormalization"])
def test_a_norm_without_its_epsilon(op: str) -> None:
    """Beside variances of 1 it would be lost in rounding."""
    rng = np.random.default_rng(0)
    names = ["scale", "bias"] + ["mean", "variance"] * (op == "BatchNormalization")
    weights = {name: np.abs(distinct(rng, 6 if op == "LayerNormalization" else 5)) + 0.1 for name in names}
    node = helper.make_node(op, ["x", *weights], ["y"])
    weights = {name: value.astype(np.float32) for name, value in weights.items()}
    compiled = compile_model(model_of([node], {"x": distinct(rng, 3, 5, 6)}, weights, ["y"]))
    assert_proven(compiled)
    found = [placed for placed in compiled.workload.layers if without_epsilon(placed) != placed]
    assert found
    for placed in found:
        assert verify(with_placed(compiled, without_epsilon(placed))).mismatches


def without_epsilon(placed: PlacedLayer) -> PlacedLayer:
    """The layer with 0 wherever its steps have the epsilon."""

    def of(step: Step) -> Step:
        operand = access(step.operand) if isinstance(step.operand, Access) else step.operand
        zeroed = tuple(0.0 if math.isclose(p, 1e-5, rel_tol=1e-6) else p for p in step.parameters)
        return replace(step, parameters=zeroed, operand=operand)

    def access(one: Access) -> Access:
        return replace(one, prepare=tuple(map(of, one.prepare)))

    layer = placed.layer
    inputs = tuple(map(access, layer.inputs))
    changed = replace(layer, inputs=inputs, combine=of(layer.combine), after=tuple(map(of, layer.after)))
    return replace(placed, layer=changed)


def padding_only(w: np.ndarray) -> Compiled:
    """A Conv all of whose windows lie in the padding: out of 1x1 it makes 1x1, and never meets it."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[2, 2, 0, 0], strides=[3, 3])
    return compile_model(model_of([node], {"x": distinct(np.random.default_rng(0), 1, 5, 1, 1)}, {"w": w}, ["y"]))


def test_a_convolution_that_reads_only_padding() -> None:
    compiled = padding_only(distinct(np.random.default_rng(1), 3, 5, 1, 2))
    assert compiled.entries[0].get("pr_loop_sizes") == [1, 1]  # ZigZag divides by what is touched
    assert_proven(compiled)


def test_few_values_that_change_with_the_operands_are_all_there_is() -> None:
    """Three elements repeated four times."""
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear")
    inputs = {"x": distinct(np.random.default_rng(0), 1, 3, 1, 1)}
    assert_proven(compile_model(model_of([node], inputs, {"s": np.asarray([1, 1, 2, 2], np.float32)}, ["y"])))


def test_results_that_do_not_change_with_the_operands_prove_nothing() -> None:
    some = np.asarray([1.0, 1.0, 2.0])
    assert moves([[some], [2 * some], [3 * some]])
    assert moves([[some], [some], [3 * some]])
    assert not moves([[some], [some], [some]])
    assert not moves([[some, some], [2 * some, some]])
    assert not moves([[some], [np.inf * some], [3 * some]])
    assert moves([[np.asarray([np.inf, 1.0])], [np.asarray([np.inf, 2.0])]])
    assert not moves([[np.asarray([np.nan, 1.0])], [np.asarray([np.nan, 2.0])]])
    assert not moves([[some]])


@pytest.mark.parametrize("lengths", [[0, 0], [1, 1], [3, 3]])
@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_lengths_that_leave_little_or_nothing_to_check(op: str, lengths: list[int]) -> None:
    """Zeros beyond each sequence's end: all of them, or all but a few."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    rng = np.random.default_rng(1)
    weights = {"w": distinct(rng, 2, gates, 4), "r": distinct(rng, 2, gates, 1), "n": np.asarray(lengths, np.int32)}
    node = helper.make_node(op, ["x", "w", "r", "", "n"], ["y", "h"], hidden_size=1, direction="bidirectional")
    assert_proven(compile_model(model_of([node], {"x": distinct(rng, 3, 2, 4)}, weights, ["y", "h"])))


def one(
    op: str,
    x: np.ndarray,
    domain: str = "",
    version: int = 13,
    constants: dict[str, np.ndarray] | None = None,
    **attributes: Attribute,
) -> Compiled:
    constants = constants or {}
    node = make_node(op, ["x", *constants], ["y"], domain=domain, **attributes)
    return compile_model(model_of([node], {"x": x}, constants, ["y"], version))


REDUCTIONS = ["ReduceMean", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"]


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@pytest.mark.parametrize("axes", [[1], [0, 1]])
def test_long_reductions(op: str, dtype: type[np.generic], axes: list[int]) -> None:
    """600 factors underflow and 600 squares overflow, if they are just any; integers are rounded as in onnxruntime."""
    assert_proven(one(op, np.zeros((3, 200), dtype), axes=axes))


def test_a_product_that_vanishes_in_single_precision() -> None:
    """What onnxruntime loses below the smallest normal number of its type is rounding."""
    tiny = np.asarray([1e-40, 3e-42], np.float64)
    assert not differing(tiny, np.zeros(2, np.float32)).any()
    assert differing(np.asarray([1e-30]), np.zeros(1, np.float32)).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_a_quantised_softmax_is_held_to_exact_arithmetic(dtype: type[np.int8] | type[np.uint8]) -> None:
    """onnxruntime's table is a step off in a tenth of the elements of uint8: more than ties explain."""
    rng, limits = np.random.default_rng(0), np.iinfo(dtype)
    x = rng.integers(limits.min, limits.max, (5, 9, 7), endpoint=True).astype(dtype)
    scales = {"xs": np.float32(0.05), "xz": dtype(3), "ys": np.float32(1 / 256), "yz": dtype(limits.min)}
    constants = {name: np.asarray(value) for name, value in scales.items()}
    assert_proven(one("QLinearSoftmax", x, "com.microsoft", 17, constants, axis=1, opset=13))
    assert_proven(one("QLinearSoftmax", x, "com.microsoft", 17, constants, axis=1, opset=11))
    node = Node(
        "com.microsoft.QLinearSoftmax", "", ("x", *constants), ("y",),
        {a.name: a for a in helper.make_node("n", [], [], axis=1, opset=13).attribute}, 1,
    )  # fmt: skip
    exact = run_node(node, {"x": x, **constants})["y"].astype(int)
    proto = helper.make_node("QLinearSoftmax", ["x", *constants], ["y"], domain="com.microsoft", axis=1, opset=13)
    theirs = onnxruntime_run(model_of([proto], {"x": x}, constants, ["y"]), {"x": x})["y"].astype(int)
    assert np.abs(exact - theirs).max() <= 1
    assert (exact.sum(axis=1) - 9 * limits.min - 256 <= 5).all()  # probabilities in steps of 1/256 add up to one


@pytest.mark.parametrize(("depth", "bits"), [(40, 4), (33, 8), (17, 2), (64, 4)])
@pytest.mark.parametrize("accuracy", [0, 4])
def test_packed_weights_with_a_last_block_half_full(depth: int, bits: int, accuracy: int) -> None:
    """The rest of the block is not read; an activation rounded to 8 bits (accuracy_level 4) is not asked for."""
    rng, blocks = np.random.default_rng(0), -(-depth // 32)
    constants: dict[str, np.ndarray] = {"b": rng.integers(0, 256, (5, blocks, 4 * bits)).astype(np.uint8)}
    constants["s"] = rng.uniform(0.01, 0.08, 5 * blocks).astype(np.float32)
    compiled = one("MatMulNBits", distinct(rng, 3, depth), "com.microsoft", 17, constants, K=depth, N=5, bits=bits,
                   block_size=32, accuracy_level=accuracy)  # fmt: skip
    assert_proven(compiled)
    assert volumes(compiled.entries[0])["W"] == 5 * depth


@pytest.mark.parametrize(("depth", "kind"), [(17, 0), (40, 1)])
def test_weights_that_name_numbers_of_a_table(depth: int, kind: int) -> None:
    """Blocks go over the ends of rows; the last byte may hold half an element too many."""
    rng, elements = np.random.default_rng(0), 5 * depth
    constants: dict[str, np.ndarray] = {"b": rng.integers(0, 256, -(-elements // 2)).astype(np.uint8)}
    constants["s"] = rng.uniform(0.5, 1.5, -(-elements // 16)).astype(np.float32)
    compiled = one("MatMulBnb4", distinct(rng, 3, depth), "com.microsoft", 17, constants, K=depth, N=5, block_size=16,
                   quant_type=kind)  # fmt: skip
    assert_proven(compiled)
    assert volumes(compiled.entries[0])["W"] == 5 * depth


def test_a_packed_weight_that_counts_and_is_not_read_is_found() -> None:
    rng = np.random.default_rng(0)
    constants: dict[str, np.ndarray] = {
        "b": rng.integers(0, 256, (5, 2, 16)).astype(np.uint8),
        "s": np.full(10, 0.05, np.float32),
    }
    compiled = one("MatMulNBits", distinct(rng, 3, 40), "com.microsoft", 17, constants, K=40, N=5, block_size=32)
    (placed,) = compiled.workload.layers
    shorter = replace(placed.layer, loops=tuple((n, 39 if n == "C" else size) for n, size in placed.layer.loops))
    found = verify(with_placed(compiled, replace(placed, layer=shorter))).mismatches
    assert "elements of b" in {mismatch.where for mismatch in found}


@pytest.mark.parametrize("value", [-3e38, 3e38, np.inf, -np.inf])
def test_what_is_beside_a_pad_with_large_values(value: object) -> None:
    constants = {"p": np.asarray([0, 0, 1, 0, 0, 0, 0, 2]), "v": np.asarray(value, np.float32)}
    nodes = [
        helper.make_node("Pad", ["x", "p", "v"], ["p0"]),
        helper.make_node("MaxPool", ["p0"], ["y"], kernel_shape=[2, 2]),
    ]
    model = model_of(nodes, {"x": distinct(np.random.default_rng(0), 1, 3, 5, 4)}, constants, ["y"])
    assert_proven(compile_model(model))


def test_one_query_after_a_past_does_not_see_what_comes_after_it() -> None:
    """onnxruntime's own kernel forgets is_causal there; ONNX's reference does not."""
    rng = np.random.default_rng(0)
    inputs = {"q": distinct(rng, 2, 1, 15), "k": distinct(rng, 2, 5, 15), "v": distinct(rng, 2, 5, 15)}
    inputs |= {"pk": distinct(rng, 2, 3, 4, 5), "pv": distinct(rng, 2, 3, 4, 5)}
    names = ["q", "k", "v", "", "pk", "pv"]
    node = helper.make_node("Attention", names, ["y", "nk", "nv"], is_causal=1, q_num_heads=3, kv_num_heads=3)
    model = model_of([node], inputs, {}, ["y"], opset=23)
    assert_proven(compile_model(model))
    traced = trace(model, Bindings()).nodes[0]
    expected = reference_run(model, inputs)["y"]
    np.testing.assert_allclose(run_node(traced, inputs)["y"], expected, 1e-4, 1e-5)


def test_a_stand_in_of_one_element_is_still_a_stand_in() -> None:
    """Sampling one element is a layer that is never emitted: the product behind it claims nothing."""
    shapes = {"x": (1, 1, 1, 1), "w": (2, 1, 1, 1), "o": (1, 2, 1, 1)}
    infos = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(
        [helper.make_node("DeformConv", list(shapes), ["y"])], "one", infos, [helper.make_empty_tensor_value_info("y")]
    )
    result = verify(compile_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)))
    assert result.mismatches == () and result.nodes_exact == 0
    assert [stand_in.op for stand_in in result.approximate] == ["DeformConv"]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_lengths_take_no_more_values_than_there_are_steps(steps: int) -> None:
    rng = np.random.default_rng(0)
    constants = {"w": distinct(rng, 1, 9, 5), "r": distinct(rng, 1, 9, 3), "b": distinct(rng, 1, 18)}
    constants["lengths"] = rng.integers(1, steps, 12, endpoint=True).astype(np.int32)
    node = helper.make_node("GRU", ["x", *constants], ["y"], hidden_size=3)
    assert_proven(compile_model(model_of([node], {"x": distinct(rng, steps, 12, 5)}, constants, ["y"])))


@pytest.mark.parametrize("name", ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4"])
def test_types_that_numpy_does_not_have(name: str) -> None:
    """onnxruntime neither takes nor gives them: constants lie in the model, results leave it as floats."""
    element = TensorProto.DataType.Value(name)
    nodes = [helper.make_node("Cast", ["x"], ["c"], to=element), helper.make_node("Cast", ["c"], ["y"], to=FLOAT)]
    x = 5 * distinct(np.random.default_rng(0), 3, 40)
    assert_proven(compile_model(model_of(nodes, {"x": x}, {}, ["y"], 21)))


@pytest.mark.parametrize("name", ["FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4"])
def test_quantising_to_types_that_numpy_does_not_have(name: str) -> None:
    dtype = helper.tensor_dtype_to_np_dtype(TensorProto.DataType.Value(name))
    constants = {"s": np.asarray(0.25, np.float32), "z": np.zeros((), dtype)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", *constants], ["q"]),
        helper.make_node("DequantizeLinear", ["q", *constants], ["y"]),
    ]
    x = distinct(np.random.default_rng(0), 3, 40)
    assert_proven(compile_model(model_of(nodes, {"x": x}, constants, ["y"], 21)))


@pytest.mark.parametrize("name", ["INT4", "UINT4"])
def test_a_cast_to_four_bits_rounds(name: str) -> None:
    """As in onnxruntime, half away from zero; more than four bits hold wraps."""
    x = np.asarray([0.5, 1.5, 2.5, -0.5, -2.7, 1.2, 7.4, 7.6, 9.9, 17.0], np.float32)
    element = TensorProto.DataType.Value(name)
    model = model_of([helper.make_node("Cast", ["x"], ["y"], to=element)], {"x": x}, {}, ["y"], 21)
    _, layers = lowered(model)
    node = Node("Cast", "", ("x",), ("y",), {"to": helper.make_attribute("to", element)}, 21)
    expected = run_node(node, {"x": x})["y"].astype(np.float64)
    assert run_layers(layers, {"x": x})["y"].tolist() == expected.tolist()
    assert expected[[1, 6, 7]].tolist() == [2, 7, 8 if name == "UINT4" else -8]


@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize("include", [0, 1])
def test_means_that_lie_halfway_between_two_steps(ceil_mode: int, include: int) -> None:
    """A pool that keeps its scale: half the means of two neighbours are ties, which onnxruntime breaks in float32.

    With count_include_pad every mean is of a whole window, what ceil_mode adds included.
    """
    same = {"xs": np.float32(0.05), "xz": np.uint8(54), "ys": np.float32(0.05), "yz": np.uint8(54)}
    constants = {name: np.asarray(value) for name, value in same.items()}
    x = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 5)).astype(np.uint8)
    compiled = one("QLinearAveragePool", x, "com.microsoft", 17, constants, kernel_shape=[1, 2], strides=[1, 2],
                   ceil_mode=ceil_mode, count_include_pad=include)  # fmt: skip
    assert_proven(compiled)
    (placed,) = compiled.workload.layers
    rounding = next(i for i, step in enumerate(placed.layer.after) if step.function == functions.ROUND)
    late = (
        *placed.layer.after[: rounding + 1],
        Step(functions.SHIFT, parameters=(1.0,)),
        *placed.layer.after[rounding + 1 :],
    )
    wrong = replace(placed, layer=replace(placed.layer, after=late))
    assert verify(with_placed(compiled, wrong)).mismatches  # a step too much, everywhere


@pytest.mark.parametrize("ahead", [0, 1])
def test_quantised_attention_with_weights_of_full_range(ahead: int) -> None:
    """onnxruntime saturates pairs of uint8 * int8 products without VNNI; the same weights as uint8 are exact."""
    rng = np.random.default_rng(0)
    constants = {"w": rng.integers(-128, 128, (8, 24)).astype(np.int8), "b": distinct(rng, 24)}
    constants |= {"xs": np.asarray(0.02, np.float32), "ws": np.asarray(0.01, np.float32)}
    constants |= {"xz": np.asarray(100, np.uint8), "wz": np.asarray(0, np.int8)}
    names = ["x", "w", "b", "xs", "ws", "", "xz", "wz"]
    node = helper.make_node("QAttention", names, ["y"], domain="com.microsoft", num_heads=2, unidirectional=ahead)
    x = rng.integers(0, 256, (2, 5, 8)).astype(np.uint8)
    assert_proven(compile_model(model_of([node], {"x": x}, constants, ["y"])))


MASKS = {"lengths": (2,), "lengths and where sequences begin": (8,), "of each key": (2, 4)}


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("op", ["Attention", "MultiHeadAttention"])
def test_masks_hide_some_keys(kind: str, op: str) -> None:
    """Any integers would hide all keys or none; onnxruntime refuses lengths that there are not."""
    rng = np.random.default_rng(0)
    inputs = {name: distinct(rng, 2, 4, 6) for name in ("q", "k", "v")} | {"m": np.zeros(MASKS[kind], np.int32)}
    constants = {}
    names = ["q", "k", "v", "", "m"]
    if op == "Attention":
        inputs = {name: inputs[name] for name in ("q", "m")}
        constants = {"w": distinct(rng, 6, 18), "b": distinct(rng, 18)}
        names = ["q", "w", "b", "m"]
    node = helper.make_node(op, names, ["y"], domain="com.microsoft", num_heads=2)
    compiled = compile_model(model_of([node], inputs, constants, ["y"]))
    assert_proven(compiled)
    place = Place(compiled.graph.nodes[0], names.index("m"))
    drawn = np.concatenate([draw("m", place, compiled.graph, rng).ravel() for _ in range(40)])
    assert set(drawn) == ({0, 1} if len(MASKS[kind]) > 1 else {1, 2, 3, 4})


def test_a_wrong_step_with_parameters_is_a_difference_and_no_error() -> None:
    """The search for a cause tries other functions, which do not take as many."""
    rng = np.random.default_rng(0)
    inputs = {name: distinct(rng, 2, 4, 6) for name in ("q", "k", "v")} | {"m": np.asarray([2, 3], np.int32)}
    node = helper.make_node("MultiHeadAttention", ["q", "k", "v", "", "m"], ["y"], domain="com.microsoft", num_heads=2)
    compiled = compile_model(model_of([node], inputs, {}, ["y"]))
    hiding = next(placed for placed in compiled.workload.layers if placed.layer.combine.function == functions.HIDE_FROM)
    position = hiding.layer.combine.operand
    assert isinstance(position, Position)
    late = replace(hiding.layer.combine, operand=replace(position, offset=position.offset - 1))
    wrong = replace(hiding, layer=replace(hiding.layer, combine=late))
    assert {mismatch.node for mismatch in verify(with_placed(compiled, wrong)).mismatches} == {"y"}


def test_an_axis_that_stands_still_takes_no_index_of_the_next() -> None:
    """Rows of an image of one row: the loop over them moves nothing, and the relation is the columns'."""
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], mode="nearest",
        nearest_mode="ceil", coordinate_transformation_mode="half_pixel_symmetric",
    )  # fmt: skip
    inputs = {"x": distinct(np.random.default_rng(0), 1, 3, 1, 5)}
    compiled = compile_model(model_of([node], inputs, {"s": np.asarray([1, 1, 2, 2], np.float32)}, ["y"], 23))
    (placed,) = compiled.workload.layers
    assert bind(compiled.entries[0], placed).differences == ()


def test_what_was_drawn_stays_though_the_same_call_makes_it() -> None:
    """A function gives both operands of a product; one is expanded in it, and drawn in front of the Expand."""
    rng = np.random.default_rng(0)
    body = [helper.make_node("Exp", ["x"], ["e"]), helper.make_node("Expand", ["e", "s"], ["a"])]
    body.append(helper.make_node("Min", ["c", "x"], ["b"]))
    nodes = [
        helper.make_node("F", ["x", "s", "c"], ["a", "b"], domain="my.lab"),
        helper.make_node("Transpose", ["a"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["b", "t"], ["y"]),
    ]
    constants = {"s": np.asarray([5, 12]), "c": distinct(rng, 12)}
    model = model_of(nodes, {"x": np.zeros(12, np.float32)}, constants, ["y"], 18)
    function = helper.make_function("my.lab", "F", ["x", "s", "c"], ["a", "b"], body, [helper.make_opsetid("", 18)])
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("my.lab", 1))
    compiled = compile_model(model)
    for seed in range(4):
        assert verify(compiled, VerifyOptions(seed=seed)).mismatches == ()


def test_a_phase_over_padding_alone_reads_nobody() -> None:
    """A ConvTranspose behind a product that two layers make: one phase meets padding only."""
    rng = np.random.default_rng(0)
    node = helper.make_node("ConvTranspose", ["a", "w"], ["y"], dilations=[2, 1], pads=[2, 0, 1, 0], strides=[3, 2])
    nodes = [helper.make_node("MatMul", ["x", "m"], ["a"]), node]
    constants = {"m": distinct(rng, 5, 4), "w": distinct(rng, 6, 3, 3, 2)}
    assert_proven(compile_model(model_of(nodes, {"x": distinct(rng, 1, 6, 1, 5)}, constants, ["y"])))


def scan_of(step: list[onnx.NodeProto], width: int, steps: int, weights: dict[str, np.ndarray]) -> Compiled:
    """A Scan whose state h (1, width) becomes `after`; x_t is the part of a step, `kept` what is stacked."""
    named = [(name, helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])) for name in ("h", "x_t")]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width]) for name in ("after", "kept")]
    body = helper.make_graph(step, "step", [info for _, info in named], ends)
    node = helper.make_node("Scan", ["h0", "x"], ["last", "y"], "scan", body=body, num_scan_inputs=1)
    inputs = {"h0": np.ones((1, width), np.float32), "x": np.ones((steps, 1, width), np.float32)}
    return compile_model(model_of([node], inputs, weights, ["last", "y"]))


def test_weights_within_a_body_are_scaled_by_what_its_products_add_up() -> None:
    """Such a state keeps its size over many steps: ordinary numbers would be beyond all bounds after twenty."""
    width, steps = 64, 40
    nodes = [helper.make_node("MatMul", ["h", "w"], ["p"]), helper.make_node("Add", ["p", "x_t"], ["after"])]
    nodes.append(helper.make_node("Neg", ["p"], ["kept"]))
    compiled = scan_of(nodes, width, steps, {"w": np.zeros((width, width), np.float32)})
    (node,) = [one for one in compiled.graph.nodes if one.recurrence]
    place = Place(node, node.inputs.index("w"))
    values = draw("w", place, compiled.graph, np.random.default_rng(0))
    assert values.std() == pytest.approx(1 / math.sqrt(width), rel=0.05)
    assert_proven(compiled)


def test_a_state_that_grows_beyond_all_numbers_is_proven_on_smaller_ones() -> None:
    """Squared at every step: what is above 1 ends as infinite, what is below as 0, but in few steps."""
    nodes = [helper.make_node("Mul", ["h", "h"], ["s"]), helper.make_node("Mul", ["s", "h"], ["c"])]
    nodes += [helper.make_node("Add", ["c", "x_t"], ["after"]), helper.make_node("Neg", ["after"], ["kept"])]
    assert_proven(scan_of(nodes, 7, 9, {}))
