"""Views: who reads what through them, and what has to be copied."""

import numpy as np
import onnx

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.ir.interpreter import run
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of, onnxruntime_run
from tests.small_workloads import sources_of

RNG = np.random.default_rng(0)


def node(op: str, inputs: str, outputs: str, **attributes: Attribute) -> onnx.NodeProto:
    return make_node(op, inputs.split(), outputs.split(), **attributes)


def compiled(nodes: list[onnx.NodeProto], x: np.ndarray, outputs: tuple[str, ...], **constants: np.ndarray) -> Compiled:
    return compile_model(model_of(nodes, {"x": x}, constants, outputs, opset=18))


def statuses(result: Compiled) -> dict[str, str]:
    return {fate.outputs[0]: fate.status for fate in result.workload.nodes}


def sources(result: Compiled) -> dict[str, dict[str, tuple[int | str, ...]]]:
    return {placed.node or str(placed.id): dict(placed.sources) for placed in result.workload.layers}


def test_a_residual_has_both_sources() -> None:
    x = distinct(RNG, 1, 3, 6, 7)
    result = compiled(
        [
            node("Relu", "x", "a"),
            node("MaxPool", "a", "b", kernel_shape=[1, 1]),
            node("Exp", "b", "c"),
            node("Add", "a c", "y"),
        ],
        x,
        ("y",),
    )
    assert sources(result)["y"] == {"I": (0,), "W": (1,)}  # Neg and Exp are one chain


def test_concat_of_layers_is_a_view_and_all_of_them_feed_the_reader() -> None:
    x = distinct(RNG, 1, 3, 6, 7)
    nodes = [
        node("Relu", "x", "a"),
        node("Neg", "x", "b"),
        node("Concat", "a b", "c", axis=1),
        node("MaxPool", "c", "y", kernel_shape=[2, 3]),
    ]
    result = compiled(nodes, x, ("y",))
    assert statuses(result)["c"] == "view"
    assert sources(result)["y"]["I"] == (0, 1)
    assert sources_of(result.entries[-1])["I"] == 1


def test_parts_that_change_places_are_all_copied() -> None:
    """A window that rolls over: one layer cannot lie at two offsets, so that the reader reads copies alone."""
    x = distinct(RNG, 1, 5, 6)
    cut = {"one": np.asarray([1]), "end": np.asarray([5]), "zero": np.asarray([0])}
    nodes = [
        node("Exp", "x", "a"),
        node("Slice", "a one end one", "tail"),
        node("Slice", "a zero one one", "head"),
        node("Concat", "tail head", "rolled", axis=1),
        node("ReduceMax", "rolled axes", "y"),
    ]
    result = compiled(nodes, x, ("y",), axes=np.asarray([2]), **cut)
    assert [placed.layer.kind for placed in result.workload.layers] == ["exact", "movement", "movement", "exact"]
    assert sources(result)["y"]["I"] == (1, 2)


def test_edges_pass_through_a_concat_of_single_elements() -> None:
    """A position found on the host, behind a constant: nothing is copied, and whoever picks by it hangs on it."""
    nodes = [
        node("Exp", "x", "a"),
        node("ArgMax", "a", "i", axis=1, keepdims=0),
        node("Concat", "zero i", "position", axis=0),
        node("Cast", "position", "weights", to=1),
        node("MatMul", "weights w", "y"),
    ]
    x, w = distinct(RNG, 1, 6), distinct(RNG, 2, 3)
    result = compiled(nodes, x, ("y",), zero=np.asarray([0]), w=w)
    assert sources(result)["y"]["I"] == (1,)
    assert sources(result)["weights"]["I"] == (0,)


def test_concat_copies_what_no_layer_writes_in_place() -> None:
    """The graph's input, and a layer that another Concat has placed elsewhere."""
    x = distinct(RNG, 1, 3, 6, 7)
    nodes = [
        node("Relu", "x", "a"),
        node("Concat", "a x", "c", axis=1),
        node("Concat", "x a", "d", axis=1),
        node("Mul", "c d", "y"),
    ]
    result = compiled(nodes, x, ("y",))
    layers = {fate.outputs[0]: fate.layers for fate in result.workload.nodes}
    assert (layers["c"], layers["d"]) == ((1,), (2, 3))
    assert [placed.layer.kind for placed in result.workload.layers[1:4]] == ["movement"] * 3
    assert sources(result)["y"] == {"I": (0, 1), "W": (2, 3)}


def test_concats_that_share_one_offset_share_the_tensor() -> None:
    """DenseNet's growing Concats: the first part lies at 0 in all of them."""
    x = distinct(RNG, 1, 3, 6, 7)
    nodes = [
        node("Relu", "x", "a"),
        node("Neg", "x", "b"),
        node("Concat", "a b", "c", axis=1),
        node("Exp", "x", "d"),
        node("Concat", "a b d", "e", axis=1),
        node("MaxPool", "c", "p", kernel_shape=[2, 2]),
    ]
    result = compiled(nodes, x, ("p", "e"))
    assert (statuses(result)["c"], statuses(result)["e"]) == ("view", "view")


