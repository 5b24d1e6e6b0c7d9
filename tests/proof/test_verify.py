"""verify passes what is right, and objects to each kind of wrong layer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.ir import functions
from onnx2zz.ir.axis import Axis, along, fixed, split, window
from onnx2zz.proof.result import Verification
from onnx2zz.proof.verify import VerifyOptions, verify
from tests.json_values import Document
from tests.model_files import save_with_weights_beside
from tests.oracle import distinct, model_of
from tests.present import present
from tests.proof.networks import residual
from tests.proof.wrong import with_axis, with_entry, with_layer, with_placed

STEM, BRANCH, SUM, NARROW, POOL, MEAN, CLASSIFY = range(7)


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(residual(), name="residual")


def causes(result: Verification, layer: int) -> set[str]:
    return {m.cause for m in result.mismatches if m.layer == layer}


def wheres(result: Verification, layer: int) -> set[str]:
    return {m.where.split("[")[0] for m in result.mismatches if m.layer == layer}


def test_a_right_workload_passes(compiled: Compiled) -> None:
    result = verify(compiled)
    assert result.mismatches == ()
    assert result.not_checkable == ()
    assert (result.nodes_exact, result.nodes_checked, result.nodes_matched) == (7, 7, 7)
    assert result.layers_checked == len(compiled.entries) == 7


def test_swapped_axes_of_a_window(compiled: Compiled) -> None:
    layer = compiled.workload.layers[POOL].layer
    iy, ix = layer.inputs[0].axes[2:]
    swapped = with_axis(with_axis(layer, 0, 2, replace(iy, terms=ix.terms)), 0, 3, replace(ix, terms=iy.terms))
    assert "axes swapped" in causes(verify(with_layer(compiled, POOL, swapped)), POOL)


@pytest.mark.parametrize(
    ("layer", "number", "axis", "cause"),
    [
        pytest.param(STEM, 2, window("OY", "FY", 10, stride=1, dilation=1, pad=1), "stride", id="stride"),
        pytest.param(STEM, 3, window("OX", "FX", 13, stride=1, dilation=1, pad=0), "stride", id="dilation"),
        pytest.param(STEM, 2, window("OY", "FY", 10, stride=2, dilation=1, pad=0), "padding", id="no padding"),
        pytest.param(POOL, 3, window("OX", "FX", 12, stride=2, dilation=1, pad=0), "padding", id="padding of a pool"),
        pytest.param(STEM, 1, split((("C", 2), ("G", 2)), 4), "group", id="group interleaved"),
        pytest.param(BRANCH, 1, fixed(6), "broadcast", id="broadcast"),
    ],
)
def test_a_wrong_map_of_the_activation(compiled: Compiled, layer: int, number: int, axis: Axis, cause: str) -> None:
    right = compiled.workload.layers[layer].layer
    result = verify(with_layer(compiled, layer, with_axis(right, 0, number, axis)))
    assert cause in causes(result, layer)


def test_a_wrong_weight_order(compiled: Compiled) -> None:
    right = compiled.workload.layers[CLASSIFY].layer
    transposed = with_axis(with_axis(right, 1, 0, along("K", 60)), 1, 1, along("C", 5))
    assert verify(with_layer(compiled, CLASSIFY, transposed)).mismatches


def test_a_wrong_combination(compiled: Compiled) -> None:
    right = compiled.workload.layers[SUM].layer
    wrong = replace(right, combine=replace(right.combine, function=functions.MUL))
    assert wheres(verify(with_layer(compiled, SUM, wrong)), SUM) == {"s"}


def test_a_missing_bias(compiled: Compiled) -> None:
    right = compiled.workload.layers[STEM].layer
    assert wheres(verify(with_layer(compiled, STEM, replace(right, after=()))), STEM) == {"a"}


def test_a_loop_that_is_too_short(compiled: Compiled) -> None:
    right = compiled.workload.layers[NARROW].layer
    short = replace(right, loops=tuple((loop, size - (loop == "OX")) for loop, size in right.loops))
    result = verify(with_layer(compiled, NARROW, short))
    assert {"MACs", "c"} <= {m.where for m in result.mismatches}


def test_a_wrong_source(compiled: Compiled) -> None:
    placed = compiled.workload.layers[NARROW]
    wrong = replace(placed, sources={**placed.sources, "I": (BRANCH,)})
    result = verify(with_placed(compiled, wrong))
    assert {"sources of I", "operand_source of I", "elements that I reads"} <= wheres(result, NARROW)


def test_a_source_that_is_left_out_of_several(compiled: Compiled) -> None:
    placed = compiled.workload.layers[POOL]
    assert placed.sources["I"] == (SUM, NARROW)
    result = verify(with_placed(compiled, replace(placed, sources={**placed.sources, "I": (NARROW,)})))
    assert {"sources of I", "elements that I reads"} <= wheres(result, POOL)


@pytest.mark.parametrize(
    ("layer", "fields", "cause"),
    [
        pytest.param(NARROW, {"equation": "O[b][g][c][oy][ox]+=I[b][g][k][iy][ix]*W[g][k][c][fy][fx]"}, "axes swapped"),
        pytest.param(STEM, {"equation": "O[b][g][k][oy][ox]+=I[b][g][c][iy][ix]*W[g][k][c][fx][fy]"}, "axes swapped"),
        pytest.param(STEM, {"equation": "O[b][g][k][oy][ox]+=I[b][g][c][ix][iy]*W[g][k][c][fy][fx]"}, "axes swapped"),
        pytest.param(STEM, {"dimension_relations": ["iy=1*oy+1*fy", "ix=1*ox+2*fx"]}, "stride"),
        pytest.param(STEM, {"padding": [[0, 0], [0, 1]]}, "padding"),
        pytest.param(STEM, {"pr_loop_sizes": [11, 13]}, "padding"),
        pytest.param(STEM, {"operand_source": {"W": 0, "I": 1}}, "source"),
        pytest.param(SUM, {"operand_source": {"W": BRANCH, "I": BRANCH}}, "source"),
        pytest.param(SUM, {"operand_precision": {"W": 4, "I": 8, "O": 16, "O_final": 8}}, "width"),
        pytest.param(STEM, {"operator_type": "Gemm"}, "operator type"),
        pytest.param(SUM, {"equation": "O[b][g][oy][ox]=W[b][g][oy][ox]*I[b][g][oy][ox]"}, "equation"),
        pytest.param(SUM, {"equation": "O[b][g][oy][ox]=I[b][g][oy][ox]+W[b][g][oy][ox]"}, "operand order"),
        pytest.param(SUM, {"equation": "nonsense"}, "equation"),
    ],
)
def test_a_wrong_entry(compiled: Compiled, layer: int, fields: Document, cause: str) -> None:
    assert compiled.entries[layer].keys() >= fields.keys()
    assert cause in causes(verify(with_entry(compiled, layer, **fields)), layer)


def test_loops_of_one_may_be_left_out_of_an_equation(compiled: Compiled) -> None:
    entry = compiled.entries[BRANCH]
    shorter = with_entry(compiled, BRANCH, equation=entry["equation"].replace("[g]", "").replace("[b]", ""))
    assert verify(shorter).mismatches == ()


def test_loops_of_one_that_are_written_keep_their_places() -> None:
    """A depthwise filter has one channel a group: its index stands before the window's, or nowhere."""
    rng = np.random.default_rng(0)
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=3, pads=[1, 0, 1, 1])
    compiled = compile_model(
        model_of([node], {"x": distinct(rng, 1, 3, 6, 7)}, {"w": distinct(rng, 3, 1, 3, 2)}, ["y"])
    )
    right = compiled.entries[0]["equation"]
    assert "I[b][g][c][iy][ix]" in right
    left_out = right.replace("[c]", "")
    misplaced = right.replace("I[b][g][c][iy][ix]", "I[b][g][iy][c][ix]")
    assert verify(with_entry(compiled, 0, equation=left_out)).mismatches == ()
    assert verify(with_entry(compiled, 0, equation=misplaced)).mismatches


