"""Inputs that say how a node walks, and whose values only a run knows though the shapes are there: legal ONNX."""

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2zz
from onnx2zz.compiler import compile_model
from onnx2zz.errors import InputError

Shape = tuple[int, ...]


def model(op: str, x: Shape, inputs: dict[str, Shape], out: Shape, *known: onnx.TensorProto) -> onnx.ModelProto:
    """One node that reads x and these inputs, "" where one is left out; what is not `known` a run brings."""
    constants = {tensor.name for tensor in known}
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)]
    for name, shape in inputs.items():
        if name and name not in constants:
            kind = TensorProto.FLOAT if name == "window" else TensorProto.INT64
            given.append(helper.make_tensor_value_info(name, kind, shape))
    node = helper.make_node(op, ["x", *(name.strip() for name in inputs)], ["y"], "n")
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, out)]
    graph = helper.make_graph([node], "g", given, outputs, list(known))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


WIDTHS = numpy_helper.from_array(np.array([1, 1]), "pads")


@pytest.mark.parametrize(
    ("of", "moved"),
    [
        (model("Pad", (2, 3, 5), {"pads": (6,)}, (4, 3, 7)), 4 * 3 * 7),
        (model("Pad", (2, 3, 5), {"pads": (2,), "": (), "axes": (1,)}, (2, 3, 7), WIDTHS), 2 * 3 * 7),
    ],
)
def test_a_pad_of_unknown_width_or_axes_moves_its_volume(of: onnx.ModelProto, moved: int) -> None:
    (placed,) = compile_model(of).workload.layers
    assert (placed.layer.kind, placed.layer.operations) == ("movement", moved)
    assert [axis.offset for axis in placed.layer.inputs[0].axes] == [0, 0, 0]


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (model("Col2Im", (2, 12, 20), {"image": (2,), "block": (2,)}, (2, 2, 5, 7)), "block"),
        (model("STFT", (2, 50, 1), {"step": (), "window": (12,)}, (2, 5, 7, 2)), "step"),
        (model("STFT", (2, 50, 1), {"step": (), "": (), "length": ()}, (2, 5, 7, 2)), "step"),
    ],
)
def test_what_has_no_loops_without_a_value_is_refused_with_a_way_out(of: onnx.ModelProto, name: str) -> None:
    with pytest.raises(InputError, match=f"its window depends on {name}, whose value only a run knows.*--value {name}"):
        compile_model(of)


def test_the_value_that_is_asked_for_is_enough() -> None:
    of = model("STFT", (2, 50, 1), {"step": (), "window": (12,)}, (2, 5, 7, 2))
    layers = onnx2zz.compile(of, values={"step": 9}).workload.layers
    assert sum(placed.layer.operations for placed in layers) == 2 * (2 * 5 * 7) * 12


def with_attributes(of: onnx.ModelProto, **attributes: object) -> onnx.ModelProto:
    of.graph.node[0].attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
    return of


@pytest.mark.parametrize(
    ("x", "out", "keepdims", "kind"),
    [
        ((3, 2, 5), (3, 1, 5), 1, "exact"),
        ((3, 2, 5), (3, 5), 0, "exact"),
        ((1, 3, 1, 5), (1, 5), 0, "exact"),  # which of the axes of one element goes is all the same
        ((3, 2, 2), (3, 2), 0, "approximate"),
    ],
)
def test_axes_of_a_reduction_are_what_the_shapes_say(x: Shape, out: Shape, keepdims: int, kind: str) -> None:
    """Without their value all axes were taken, whatever the shapes were."""
    of = with_attributes(model("ReduceSum", x, {"axes": (len(x) - len(out) or 1,)}, out), keepdims=keepdims)
    (placed,) = compile_model(of).workload.layers
    assert (placed.layer.kind, placed.layer.operations, placed.layer.also_reads) == (kind, math.prod(x), ("axes",))
    assert math.prod(size for loop, size in placed.layer.loops if loop in placed.layer.output.loops) == math.prod(out)


SCALES = numpy_helper.from_array(np.array([1, 1, 2 / 3], dtype=np.float32), "scales")


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_scales_that_only_a_run_knows_make_an_estimate(mode: str) -> None:
    """4 of 6 elements are made by scales from 2 / 3 to below 5 / 6, each of other places."""
    known = with_attributes(model("Resize", (2, 3, 6), {"": (), "scales": (3,)}, (2, 3, 4), SCALES), mode=mode)
    assert {placed.layer.kind for placed in compile_model(known).workload.layers} == {"exact"}
    assert not onnx2zz.verify(known).mismatches
    of_a_run = with_attributes(model("Resize", (2, 3, 6), {"": (), "scales": (3,)}, (2, 3, 4)), mode=mode)
    of_a_run.graph.input[1].type.tensor_type.elem_type = TensorProto.FLOAT
    assert {placed.layer.kind for placed in compile_model(of_a_run).workload.layers} == {"approximate"}