def test_parts_are_placed_with_their_layer() -> None:
    """C2f: both halves of a Split and what follows go into one Concat, nothing is copied."""
    x = distinct(RNG, 1, 4, 6, 7)
    nodes = [
        node("Relu", "x", "a"),
        node("Split", "a", "p q", axis=1, num_outputs=2),
        node("MaxPool", "q", "m", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Concat", "p q m", "c", axis=1),
        node("Neg", "c", "y"),
    ]
    result = compiled(nodes, x, ("y",))
    assert (statuses(result)["p"], statuses(result)["c"]) == ("view", "view")
    assert sources(result) == {
        "a": {"I": ("input:x",), "W": ("const",)},
        "m": {"I": (0,), "W": ("const",)},
        "y": {"I": (0, 1), "W": ("const",)},
    }


def test_a_part_that_leaves_the_graph_is_copied() -> None:
    x = distinct(RNG, 1, 4, 6, 7)
    nodes = [node("Relu", "x", "a"), node("Split", "a", "p q", axis=1, num_outputs=2), node("Neg", "q", "y")]
    result = compiled(nodes, x, ("p", "y"))
    assert statuses(result)["p"] == "lowered"
    assert sources(result)["y"]["I"] == (0,)


def test_transpose_is_free_for_a_reader_that_walks_it() -> None:
    x = distinct(RNG, 2, 5, 3)
    nodes = [node("Relu", "x", "a"), node("Transpose", "a", "t", perm=[0, 2, 1]), node("MatMul", "t a", "y")]
    result = compiled(nodes, x, ("y",))
    assert statuses(result)["t"] == "view"


def test_channel_shuffle_moves_data() -> None:
    x = distinct(RNG, 1, 6, 4, 5)
    nodes = [
        node("Relu", "x", "a"),
        node("Reshape", "a s", "r"),
        node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "t u", "v"),
        node("Neg", "v", "y"),
    ]
    result = compiled(nodes, x, ("y",), s=np.array([1, 2, 3, 4, 5]), u=np.array([1, 6, 4, 5]))
    assert statuses(result) == {"a": "lowered", "r": "view", "t": "lowered", "v": "view", "y": "fused"}


def test_a_transposed_output_of_the_graph_is_materialised() -> None:
    result = compiled([node("Relu", "x", "a"), node("Transpose", "a", "t", perm=[1, 0])], distinct(RNG, 4, 5), ("t",))
    assert statuses(result)["t"] == "lowered"


def test_grouped_queries_read_each_key_once() -> None:
    """K is expanded to every query head; the product's loops are cut so that K moves with the stored heads only."""
    batch, heads, repeats, keys, queries, depth = 2, 3, 4, 5, 7, 6
    x, k = distinct(RNG, batch, heads * repeats, queries, depth), distinct(RNG, batch, heads, keys, depth)
    nodes = [
        node("Unsqueeze", "k axis", "u"),
        node("Expand", "u expanded", "e"),
        node("Reshape", "e merged", "m"),
        node("Transpose", "m", "t", perm=[0, 1, 3, 2]),
        node("MatMul", "x t", "y"),
    ]
    constants = {
        "axis": np.array([2]),
        "expanded": np.array([batch, heads, repeats, keys, depth]),
        "merged": np.array([batch, heads * repeats, keys, depth]),
    }
    model = model_of(nodes, {"x": x, "k": k}, constants, ("y",))
    (placed,) = compile_model(model).workload.layers
    layer = placed.layer
    assert layer.macs == batch * heads * repeats * queries * keys * depth
    assert {access.tensor: access.volume(layer.sizes) for access in layer.inputs} == {"x": x.size, "u": k.size}
    expected = onnxruntime_run(model, {"x": x, "k": k})["y"]
    np.testing.assert_allclose(run(layer, {"x": x, "u": k[:, :, None]}), expected, 1e-4, 1e-5)


def test_a_transpose_is_paid_for_by_whoever_reads_what_rides_behind_it() -> None:
    """Relu rides, so its readers read the layer before the Transpose: here one that cannot walk it as it is stored."""
    x = distinct(RNG, 2, 5, 3)
    nodes = [
        node("MaxPool", "x", "a", kernel_shape=[1]),
        node("Transpose", "a", "t", perm=[0, 2, 1]),
        node("Relu", "t", "r"),
        node("Reshape", "r flat", "f"),
        node("Gemm", "f w", "y"),
    ]
    result = compiled(nodes, x, ("y",), flat=np.array([2, 15]), w=distinct(RNG, 15, 4))
    assert statuses(result)["t"] == "lowered"