def test_a_wrong_size_in_an_entry(compiled: Compiled) -> None:
    sizes = list(compiled.entries[BRANCH]["loop_sizes"])
    sizes[compiled.entries[BRANCH]["loop_dims"].index("FX")] += 1
    assert {"size"} <= causes(verify(with_entry(compiled, BRANCH, loop_sizes=sizes)), BRANCH)


def test_constant_weights_hide_nothing() -> None:
    """With equal weights a transposed filter computes the same: they are replaced by random ones."""
    ones = {"w": np.ones((3, 2, 2, 5), np.float32)}
    x = distinct(np.random.default_rng(0), 1, 2, 9, 8)
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 2, 1, 2])
    compiled = compile_model(model_of([node], {"x": x}, ones, ["y"]))
    layer = compiled.workload.layers[0].layer
    weights = layer.inputs[1]
    k = replace(weights.axes[2], terms=weights.axes[2].terms, offset=0)
    backwards = with_axis(layer, 1, 2, replace(k, terms=(("FY", -1),), offset=1))
    assert verify(compiled).mismatches == ()
    assert verify(with_layer(compiled, 0, backwards)).mismatches


def test_operands_without_information_are_drawn_afresh() -> None:
    """-1 after a ReLU is zero throughout, which would hide anything behind it."""
    nodes = [
        helper.make_node("Abs", ["x"], ["a"]),
        helper.make_node("Neg", ["a"], ["n"]),
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Relu", ["n"], ["z"]),
        helper.make_node("MatMul", ["z", "w"], ["y"], "product"),
        helper.make_node("Add", ["m", "y"], ["s"]),
    ]
    rng = np.random.default_rng(0)
    model = model_of(nodes, {"x": distinct(rng, 5, 4)}, {"w": distinct(rng, 4, 7)}, ["s", "z"])
    result = verify(compile_model(model))
    assert result.nodes_checked == result.nodes_exact == result.nodes_matched


