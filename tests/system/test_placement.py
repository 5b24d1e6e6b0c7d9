"""Placement files: what is asked for is what is scheduled, and what cannot be is said with its line."""

import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import onnx2zz
from onnx2zz.api.system import system_called
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.system.layer_graph import LayerGraph, graph_of_entries, graph_of_model
from onnx2zz.system.placement import Placed
from onnx2zz.system.placement_file import read_placement
from tests.json_values import Document
from tests.small_workloads import add, conv, gemm, pool

FAST: Document = {"lpf_limit": 2, "cache": False}
SYSTEM = "seneca_2x2"
NETWORK = [
    conv(7, None, "L0_stem", k=12, c=3, oy=14, ox=6, fy=3, fx=1),
    pool(9, 7, "L1_pool", g=12, oy=7, ox=6, fy=2, fx=1, stride=(2, 1)),
    add(11, (9, 9), "L2_add", g=12, oy=7, ox=6),
    gemm(12, 11, "L3_fc", k=10, c=504),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def lenet() -> LayerGraph:
    return graph_of_model(onnx2zz.compile("lenet5"))


def read(text: str, graph: LayerGraph, system: str = SYSTEM) -> tuple[Mapping[int, Placed], list[str]]:
    said: list[str] = []
    Path("p.yaml").write_text(text)
    return read_placement(Path("p.yaml"), graph, system_called(system, said.append), said.append), said


def faults(text: str, graph: LayerGraph, system: str = SYSTEM) -> list[str]:
    with pytest.raises(InputError) as raised:
        read(text, graph, system)
    return [str(problem) for problem in raised.value.problems]


def tiles_of(folder: Path, layer: int) -> list[dict[str, Any]]:
    document = json.loads((folder / "schedule.json").read_text())
    return [tile for tile in document["tiles"] if tile["layer"] == layer]


def test_layers_run_where_and_as_the_file_says(folder: Path) -> None:
    Path("p.yaml").write_text("""
L0_conv1: {cores: [3, 1, 2, 0], split: {OY: 2, K: 2}, turns: {OX: 2}}
2: {cores: [2]}
""")
    arguments = ["evaluate", "lenet5", "--arch", SYSTEM, "--placement", "p.yaml", "--schedule", "layers", "-o", "o"]
    assert run([*arguments, "--lpf-limit", "2", "--no-cache"]) == 0
    found = {(tile["core"], tuple(sorted(map(str, tile["ranges"].items())))) for tile in tiles_of(folder / "o", 0)}
    # conv1 is 28 x 28 rows and columns of 6 channels: halves of rows and channels, and of columns in two turns
    expected = {
        (core, tuple(sorted(map(str, {"OY": [14 * y, 14], "K": [3 * k, 3], "OX": [14 * x, 14]}.items()))))
        for (y, k), core in zip(product(range(2), range(2)), (3, 1, 2, 0), strict=True)
        for x in range(2)
    }
    assert found == expected
    assert {tile["core"] for tile in tiles_of(folder / "o", 2)} == {2}
    assert all(tiles_of(folder / "o", layer) for layer in range(7))


def test_python_takes_the_file_and_says_it_in_the_result(folder: Path) -> None:
    Path("p.yaml").write_text("conv1: {cores: [1, 2, 3], split: {OX: 3}}\n")
    found = onnx2zz.evaluate("lenet5", SYSTEM, placement="p.yaml", output="o", **FAST)
    assert found.system is not None
    assert (found.system.layers[0].cores, dict(found.system.layers[0].split)) == ((1, 2, 3), {"OX": 3})
    # 28 columns in three parts: 10, 9 and 9
    assert sorted(tile["ranges"]["OX"][1] for tile in tiles_of(folder / "o", 0)) == [9, 9, 10]


def test_names_ids_and_nodes_stand_for_a_layer(lenet: LayerGraph) -> None:
    asked = "cores: [1, 3], split: {K: 2}"
    for name in ("L0_conv1", "0", "conv1"):
        placed, _ = read(f"{name}: {{{asked}}}\n", lenet)
        assert placed == {0: Placed((1, 3), (("K", 2),), None)}, name


def test_ids_are_those_of_a_workload_file() -> None:
    graph = graph_of_entries(NETWORK)
    placed, _ = read("9: {cores: [1, 0], split: {G: 2}, turns: {}}\nL3_fc: {cores: [0]}\n", graph)
    assert placed == {1: Placed((1, 0), (("G", 2),), ()), 3: Placed((0,))}


def test_every_fault_is_said_at_once_with_its_line_and_the_way_out(lenet: LayerGraph) -> None:
    said = faults(
        """
conv7: {cores: [0]}
L0_conv1: {cores: [0, 9], split: {OY: 2}}
L1_pool1: {cores: [0, 0], split: {G: 2}}
L2_conv2: {cores: [0, 1], split: {C: 7}}
L3_pool2: {cores: [0, 1], split: {OZ: 2}}
L4_fc1: {cores: [0, 1, 2], split: {K: 2}}
L5_fc2: {cores: [0, 1], split: {K: 0}}
L6_fc3: {cores: [0, 1], split: {K: 2}, turns: {K: 6}}
0: {core: [0]}
""",
        lenet,
    )
    expected = {
        2: ("there is no layer conv7; did you mean conv", "ONNX nodes do as well"),
        3: ("core 9 is no core of seneca_2x2", "its cores are 0 to 3"),
        4: ("core 0 is named twice", "follow each other"),
        5: ("C has 6 iterations, which make no 7 parts", "say 6 or less"),
        6: ("OZ is no loop of the layer", "cut G 16"),
        7: ("split makes 2 parts, and there are 3 cores", "as many cores"),
        8: ("split cuts K in 0", "1 or more"),
        9: ("K has 10 iterations, which make no 2 parts in 6 turns", "say 5 or less"),
        10: ("0.core is unknown", "there are: cores, split, turns"),
    }
    for line, words in expected.items():
        told = [one for one in said if one.startswith(f"p.yaml:{line}: ")]
        assert told and any(all(word in one for word in words) for one in told), (line, said)
    assert {int(one.split(":")[1]) for one in said} == set(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no mapping of layers to cores"),
        ("L0_conv1: [0, 1]\n", "no mapping of keys to values"),
        ("L0_conv1: {split: {K: 2}}\n", "no cores"),
        ("L0_conv1: {cores: 3}\n", "cores is 3"),
        ("L0_conv1: {cores: [true]}\n", r"cores is \[True\]"),
        ("L0_conv1: {cores: [0, 1], split: K}\n", "split is 'K'"),
        ("L0_conv1: {cores: [4]}\n", "core 4 is the off-chip memory of seneca_2x2"),
        ("L0_conv1: {cores: [0, 1], split: {K: 7}}\n", "K has 6 iterations, which make no 7 parts"),
        ("L0_conv1: {cores: [0]}\nconv1: {cores: [1]}\n", "is placed above"),
        ("L0_conv1: {cores: [0\n", "p.yaml:"),
    ],
)
def test_a_file_of_another_form_is_a_sentence(text: str, words: str, lenet: LayerGraph) -> None:
    with pytest.raises(InputError, match=words):
        read(text, lenet)


