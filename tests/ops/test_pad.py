"""Pad against onnxruntime: alone in every mode, and taken into the windows of convolutions and pools."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.proof.verify import verify
from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct, model_of, onnxruntime_run, run_layers


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["constant", "reflect", "edge", "wrap"]),
    st.lists(st.integers(3, 4), min_size=1, max_size=5),
    st.data(),
)
def test_modes(mode: str, shape: list[int], data: st.DataObject) -> None:
    """Pads of every sign (what is cut off does not come back when the rest is wrapped around), within one period."""
    low = 0 if mode == "reflect" else -1  # beside a cut onnxruntime mirrors less far
    pads = [data.draw(st.integers(low, shape[i % len(shape)] - 1)) for i in range(2 * len(shape))]
    x = distinct(np.random.default_rng(data.draw(st.integers(0, 99))), *shape)
    constants = {"pads": np.asarray(pads, np.int64), "value": np.asarray(0.75, np.float32)}
    if mode != "constant":
        del constants["value"]
    layers = check_node(helper.make_node("Pad", ["x", *constants], ["y"], mode=mode), {"x": x}, constants, opset=19)
    assert [layer.kind for layer in layers] == ["movement"] * (2 if mode == "wrap" and min(pads) < 0 else 1)
    result = verify(compile_model(model_of([helper.make_node("Pad", ["x", *constants], ["y"], mode=mode)], {"x": x},
                                           constants, ["y"], 19)))  # fmt: skip
    assert result.mismatches == ()


def test_pads_by_attribute_and_by_named_axes() -> None:
    x = distinct(np.random.default_rng(0), 2, 3, 4)
    check_node(helper.make_node("Pad", ["x"], ["y"], pads=[0, 1, 2, 0, 0, 3], value=0.5), {"x": x}, opset=10)
    constants = {"pads": np.asarray([1, 2, 3, 0]), "axes": np.asarray([-1, 1])}
    check_node(helper.make_node("Pad", ["x", "pads", "", "axes"], ["y"]), {"x": x}, constants, opset=21)


def padded_model(
    reader: str, value: float, around: list[int], **attributes: Attribute
) -> tuple[Compiled, dict[str, np.ndarray], np.ndarray]:
    """A Pad and its one reader: what it compiles to, all tensors after its layers, and onnxruntime's output."""
    rng = np.random.default_rng(0)
    x = {"x": distinct(rng, 2, 3, 7, 9)}
    constants = {"pads": np.asarray([0, 0, *around[:2], 0, 0, *around[2:]]), "value": np.asarray(value, np.float32)}
    constants |= {"w": distinct(rng, 4, 3, 2, 3)} if reader == "Conv" else {}
    names = ["padded", "w"] if reader == "Conv" else ["padded"]
    nodes = [
        helper.make_node("Pad", ["x", "pads", "value"], ["padded"]),
        make_node(reader, names, ["y"], **attributes),
    ]
    model = model_of(nodes, x, constants, ["y"])
    compiled = compile_model(model)
    tensors = run_layers([placed.layer for placed in compiled.workload.layers], x | constants)
    return compiled, tensors, onnxruntime_run(model, x)["y"]


