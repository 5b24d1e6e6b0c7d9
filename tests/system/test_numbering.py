"""A mesh that is turned or mirrored, with its cores and its port, has the same schedule, told in its own numbers."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.numbering import canonical
from onnx2zz.system.reading import read_system
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated

Place = tuple[int, int]
Told = tuple[float, float, list[float]]
"""Latency, energy, and how long cores are busy."""


def two_convolutions() -> onnx.ModelProto:
    rng = np.random.default_rng(3)
    nodes = [
        make_node("Conv", ["x", "w0"], ["y"], "first", pads=[1, 0, 1, 0]),
        make_node("Conv", ["y", "w1"], ["z"], "second", pads=[0, 1, 0, 1]),
    ]
    weights = {"w0": distinct(rng, 20, 3, 3, 1), "w1": distinct(rng, 9, 20, 1, 3)}
    return model_of(nodes, {"x": np.zeros((1, 3, 11, 6), np.float32)}, weights, ["z"])


def mesh_file(folder: Path, mesh: Place, port: Place, small: Place) -> Path:
    """A mesh of SENECA's cores, one of which has a slower memory."""
    folder.mkdir(parents=True, exist_ok=True)
    core = yaml.safe_load(find_accelerator("seneca_core").path.read_text())
    for way in core["memories"]["data_memory"]["ports"]:
        way["bandwidth_max"] = way["bandwidth_min"]
    (folder / "slower.yaml").write_text(yaml.safe_dump(core, sort_keys=False))
    path = folder / "turned.yaml"
    path.write_text(
        f"name: turned\ncores: {{{list(small)}: slower, default: seneca_core}}\nmapping: seneca_core\n"
        f"topology: {{mesh: {list(mesh)}, bandwidth: 24, energy_per_bit: 0.25, hop_cycles: 1}}\n"
        f"offchip: {{bandwidth: 40, at: [{list(port)}], read_pj_per_bit: 3}}\n"
    )
    return path


def mirrored(mesh: Place, place: Place) -> list[Place]:
    (width, height), (x, y) = mesh, place
    return [(a, b) for a in (x, width - 1 - x) for b in (y, height - 1 - y)]


def told(folder: Path) -> Told:
    assert faults_in(folder) == []
    schedule = json.loads((folder / "schedule.json").read_text())
    total = schedule["total"]
    return total["latency_cycles"], total["energy_pj"], sorted(core["busy_cycles"] for core in schedule["cores"])


def test_a_mirrored_mesh_has_the_same_schedule(tmp_path: Path) -> None:
    mesh = 3, 2
    found: list[Told] = []
    for number, (port, small) in enumerate(zip(mirrored(mesh, (0, 0)), mirrored(mesh, (1, 0)), strict=True)):
        folder = tmp_path / str(number)
        assert evaluated(two_convolutions(), mesh_file(folder / "system", mesh, port, small), folder) == 0
        found.append(told(folder))
    assert found == found[:1] * 4


def test_a_square_mesh_along_its_columns_has_the_same_schedule(tmp_path: Path) -> None:
    found: list[Told] = []
    for number, small in enumerate([(1, 0), (0, 1)]):
        folder = tmp_path / str(number)
        assert evaluated(two_convolutions(), mesh_file(folder / "system", (2, 2), (0, 0), small), folder) == 0
        found.append(told(folder))
    assert found == found[:1] * 2


def test_a_placement_goes_with_the_numbers_of_its_cores(tmp_path: Path) -> None:
    found: list[Told] = []
    for port, (first, second) in {(0, 0): ([0, 1, 2], [3]), (2, 1): ([5, 4, 3], [2])}.items():
        folder = tmp_path / f"{port[0]}"
        folder.mkdir()
        placement = folder / "placement.yaml"
        placement.write_text(f"first: {{cores: {first}, split: {{OY: 3}}}}\nsecond: {{cores: {second}}}\n")
        system = mesh_file(folder / "system", (3, 2), port, (2, 0) if port == (0, 0) else (0, 1))
        assert evaluated(two_convolutions(), system, folder, "--placement", str(placement)) == 0
        found.append(told(folder))
        tiles = json.loads((folder / "schedule.json").read_text())["tiles"]
        assert {tile["core"] for tile in tiles if tile["layer"] == 1} == set(second)
    assert found[0] == found[1]


TOPOLOGIES = ("mesh: [3, 2]", "mesh: [2, 2]", "ring: 5", "bus: 4", "links: [[0, 1], [1, 2], [1, 3]]")


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_of_all_numberings_that_keep_the_links_one_has_the_port_lowest(topology: str, tmp_path: Path) -> None:
    for port in range(4):
        at = [port % int(topology[7]), port // int(topology[7])] if topology.startswith("mesh") else port
        path = tmp_path / "system.yaml"
        joins = f"topology: {{{topology}, bandwidth: 8}}\noffchip: {{bandwidth: 8, at: [{at}]}}"
        path.write_text(f"name: system\ncore: seneca_core\n{joins}\n")
        system = read_system(find_accelerator(str(path)))
        chosen = canonical(system, {})
        joined = {frozenset(link.nodes) for link in system.network.links}
        keeping = [to for to in numberings(sorted(system.by_id)) if moved(joined, to) == joined]
        assert dict(chosen.to) in keeping
        assert chosen.to[port] == min(to[port] for to in keeping)


def numberings(cores: list[int]) -> list[dict[int, int]]:
    return [dict(zip(cores, order, strict=True)) for order in permutations(cores)]


def moved(joined: set[frozenset[int]], to: dict[int, int]) -> set[frozenset[int]]:
    return {frozenset(to[node] for node in nodes) for nodes in joined}