def test_external_data_that_is_missing_is_replaced(tmp_path: Path) -> None:
    model = residual()
    save_with_weights_beside(model, tmp_path / "m.onnx", "gone.bin", least_bytes=64)
    (tmp_path / "gone.bin").unlink()
    compiled = compile_model(tmp_path / "m.onnx")
    assert present(compiled.graph.values.stored("w0")).data_location == onnx.TensorProto.EXTERNAL
    result = verify(compiled)
    assert result.nodes_matched == result.nodes_exact == 7


def test_with_fewer_points_fewer_layers_are_run_whole_and_all_are_run(compiled: Compiled) -> None:
    few, usual = verify(compiled, VerifyOptions(points=5)), verify(compiled)
    assert few.layers_checked == usual.layers_checked and few.mismatches == ()
    assert few.points < usual.points / 2


def test_an_operand_without_axes_is_drawn_afresh() -> None:
    """The sum is far above all that it is compared with, so that other operands are needed."""
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("LessOrEqual", ["y", "s"], ["z"]),
    ]
    rng = np.random.default_rng(0)
    inputs = {"x": 9 + distinct(rng, 5, 4), "y": distinct(rng, 3, 7)}
    result = verify(compile_model(model_of(nodes, inputs, {}, ["z"])), VerifyOptions(inputs=inputs))
    assert result.not_checkable == ()
    assert result.nodes_matched == result.nodes_exact == 2


def test_rows_that_repeat_prove_a_product() -> None:
    """A vector of 12, repeated in 7 rows, times a matrix of 6 columns: 6 of the 42 results can differ."""
    nodes = [helper.make_node("Expand", ["x", "shape"], ["e"]), helper.make_node("MatMul", ["e", "w"], ["y"])]
    rng = np.random.default_rng(0)
    constants = {"shape": np.array([7, 12]), "w": distinct(rng, 12, 6)}
    compiled = compile_model(model_of(nodes, {"x": distinct(rng, 12)}, constants, ["y"]))
    right = compiled.workload.layers[0].layer
    assert right.inputs[0].volume(right.sizes) == 12
    result = verify(compiled)
    assert result.not_checkable == () and result.nodes_matched == result.nodes_exact == 1
    still = with_axis(right, 1, 1, fixed(6))
    assert verify(with_layer(compiled, 0, still)).mismatches


def test_a_clip_that_leaves_few_values_is_drawn_until_it_does_not() -> None:
    constants = {"low": np.array(-0.5, np.float32), "high": np.array(0.4, np.float32)}
    node = helper.make_node("Clip", ["x", "low", "high"], ["y"])
    model = model_of([node], {"x": distinct(np.random.default_rng(0), 12)}, constants, ["y"])
    for seed in range(5):
        assert verify(compile_model(model), VerifyOptions(seed=seed)).nodes_matched == 1


def test_copies_that_read_in_front_of_an_expand_leave_nothing_in_place() -> None:
    """Both halves of the Concat are copied, from the tensor before the Expand: no edge leads past the copies."""
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Expand", ["r", "same"], ["e"]),
        helper.make_node("Concat", ["e", "e"], ["c"], axis=1),
        helper.make_node("MatMul", ["c", "w"], ["y"]),
    ]
    rng = np.random.default_rng(0)
    constants = {"same": np.array([3, 4]), "w": distinct(rng, 8, 5)}
    compiled = compile_model(model_of(nodes, {"x": distinct(rng, 3, 4)}, constants, ["y"]))
    assert [placed.node for placed in compiled.workload.layers] == ["r", "c", "c", "y"]
    assert verify(compiled).mismatches == ()


@pytest.mark.parametrize(
    "node",
    [
        pytest.param(helper.make_node("Relu", ["x"], ["y"]), id="half of eight"),
        pytest.param(helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.INT8), id="integers"),
        pytest.param(helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.BOOL), id="zeros among others"),
        pytest.param(helper.make_node("QuantizeLinear", ["x", "s"], ["y"], output_dtype=22), id="four bits"),
    ],
)
def test_few_elements_of_which_most_are_cut_off_prove_a_node(node: onnx.NodeProto) -> None:
    inputs = {"x": distinct(np.random.default_rng(0), 2, 4)}
    compiled = compile_model(model_of([node], inputs, {"s": np.array(0.02, np.float32)}, ["y"], opset=21))
    for seed in range(5):
        result = verify(compiled, VerifyOptions(seed=seed))
        assert result.mismatches == () and result.nodes_matched == 1


def test_a_cast_behind_an_expand_is_drawn_for_the_cast() -> None:
    """Numbers around 0 become 0 in 4 bits; what is drawn in front of the Expand fills the range of the Cast."""
    nodes = [
        helper.make_node("Expand", ["x", "shape"], ["e"]),
        helper.make_node("Cast", ["e"], ["y"], to=onnx.TensorProto.INT4),
        helper.make_node("Cast", ["y"], ["z"], to=onnx.TensorProto.FLOAT),
    ]
    x = distinct(np.random.default_rng(0), 3, 20)
    model = model_of(nodes, {"x": x}, {"shape": np.array([1, 1])}, ["z"], opset=21)
    for seed in range(5):
        result = verify(compile_model(model), VerifyOptions(seed=seed, inputs={"x": x}))
        assert result.mismatches == () and result.not_checkable == ()
