"""Places on a mesh: what moves how far, what no placement is below, and how near a search comes to that."""

import json
from itertools import permutations
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.description import System
from onnx2zz.system.mesh_places import nearer
from onnx2zz.system.mesh_traffic import Flow, MeshTraffic
from onnx2zz.system.reading import read_system
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated, system_file

WIDTH, HEIGHT = 3, 2
CORES = WIDTH * HEIGHT
MESH = """
core: seneca_core
topology: {{mesh: [3, 2], bandwidth: 32, duplex: {duplex}}}
offchip: {{bandwidth: 32, at: {at}}}
"""


def mesh(folder: Path, duplex: str, at: str) -> System:
    (folder / "mesh.yaml").write_text(MESH.format(duplex=duplex, at=at))
    return read_system(find_accelerator(str(folder / "mesh.yaml")))


def drawn_flows(rng: np.random.Generator, offchip: int) -> tuple[Flow, ...]:
    found: list[Flow] = []
    for _ in range(int(rng.integers(1, 8))):
        order = [int(core) for core in rng.permutation(CORES)]
        to = tuple(sorted(order[1 : 1 + int(rng.choice([1, 1, 1, 2, 3]))]))
        bits = int(rng.integers(1, 50))
        kind = rng.random()
        if kind < 0.2:
            found.append(Flow(order[0], (offchip,), False, bits))
        else:
            found.append(Flow(order[0] if kind < 0.7 else offchip, to, False, bits))
    return tuple(dict.fromkeys(found))


def steps(one: int, other: int) -> int:
    (y, x), (row, column) = divmod(one, WIDTH), divmod(other, WIDTH)
    return abs(y - row) + abs(x - column)


@pytest.mark.parametrize(("duplex", "at"), [("full", "[[0, 0]]"), ("half", "[[1, 0], [2, 1]]")])
def test_no_placement_is_below_the_bounds_and_the_search_is_near_the_best(duplex: str, at: str, tmp_path: Path) -> None:
    system = mesh(tmp_path, duplex, at)
    assert system.offchip is not None
    ratios: list[float] = []
    for seed in range(12):
        traffic = MeshTraffic(system, drawn_flows(np.random.default_rng(seed), system.offchip.id))
        every = [dict(enumerate(order)) for order in permutations(range(CORES))]
        loads = [traffic.loads(at) for at in every]
        hops = [sum(own.values()) for own in loads]
        assert traffic.least_bit_hops <= min(hops)
        assert traffic.least_busiest <= min(max(own.values(), default=0) for own in loads)
        found = nearer(traffic)
        assert sorted(found.values()) == list(range(CORES))
        reached = sum(traffic.loads(found).values())
        assert min(hops) <= reached <= hops[0] * 1.02
        ratios.append(reached / min(hops) if min(hops) else 1.0)
    assert median(ratios) <= 1.02


def test_two_that_talk_alone_come_to_lie_side_by_side(tmp_path: Path) -> None:
    system = mesh(tmp_path, "full", "[[0, 0]]")
    assert system.offchip is not None
    traffic = MeshTraffic(system, (Flow(0, (5,), False, 7), Flow(system.offchip.id, (4,), False, 9)))
    found = nearer(traffic)
    assert steps(found[0], found[5]) == 1
    assert found[4] == 0
    assert sum(traffic.loads(found).values()) == 7 == traffic.least_bit_hops
    # As they are numbered: three steps for 7 bits, two for 9.
    assert sum(traffic.loads(traffic.as_it_is).values()) == 7 * 3 + 9 * 2
    assert max(traffic.loads(traffic.as_it_is).values()) == 9 + 7


def test_what_moves_is_told_of_a_schedule(tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "a port at two corners")
    assert evaluated("lenet5", arch, tmp_path / "out", "--schedule", "pipeline") == 0
    assert faults_in(tmp_path / "out") == []
    system = json.loads((tmp_path / "out" / "result.json").read_text())["system"]
    told = system["placement"]
    links = {link["id"]: link["bits"] for link in system["links"] if link["id"] != "port"}
    assert told["bit_hops"] == sum(links.values()) == system["noc_bit_hops"]
    assert told["busiest_link_bits"] == max(links.values())
    assert 0 < told["least_bit_hops"] <= told["bit_hops"]
    assert 0 < told["least_busiest_link_bits"] <= told["busiest_link_bits"]