def test_a_file_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "lenet5", "--arch", SYSTEM, "--placement", "nowhere.yaml", "-o", "o"]) == 1
    assert "nowhere.yaml" in capsys.readouterr().err and not Path("o").exists()


def test_a_node_of_several_layers_is_placed_layer_by_layer() -> None:
    graph = graph_of_model(onnx2zz.compile("bert_layer"))
    nodes = [told.placed.node for told in graph.layers]
    several = next(node for node in nodes if nodes.count(node) > 1)
    said = faults(yaml.safe_dump({several: {"cores": [0]}}), graph)
    assert "place each by its own name" in said[0] and f"{nodes.count(several)} layers" in said[0]


def test_a_core_that_may_not_run_a_layer_is_said_with_those_that_may(folder: Path) -> None:
    Path("s.yaml").write_text("core: pools\ntopology: {mesh: [2, 1], bandwidth: 32}\n")
    core = yaml.safe_load(system_called(SYSTEM, print).cores[0].accelerator.path.read_text())
    Path("pools.yaml").write_text(yaml.safe_dump({**core, "operator_types": ["Pooling"]}))
    Path("all.yaml").write_text(yaml.safe_dump(core))
    Path("s.yaml").write_text("cores: {[0, 0]: pools, default: all}\ntopology: {mesh: [2, 1], bandwidth: 32}\n")
    said = faults("L0_stem: {cores: [0]}\nL1_pool: {cores: [0]}\n", graph_of_entries(NETWORK), "s.yaml")
    assert said == ["p.yaml:1: core 0 runs Pooling, and no Conv; cores 1 run it"]


def test_only_sums_are_made_in_parts(lenet: LayerGraph) -> None:
    (said,) = faults("L1_pool1: {cores: [0, 1], split: {FY: 2}}", lenet)
    assert "FY is a loop that is reduced over (max), and only sums are made in parts; cut G 6" in said


LOOPS = {"K": 12, "OY": 14, "OX": 6}


@settings(max_examples=30, deadline=None)
@given(
    st.permutations(sorted(LOOPS)).flatmap(
        lambda loops: st.tuples(*(st.tuples(st.just(loop), st.integers(1, LOOPS[loop])) for loop in loops[:2]))
    )
)
def test_a_split_that_is_taken_is_that_of_the_file(split: tuple[tuple[str, int], ...]) -> None:
    """Whatever it is, it takes as many cores as its parts multiply to, and no others are accepted."""
    parts = split[0][1] * split[1][1]
    graph = graph_of_entries(NETWORK)
    file = {"L0_stem": {"cores": list(range(parts)), "split": dict(split)}}
    if parts <= 256:
        placed, _ = read(yaml.safe_dump(file, sort_keys=False), graph, "seneca_16x16")
        assert placed == {0: Placed(tuple(range(parts)), split)}
    file["L0_stem"]["cores"] = list(range(parts + 1))
    assert any("cores" in one for one in faults(yaml.safe_dump(file, sort_keys=False), graph, "seneca_16x16"))
