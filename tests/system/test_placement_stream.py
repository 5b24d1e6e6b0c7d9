"""Stream's mapping files as placements: cores, dimensions by position in its nodes, and what is not followed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from onnx import TensorProto, helper

import onnx2zz
from onnx2zz.api.system import system_called
from onnx2zz.errors import InputError
from onnx2zz.system.layer_graph import LayerGraph, graph_of_model
from onnx2zz.system.placement import Placed
from onnx2zz.system.placement_file import read_placement
from tests.shared_material import shared

SYSTEM = "seneca_2x2"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def network() -> LayerGraph:
    """A convolution 5 -> 12 of 14 x 6, a grouped one, a pooling, an addition, a product and a Gemm."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="stem", pads=[1, 0, 1, 0]),
        helper.make_node("Conv", ["a", "v"], ["b"], name="grouped", group=4),
        helper.make_node("MaxPool", ["b"], ["c"], name="pool", kernel_shape=[2, 1], strides=[2, 1]),
        helper.make_node("Add", ["c", "c2"], ["d"], name="sum"),
        helper.make_node("MatMul", ["d", "m"], ["e"], name="product"),
        helper.make_node("Flatten", ["e"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "g"], ["y"], name="fc"),
    ]
    shapes = {
        "w": (12, 5, 3, 1),
        "v": (8, 3, 1, 1),
        "m": (6, 10),
        "g": (8 * 7 * 10, 9),
    }
    inputs = {"x": (2, 5, 14, 6), "c2": (2, 8, 7, 6)}
    made = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in {**inputs, **shapes}.items()
    }
    graph = helper.make_graph(
        nodes, "net", list(made.values()), [helper.make_tensor_value_info("y", TensorProto.FLOAT, (2, 9))]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    Path("net.onnx").write_bytes(model.SerializeToString())
    return graph_of_model(onnx2zz.compile("net.onnx"))


def read(text: str, graph: LayerGraph, system: str = SYSTEM) -> tuple[Mapping[str, Placed], list[str]]:
    """By the names of their nodes, and what was told."""
    said: list[str] = []
    Path("m.yaml").write_text(text)
    placed = read_placement(Path("m.yaml"), graph, system_called(system, said.append), said.append)
    return {graph.layers[layer].placed.node: one for layer, one in placed.items()}, said


def entry(name: str, dim: str, parts: int = 2) -> str:
    return f"- {{name: {name}, core_allocation: [[2, 0]], inter_core_tiling: [[{{dim: {dim}, split: {parts}}}]]}}\n"


@pytest.mark.parametrize(
    ("name", "dim", "loop"),
    [
        # Conv runs over b, ox, oy, fx, fy, c, k and, where it is grouped, g
        ("stem", "D0", "B"),
        ("stem", "D1", "OX"),
        ("stem", "D2", "OY"),
        ("stem", "D6", "K"),
        ("grouped", "D6", "K"),
        ("grouped", "D7", "G"),
        # MaxPool over b, k, oy, ox; an element-wise node over its output's axes
        ("pool", "D1", "G"),
        ("pool", "D2", "OY"),
        ("pool", "D3", "OX"),
        ("sum", "D2", "OY"),
        # Gemm over m, k, n, where k is summed; MatMul over its batches, m, n, k
        ("fc", "D2", "K"),
    ],
)
def test_a_dimension_is_a_position_in_streams_node(name: str, dim: str, loop: str) -> None:
    placed, said = read("layers:\n" + entry(name, dim), network())
    assert placed == {name: Placed((2, 0), ((loop, 2),))}
    assert said == []


def test_the_positions_of_a_product_are_the_axes_of_its_output() -> None:
    graph = network()
    product = next(told for told in graph.layers if told.placed.node == "product")
    for position, axis in enumerate(product.placed.layer.output.axes):
        loops = {loop for loop, _ in axis.terms}
        placed, _ = read("layers:\n" + entry("product", f"D{position}"), graph)
        ((loop, parts),) = placed["product"].split
        assert loop in loops and parts == 2


@pytest.mark.parametrize(
    ("name", "dim"), [("stem", "D5"), ("stem", "D3"), ("fc", "D1"), ("pool", "D4"), ("stem", "D7")]
)
def test_what_is_summed_cannot_be_cut_and_the_layer_is_placed_by_the_search(name: str, dim: str) -> None:
    placed, said = read("layers:\n" + entry(name, dim), network())
    assert placed == {}
    assert len(said) == 1 and said[0].startswith("note: m.yaml:2: ")
    assert f"is placed by the search, since it has no {dim} that could be cut" in said[0]


def test_an_operator_stands_for_all_its_nodes_and_the_first_that_fits_holds() -> None:
    placed, said = read("layers:\n" + entry("Conv", "D2") + entry("stem", "D1") + entry("Softmax", "D1"), network())
    assert placed == dict.fromkeys(("stem", "grouped"), Placed((2, 0), (("OY", 2),)))
    assert said == ["note: m.yaml: no layer stands for stem, Softmax"]


def test_in_the_form_of_before_a_node_goes_before_its_operator_and_default_comes_last() -> None:
    text = """
- {name: default, core_allocation: [1], core_allocation_is_fixed: true}
- {name: Conv, core_allocation: [0, 1, 2, 3], inter_core_tiling: ["OY, *"], intra_core_tiling: ["D, all"]}
- {name: stem, core_allocation: [0, 3], inter_core_tiling: ["K, 2"]}
- {name: MaxPool, core_allocation: [0, 1, 2, 3], inter_core_tiling: ["K, *"]}
"""
    placed, said = read(text, network())
    assert placed == {
        "stem": Placed((0, 3), (("K", 2),)),
        "grouped": Placed((0, 1, 2, 3), (("OY", 4),)),
        "pool": Placed((0, 1, 2, 3), (("G", 4),)),
        **dict.fromkeys(("sum", "product", "fc"), Placed((1,))),
    }
    assert said == [
        "note: m.yaml: core_allocation_is_fixed is not followed",
        "note: m.yaml: intra_core_tiling is not followed",
    ]


def test_what_is_not_followed_is_told_once() -> None:
    text = "layers:\n" + entry("stem", "D6") + "  kernel: {kwargs: {}}\n"
    text = "fused_groups: [{name: g, layers: [stem]}]\nruntime_args: {}\n" + text.replace("}\n  kernel", ", kernel", 1)
    text = text.replace("]]}, kernel", "]], kernel").replace("{kwargs: {}}\n", "{kwargs: {}}}\n")
    _, said = read(text.replace("]], kernel", "]], kernel"), network())
    assert said == [f"note: m.yaml: {key} is not followed" for key in ("fused_groups", "runtime_args", "kernel")]


def test_several_cores_without_a_split_are_left_to_the_search() -> None:
    placed, said = read("- {name: stem, core_allocation: [0, 1]}\n", network())
    assert placed == {} and "nothing says how it is split over cores 0, 1" in said[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("layers: []\n", "no entries"),
        ("- {core_allocation: [0]}\n", "m.yaml:1: an entry needs a name"),
        ("- {name: Conv}\n", "m.yaml:1: core_allocation is None"),
        ("- {name: Conv, core_allocation: [a]}\n", "core_allocation is"),
        ("- {name: Conv, core_allocation: [0, 1], inter_core_tiling: [K]}\n", "inter_core_tiling holds 'K'"),
        ("layers:\n- {name: Conv, core_allocation: [[0]], inter_core_tiling: [[{dim: 3}]]}\n", "m.yaml:2: inter_core"),
    ],
)
def test_a_file_of_another_form_is_a_sentence(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(text, network())


FILES = ("resnet18_tpu_quad_core", "simba_small", "simba_small_fixed", "tpu_like_quad_core")
QUAD, SIMBA = "tpu_like_quad_core", "simba_small"


@pytest.mark.parametrize(
    ("file", "system", "on"),
    [
        ("resnet18_tpu_quad_core", QUAD, {"Conv": {0, 1, 2, 3}, "MaxPool": {4}, "Add": {5}}),
        ("tpu_like_quad_core", QUAD, {"Conv": {0, 1, 2, 3}, "MaxPool": {4}, "Add": {5}}),
        ("tpu_like_quad_core_resnet18_fixed_split", QUAD, {"MaxPool": {4}, "Add": {5}}),
        ("simba_small", SIMBA, {"Conv": {0, 1, 2, 3}}),
        ("simba_small_fixed", SIMBA, {}),
    ],
)
def test_the_example_files_of_stream_are_read(file: str, system: str, on: Mapping[str, set[int]]) -> None:
    """On ResNet-18, whose nodes they are for."""
    folder = shared("multicore/stream_systems")
    graph = graph_of_model(onnx2zz.compile("resnet18"))
    said: list[str] = []
    called = system_called(str(folder / f"hardware/{system}.yaml"), said.append)
    placed = read_placement(folder / f"mapping/{file}.yaml", graph, called, said.append)
    for told in graph.layers:
        for kind in graph.operators[told.placed.id] & set(on) if told.placed.id in placed else ():
            assert set(placed[told.placed.id].cores) == on[kind]
    kept = [told for told in graph.layers if told.placed.id in placed]
    assert len(kept) + sum("is placed by the search" in one for one in said) >= len(graph.layers) - 1
    assert all(one.startswith("note: ") for one in said)