def test_repeats_are_cut_in_what_steps_read_too() -> None:
    """Rows that are stored rows times repetitions: the bias has one value per row, so its loop is cut as well."""
    stored, repeats, depth, columns = 2, 3, 5, 4
    x = distinct(RNG, stored, depth)
    nodes = [
        node("Unsqueeze", "x axis", "u"),
        node("Expand", "u expanded", "e"),
        node("Reshape", "e merged", "m"),
        node("Gemm", "m w bias", "y"),
    ]
    constants = {
        "axis": np.array([1]),
        "expanded": np.array([stored, repeats, depth]),
        "merged": np.array([stored * repeats, depth]),
        "w": distinct(RNG, depth, columns),
        "bias": distinct(RNG, stored * repeats, columns),
    }
    model = model_of(nodes, {"x": x}, constants, ("y",))
    (placed,) = compile_model(model).workload.layers
    assert placed.layer.inputs[0].volume(placed.layer.sizes) == x.size
    expected = onnxruntime_run(model, {"x": x})["y"]
    np.testing.assert_allclose(run(placed.layer, {"u": x[:, None], **constants}), expected, 1e-4, 1e-5)


def test_a_part_keeps_its_source_when_its_sibling_leaves() -> None:
    """The first part is read by a layer, the second is copied: for the graph's output, or for the host."""
    x = distinct(RNG, 1, 5, 6, 7)
    cut = [node("MaxPool", "x", "a", kernel_shape=[1, 1]), node("Split", "a s", "p q", axis=1)]
    read = [node("MaxPool", "p", "y", kernel_shape=[2, 3])]
    host = [node("TopK", "q k", "t i", axis=3)]
    for nodes, outputs in ((cut + read, ("q", "y")), (cut + host + read, ("t", "y"))):
        result = compiled(nodes, x, outputs, s=np.array([2, 3]), k=np.array([4]))
        assert sources(result)["y"]["I"] == (0,)
        assert statuses(result)["p"] == "lowered"


def test_rows_picked_from_a_concat_come_from_all_its_inputs() -> None:
    x, z = distinct(RNG, 3, 4), distinct(RNG, 5, 4)
    nodes = [node("Concat", "x z", "c", axis=0), node("Gather", "c rows", "y", axis=0)]
    model = model_of(nodes, {"x": x, "z": z}, {"rows": np.array([6, 0, 1])}, ("y",))
    result = compile_model(model)
    assert [placed.layer.kind for placed in result.workload.layers] == ["movement"] * 3
    assert result.workload.layers[-1].sources["I"] == (0, 1)


def test_a_part_of_what_is_expanded_is_read_where_it_is_stored() -> None:
    """The part begins behind the first stored row: the read keeps that beginning."""
    rows, repeats, depth = 5, 3, 4
    x = distinct(RNG, rows, depth)
    nodes = [
        node("Unsqueeze", "x axis", "u"),
        node("Expand", "u expanded", "e"),
        node("Slice", "e two four axis", "p"),
        node("Reshape", "p merged", "m"),
        node("Gemm", "m w", "y"),
    ]
    constants = {
        "axis": np.array([0]),
        "expanded": np.array([repeats, rows, depth]),
        "two": np.array([1]),
        "four": np.array([3]),
        "merged": np.array([2 * rows, depth]),
        "w": distinct(RNG, depth, 6),
    }
    (placed,) = compile_model(model_of(nodes, {"x": x}, constants, ("y",))).workload.layers
    assert placed.layer.inputs[0].volume(placed.layer.sizes) == x.size
    expected = onnxruntime_run(model_of(nodes, {"x": x}, constants, ("y",)), {"x": x})["y"]
    np.testing.assert_allclose(run(placed.layer, {"u": x[None], **constants}), expected, 1e-4, 1e-5)


def test_a_view_is_decided_once_however_long_the_chain_behind_it() -> None:
    """2,000 parts of parts, and as many transposes: each is asked about once, so that time grows with the graph."""
    x = distinct(RNG, 2, 3)
    turned = [node("Transpose", f"t{i}", f"t{i + 1}", perm=[1, 0]) for i in range(2000)]
    parts = [node("Slice", f"t{2000 + i} zero end", f"t{2001 + i}") for i in range(2000)]
    ends = [node("Exp", "x", "t0"), *turned, *parts, node("MaxPool", "r", "y", kernel_shape=[2])]
    nodes = [*ends[:-1], node("Unsqueeze", "t4000 zero", "r"), ends[-1]]
    result = compiled(nodes, x, ("y",), zero=np.array([0]), end=np.array([9]))
    assert set(statuses(result).values()) == {"lowered", "view"}
    assert [placed.node for placed in result.workload.layers] == ["t0", "y"]