EXACT: list[tuple[str, float, list[int], dict[str, Attribute]]] = [
    ("Conv", 0.0, [1, 0, 2, 3], {}),
    ("Conv", 0.0, [1, 2, 0, 1], {"pads": [1, 0, 1, 2], "strides": [2, 1]}),
    ("Conv", 0.0, [1, 2, 2, 1], {"auto_pad": "SAME_LOWER", "strides": [2, 3]}),
    ("Conv", 0.75, [1, 0, 2, 3], {"dilations": [2, 1]}),
    ("MaxPool", 0.0, [0, 1, 1, 2], {"kernel_shape": [3, 2], "strides": [2, 1]}),
    ("MaxPool", -np.inf, [0, 1, 1, 1], {"kernel_shape": [3, 4], "pads": [1, 1, 0, 1]}),
    ("AveragePool", 0.0, [1, 1, 0, 2], {"kernel_shape": [3, 2], "pads": [1, 0, 2, 1]}),
    ("AveragePool", 0.0, [1, 1, 0, 2], {"kernel_shape": [3, 2], "pads": [1, 0, 2, 1], "count_include_pad": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "value", "pads", "attributes"), EXACT)
def test_is_taken_into_the_window_of_its_reader(
    reader: str, value: float, pads: list[int], attributes: dict[str, Attribute]
) -> None:
    compiled, tensors, expected = padded_model(reader, value, pads, **attributes)
    assert [(fate.op, fate.status) for fate in compiled.workload.nodes] == [("Pad", "view"), (reader, "lowered")]
    (placed,) = compiled.workload.layers
    assert placed.sources["I"] == ("input:x",)
    assert placed.layer.inputs[0].volume(placed.layer.sizes) <= 2 * 3 * 7 * 9
    np.testing.assert_allclose(tensors["y"], expected, 1e-4, 1e-5)


@pytest.mark.parametrize(
    ("reader", "value", "attributes"),
    [
        ("Conv", 0.75, {"pads": [1, 0, 1, 0]}),  # beyond the Pad lies 0
        ("MaxPool", 0.0, {"kernel_shape": [3, 2], "pads": [1, 0, 1, 0]}),  # beyond it lies what never wins
        ("MaxPool", 0.0, {"kernel_shape": [3, 2], "strides": [4, 3], "ceil_mode": 1}),
        ("GlobalAveragePool", 0.0, {}),
    ],
)
def test_is_a_layer_where_its_reader_sees_something_else_beyond(
    reader: str, value: float, attributes: dict[str, list[int] | int]
) -> None:
    compiled, tensors, expected = padded_model(reader, value, [1, 0, 1, 2], **attributes)
    assert compiled.workload.nodes[0].status == "lowered"
    np.testing.assert_allclose(tensors["y"], expected, 1e-4, 1e-5)


def test_a_second_reader_or_an_output_keeps_it() -> None:
    rng = np.random.default_rng(0)
    x = {"x": distinct(rng, 1, 3, 5, 4)}
    constants = {"pads": np.asarray([0, 0, 1, 1, 0, 0, 1, 1]), "w": distinct(rng, 2, 3, 3, 3)}
    nodes = [helper.make_node("Pad", ["x", "pads"], ["padded"]), helper.make_node("Conv", ["padded", "w"], ["y"])]
    assert compile_model(model_of(nodes, x, constants, ["y"])).workload.nodes[0].status == "view"
    assert compile_model(model_of(nodes, x, constants, ["y", "padded"])).workload.nodes[0].status == "lowered"
    nodes.append(helper.make_node("Relu", ["padded"], ["z"]))
    assert compile_model(model_of(nodes, x, constants, ["y", "z"])).workload.nodes[0].status == "lowered"


def test_of_nothing_is_a_view() -> None:
    x = {"x": distinct(np.random.default_rng(0), 2, 3)}
    nodes = [helper.make_node("Pad", ["x", "pads"], ["p"]), helper.make_node("Relu", ["p"], ["y"])]
    compiled = compile_model(model_of(nodes, x, {"pads": np.zeros(4, np.int64)}, ["y"]))
    assert [fate.status for fate in compiled.workload.nodes] == ["view", "lowered"]


def test_a_transposed_input_is_still_read_through_the_pad() -> None:
    """The Pad widens axes and moves none, so the convolution takes the Transpose into its access map, too."""
    rng = np.random.default_rng(0)
    constants = {"pads": np.asarray([0, 0, 1, 1, 0, 0, 1, 1]), "w": distinct(rng, 2, 3, 3, 3)}
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Pad", ["t", "pads"], ["padded"]),
        helper.make_node("Conv", ["padded", "w"], ["y"]),
    ]
    compiled = compile_model(model_of(nodes, {"x": distinct(rng, 1, 5, 4, 3)}, constants, ["y"]))
    assert [fate.status for fate in compiled.workload.nodes] == ["view", "view", "lowered"]
