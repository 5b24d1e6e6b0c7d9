"""Lists that grow in a Loop: a stack of all steps, whose work to compile does not grow with them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import compile_model
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from tests.frontend.whole_graph import check_model
from tests.nodes import make_node
from tests.oracle import distinct, model_of

ROWS, WIDTH = 2, 5


def info(name: str, element: int, shape: list[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def listing(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_sequence_value_info(name, TensorProto.FLOAT, None)


def loop(steps: int, readers: list[onnx.NodeProto], outputs: list[str], looks: bool = False) -> onnx.ModelProto:
    """h = tanh(x[step] + h w), each h put into a list; with `looks` a step adds the list's length, too."""
    nodes = [
        make_node("Gather", ["x", "number"], ["row"], axis=0),
        make_node("MatMul", ["h", "w"], ["product"]),
        make_node("Add", ["row", "product"], ["sum"]),
        make_node("Tanh", ["sum"], ["next"]),
        make_node("SequenceInsert", ["list", "next"], ["longer"]),
        make_node("Identity", ["go"], ["on"]),
    ]
    if looks:
        nodes += [make_node("SequenceLength", ["list"], ["length"]), make_node("Identity", ["length"], ["lengths"])]
    body = helper.make_graph(
        nodes,
        "body",
        [
            info("number", TensorProto.INT64, []), info("go", TensorProto.BOOL, []),
            info("h", TensorProto.FLOAT, [ROWS, WIDTH]), listing("list"),
        ],
        [
            info("on", TensorProto.BOOL, []), info("next", TensorProto.FLOAT, [ROWS, WIDTH]), listing("longer"),
            *([info("lengths", TensorProto.INT64, [])] if looks else []),
        ],
    )  # fmt: skip
    made = ["last", "all", *(["counted"] if looks else [])]
    rng = np.random.default_rng(0)
    constants = {"count": np.asarray(steps), "true": np.asarray(True), "w": distinct(rng, WIDTH, WIDTH)}
    constants |= {"h0": distinct(rng, ROWS, WIDTH), "second": np.asarray(1)}
    whole = [
        make_node("SequenceEmpty", [], ["none"], dtype=TensorProto.FLOAT),
        make_node("Loop", ["count", "true", "h0", "none"], made, "loop", body=body),
        *readers,
    ]
    return model_of(whole, {"x": distinct(rng, steps, ROWS, WIDTH)}, constants, outputs, 18)


def joined(axis: int, new_axis: int) -> list[onnx.NodeProto]:
    return [make_node("ConcatFromSequence", ["all"], ["y"], "join", axis=axis, new_axis=new_axis)]


JOINED = [(0, 0), (1, 0), (-1, 0), (0, 1), (1, 1), (2, 1), (-1, 1)]


@pytest.mark.parametrize(("axis", "new_axis"), JOINED)
def test_joined_along_any_axis(axis: int, new_axis: int) -> None:
    model = loop(4, joined(axis, new_axis), ["y", "last"])
    check_model(model, {"x": onnx_input(model)})


def onnx_input(model: onnx.ModelProto) -> np.ndarray:
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    return distinct(np.random.default_rng(1), *shape)


@pytest.mark.parametrize(
    "readers",
    [
        [make_node("SequenceAt", ["all", "second"], ["y"], "at")],
        [make_node("SequenceErase", ["all", "second"], ["fewer"], "less"),
         make_node("ConcatFromSequence", ["fewer"], ["y"], "join", axis=0)],
        [make_node("SequenceInsert", ["all", "h0", "second"], ["more"], "more"),
         make_node("ConcatFromSequence", ["more"], ["y"], "join", axis=1)],
        [make_node("Identity", ["all"], ["same"], "same"),
         make_node("ConcatFromSequence", ["same"], ["y"], "join", axis=0)],
    ],
    ids=["at", "erase", "insert", "identity"],
)  # fmt: skip
def test_read_by_others(readers: list[onnx.NodeProto]) -> None:
    model = loop(3, readers, ["y"])
    check_model(model, {"x": onnx_input(model)})


def test_a_list_that_a_step_looks_at_stays_one() -> None:
    model = loop(3, joined(0, 0), ["y", "counted"], looks=True)
    check_model(model, {"x": onnx_input(model)})


def test_compiling_does_not_grow_with_the_steps() -> None:
    few, many = (trace(loop(steps, joined(0, 0), ["y"]), Bindings()) for steps in (3, 300))
    assert len(few.nodes) == len(many.nodes)
    assert compile_model(loop(300, joined(0, 0), ["y"])).workload.macs == 300 * ROWS * WIDTH * WIDTH
