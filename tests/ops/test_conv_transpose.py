"""ConvTranspose against onnxruntime: every relation of stride, kernel and dilation, crops, given output shapes."""

import math

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.proof.verify import verify
from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct, model_of, onnxruntime_run


@st.composite
def transposed_convolutions(draw: st.DrawFn) -> tuple[onnx.NodeProto, np.ndarray, dict[str, np.ndarray]]:
    """A ConvTranspose node with its input and weights."""
    rank = draw(st.integers(1, 3))
    group, c, k = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    dilations = [draw(st.integers(1, 3)) for _ in range(rank)]
    strides = [draw(st.integers(1, 4)) for _ in range(rank)]
    extents = [draw(st.integers(1, 4)) for _ in range(rank)]
    full = [(extents[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 for i in range(rank)]
    attributes: dict[str, Attribute] = {"strides": strides, "dilations": dilations, "group": group}
    padding = draw(st.sampled_from(["pads", "SAME_UPPER", "SAME_LOWER", "VALID", "output_shape", "none"]))
    if padding == "pads":
        begin = [draw(st.integers(0, min(3, full[i] - 1))) for i in range(rank)]
        attributes["pads"] = begin + [draw(st.integers(0, min(3, full[i] - 1 - begin[i]))) for i in range(rank)]
    elif padding == "output_shape":
        attributes["output_shape"] = [draw(st.integers(max(1, full[i] - 4), full[i])) for i in range(rank)]
        attributes["auto_pad"] = draw(st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    elif padding != "none":
        attributes["auto_pad"] = padding
    if padding != "output_shape" and draw(st.booleans()):
        attributes["output_padding"] = [draw(st.integers(0, s - 1)) for s in strides]  # onnxruntime refuses more
    bias = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = distinct(rng, draw(st.integers(1, 2)), group * c, *extents)
    constants = {"w": distinct(rng, group * c, k, *kernel)} | ({"b": distinct(rng, group * k)} if bias else {})
    return make_node("ConvTranspose", ["x", *constants], ["y"], **attributes), x, constants


@settings(max_examples=120, deadline=None)
@given(transposed_convolutions())
def test_phases_compute_what_onnxruntime_computes(
    case: tuple[onnx.NodeProto, np.ndarray, dict[str, np.ndarray]],
) -> None:
    node, x, constants = case
    layers = check_node(node, {"x": x}, constants)
    w = constants["w"]
    assert sum(layer.macs_useful or 0 for layer in layers) == x.size * math.prod(w.shape[1:])


@settings(max_examples=80, deadline=None)
@given(transposed_convolutions())
def test_verify_finds_nothing_in_any_form(case: tuple[onnx.NodeProto, np.ndarray, dict[str, np.ndarray]]) -> None:
    """Pads that cut taps off included: their weights need not be read, and windows may meet nothing but padding."""
    node, x, constants = case
    result = verify(compile_model(model_of([node], {"x": x}, constants, ["y"])))
    assert (result.mismatches, result.not_checkable) == ((), ())


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"output_shape": [2, 1, 3]}, (2, 1, 3)),  # below the input's size
        ({"auto_pad": "SAME_UPPER", "strides": [2, 3, 2], "output_padding": [1, 2, 0]}, (6, 12, 10)),
        ({"auto_pad": "SAME_LOWER", "strides": [5, 1, 1]}, (12, 4, 5)),  # the kernel is shorter than the stride
        ({"auto_pad": "VALID", "output_shape": [4, 4, 6]}, (4, 4, 6)),
    ],
)
def test_sizes_are_those_of_a_run(attributes: dict[str, list[int] | str], expected: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    x, constants = distinct(rng, 1, 4, 3, 4, 5), {"w": distinct(rng, 4, 3, 2, 2, 2)}
    model = model_of([make_node("ConvTranspose", ["x", "w"], ["y"], group=2, **attributes)], {"x": x}, constants, ["y"])
    compiled = compile_model(model)
    assert compiled.graph.shape("y")[2:] == onnxruntime_run(model, {"x": x})["y"].shape[2:] == expected
    assert verify(compiled).nodes_matched == 1


@pytest.mark.parametrize(
    ("stride", "kernel", "taps"), [(2, 2, [1, 1]), (2, 4, [2, 2]), (2, 3, [2, 1]), (3, 2, [1, 1, 0])]
)
def test_a_phase_is_a_convolution_of_its_own_taps(stride: int, kernel: int, taps: list[int]) -> None:
    """Stride = kernel, stride < kernel, kernel not a multiple of the stride, and a phase without any tap."""
    rng = np.random.default_rng(0)
    constants = {"w": distinct(rng, 5, 3, kernel), "b": distinct(rng, 3)}
    node = helper.make_node("ConvTranspose", ["x", *constants], ["y"], strides=[stride])
    layers = check_node(node, {"x": distinct(rng, 2, 5, 7)}, constants)
    assert [layer.sizes["FX"] for layer in layers] == taps


def test_a_phase_without_a_tap_is_no_layer() -> None:
    rng = np.random.default_rng(0)
    constants = {"w": distinct(rng, 5, 3, 2, 2)}
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[3, 2])
    compiled = compile_model(model_of([node], {"x": distinct(rng, 1, 5, 7, 6)}, constants, ["y"]))
    assert [placed.layer.sizes["OY"] for placed in compiled.workload.layers] == [7, 7, 7, 7]
    assert compiled.workload.macs == 4 * 7 * 6 * 5 * 3


def test_variable_bias_is_one_layer_over_the_whole_output() -> None:
    rng = np.random.default_rng(0)
    inputs = {"x": distinct(rng, 1, 2, 3, 4), "w": distinct(rng, 2, 3, 2, 3), "b": distinct(rng, 3)}
    layers = check_node(helper.make_node("ConvTranspose", list(inputs), ["y"], strides=[2, 1]), inputs)
    assert [layer.operator_type for layer in layers] == ["Conv", "Conv", "Add"]


def test_a_phase_that_reads_only_padding_still_has_an_extent() -> None:
    """ZigZag divides by the number of elements read (workload/layer_node.py:347)."""
    rng = np.random.default_rng(0)
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], auto_pad="SAME_UPPER", dilations=[2])
    compiled = compile_model(model_of([node], {"x": distinct(rng, 1, 2, 1)}, {"w": distinct(rng, 2, 3, 2)}, ["y"]))
    assert compiled.entries[0].get("pr_loop_sizes") == [1]
