"""Reads of expanded tensors: moved to where the elements are stored, or left alone, never changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step, Table
from onnx2zz.ir.axis import Axis, along, fixed, split, window
from onnx2zz.ir.interpreter import run
from onnx2zz.ir.layer import Layer
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.lowering.repeats import unrepeated
from onnx2zz.proof.verify import verify
from tests.oracle import distinct, model_of

COPY = Step(functions.IDENTITY)


def one_axis(data: st.DataObject, number: int, extent: int) -> tuple[Axis, list[tuple[str, int]]]:
    """How a layer may walk an axis: a loop, part of it backwards or in strides, a window with pads, nothing."""
    name = "ABCDE"[number]
    kind = data.draw(st.sampled_from(["loop", "loop", "step", "window", "two loops", "fixed"]))
    if kind == "loop":
        return along(name, extent), [(name, extent)]
    if kind == "step":
        return along(name, extent, extent - 1, -1), [(name, extent)]
    if kind == "window":
        pad = data.draw(st.integers(0, 2))
        size = max(1, extent + 2 * pad - 1)
        return window(name, f"F{name}", extent, pad=pad), [(name, size), (f"F{name}", 2)]
    if kind == "two loops" and extent % 2 == 0:
        return split(((name, extent // 2), (f"F{name}", 2)), extent), [(name, extent // 2), (f"F{name}", 2)]
    return fixed(extent, data.draw(st.integers(0, extent - 1))), []


@settings(max_examples=200)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.data())
def test_a_read_through_an_expand_reads_the_same_values(shape: list[int], data: st.DataObject) -> None:
    stored = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    axis = data.draw(st.integers(0, len(shape)))
    repeats = data.draw(st.integers(2, 3))
    grown = (*shape[:axis], repeats, *shape[axis:])
    view = np.broadcast_to(np.expand_dims(stored, axis), grown)
    layout: Layout | None = contiguous((*shape[:axis], 1, *shape[axis:])).expanded(grown)
    if axis < len(shape) and data.draw(st.booleans()):
        merged = (*shape[:axis], repeats * shape[axis], *shape[axis + 1 :])
        layout, view = layout.reshaped(merged), view.reshape(merged)
    assert layout is not None
    if data.draw(st.booleans()):
        order = tuple(data.draw(st.permutations(range(view.ndim))))
        layout, view = layout.transposed(order), view.transpose(order)
    walked = [one_axis(data, number, extent) for number, extent in enumerate(view.shape)]
    loops = tuple(loop for _, mine in walked for loop in mine) or (("A", 1),)
    output = Access("y", tuple(along(name, size) for name, size in loops))
    layer = Layer("Add", loops, output, (Access("view", tuple(a for a, _ in walked)),), COPY, pad_value=-7.0)
    found = unrepeated(layer, 0, "stored", stored.size, layout)
    if found is not None:
        expected = run(layer, {"view": view})
        np.testing.assert_array_equal(run(found, {"stored": stored}).reshape(expected.shape), expected)
        assert found.inputs[0].volume(found.sizes) <= stored.size
        assert found.operations == layer.operations


@settings(max_examples=50)
@given(st.integers(2, 4), st.integers(2, 3), st.integers(2, 5), st.booleans())
def test_merged_repeats_are_always_read_where_they_are_stored(
    heads: int, repeats: int, depth: int, inner: bool
) -> None:
    """Query heads that share a key head: heads outside or inside the repetitions."""
    digits = ((repeats, 0), (heads, depth)) if inner else ((heads, depth), (repeats, 0))
    layout = Layout((digits, ((depth, 1),)))
    access = Access("view", (along("H", heads * repeats), along("D", depth)))
    layer = Layer("Add", (("H", heads * repeats), ("D", depth)), Access("y", access.axes), (access,), COPY)
    found = unrepeated(layer, 0, "stored", heads * depth, layout)
    assert found is not None
    assert found.inputs[0].volume(found.sizes) == heads * depth
    stored = np.arange(heads * depth).reshape(heads, depth)
    view = np.concatenate([stored] * repeats) if inner else np.repeat(stored, repeats, axis=0)
    np.testing.assert_array_equal(run(found, {"stored": stored}), run(layer, {"view": view}))


def test_a_loop_that_looks_up_a_table_is_not_cut() -> None:
    access = Access("view", (along("H", 6),))
    step = Step(functions.MUL, Table("H", (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)))
    layer = Layer("Add", (("H", 6),), Access("y", access.axes), (access,), COPY, after=(step,))
    assert unrepeated(layer, 0, "stored", 2, Layout((((2, 1), (3, 0)),))) is None


READERS = {
    "Conv": helper.make_node("Conv", ["e", "w"], ["y"], pads=[1, 2, 1, 2], kernel_shape=[3, 5]),
    "ConvTranspose": helper.make_node("ConvTranspose", ["e", "v"], ["y"], strides=[2, 3], pads=[1, 0, 1, 0]),
    "MaxPool": helper.make_node("MaxPool", ["e"], ["y"], kernel_shape=[3, 2], pads=[1, 1, 1, 0], strides=[2, 1]),
    "AveragePool": helper.make_node("AveragePool", ["e"], ["y"], kernel_shape=[2, 3], pads=[1, 1, 0, 1]),
    "Resize": helper.make_node("Resize", ["e", "", "by"], ["y"], mode="linear"),
    "Gather": helper.make_node("Gather", ["e", "rows"], ["y"], axis=3),
    "DepthToSpace": helper.make_node("DepthToSpace", ["e"], ["y"], blocksize=2),
    "Softmax": helper.make_node("Softmax", ["e"], ["y"], axis=2),
    "Pad": helper.make_node("Pad", ["e", "pads"], ["y"], mode="reflect"),
    "TopK": helper.make_node("TopK", ["e", "k"], ["y", "i"]),
    "ReduceMax": helper.make_node("ReduceMax", ["e"], ["y"]),
}


ANY_RANK = ("Gather", "Softmax", "TopK", "ReduceMax")
FOUR_AXES = [(1, 4, 3, 6), (1, 1, 1, 6), (3, 4, 3, 6)]


@pytest.mark.parametrize(
    ("reader", "out"),
    [(reader, out) for reader in READERS for out in FOUR_AXES] + [(reader, (5, 1, 4, 3, 6)) for reader in ANY_RANK],
)
def test_whatever_reads_an_expand_reads_its_values(reader: str, out: tuple[int, ...]) -> None:
    """An Expand that changes nothing, one that repeats batches, one that adds an axis; onnxruntime is the judge."""
    rng = np.random.default_rng(2)
    constants = {
        "shape": np.asarray(out),
        "w": distinct(rng, 5, 4, 3, 5),
        "v": distinct(rng, 4, 3, 2, 3),
        "by": np.asarray([1.0, 1.0, 2.0, 1.5], np.float32),
        "rows": np.asarray([3, 0, 2]),
        "pads": np.asarray([0, 0, 1, 2, 0, 0, 2, 1]),
        "k": np.asarray([2]),
    }
    nodes = [helper.make_node("Expand", ["x", "shape"], ["e"]), READERS[reader]]
    model = model_of(nodes, {"x": distinct(rng, 1, 4, 3, 6)}, constants, ("y",))
    assert not verify(compile_model(model)).mismatches
