"""How many cores a network's weights need, and what more cores buy."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.pricing.front import on_front
from onnx2zz.system.improvement import Choice
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.mesh_traffic import MeshTraffic
from onnx2zz.system.pipeline.core_counts import all_stay, over_core_counts, told, used
from onnx2zz.system.pipeline.search import PipelineSearch
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.json_values import Document, load_document
from tests.system.invented_prices import invented
from tests.system.small_systems import system_file
from tests.system.tiny_systems import Tiny, TinyLayer, TinySystem

ROWS, COLUMNS = 2, 3
CHANNELS = 24
WEIGHTS = CHANNELS * CHANNELS * 8
ACTIVATIONS = CHANNELS * ROWS * COLUMNS * 8


def deep(layers: int, cores: int, capacity: int, folder: Path) -> Search:
    """1x1 convolutions of 24 channels, each with 4,608 bits of weights, and 1,152 of what lies between."""
    chain = tuple(TinyLayer("1x1", CHANNELS, ROWS, COLUMNS, CHANNELS) for _ in range(layers))
    system = TinySystem(cores, "mesh", 256, 4096, capacity, served=(0,), offchip_bandwidth=64)
    read = read_system(find_accelerator(str(system.write(folder, "deep"))))
    graph = graph_of_model(compile_model(Tiny(system, chain, 0, 1).model(), name="deep"))
    return Search(read, graph, invented(read, graph, 0, 1), "latency")


@pytest.mark.parametrize(("layers", "cores"), [(4, 5), (5, 7)])
def test_the_fewest_cores_on_which_weights_stay_are_found(layers: int, cores: int, tmp_path: Path) -> None:
    # Each memory has room for one layer's weights, what three frames have between layers, and not for two layers':
    # a core for each layer is enough, but parts of layers may fit fewer.
    capacity = WEIGHTS + 3 * ACTIVATIONS
    assert capacity < 2 * WEIGHTS
    search = deep(layers, cores, capacity, tmp_path)
    found = over_core_counts(search, PipelineSearch(search).best())
    fewest = min(len(used(one)) for one in found if all_stay(one))
    assert math.ceil(layers * WEIGHTS / capacity) <= fewest <= layers
    for one in (one for one in found if len(used(one)) < fewest):
        assert any(sent.operand == "W" and not sent.setup for sent in one.plan.transfers)
    rows = told(found)
    assert [row.cores for row in rows] == sorted(row.cores for row in rows)
    assert all(row.setup_bits == layers * WEIGHTS for row in rows if row.stays)
    assert any(not row.stays for row in rows)
    front = {n for n, row in enumerate(rows) if row.on_front}
    assert front == set(on_front([(row.cores, row.interval_cycles, row.energy_pj) for row in rows]))


def test_points_on_the_front_are_those_that_none_is_better_than() -> None:
    points = [(3, 5), (1, 9), (2, 5), (2, 5), (4, 1), (4, 2), (1, 9.5)]
    beaten = [any(b != a and b[0] <= a[0] and b[1] <= a[1] for b in points) for a in points]
    assert sorted(on_front(points)) == [n for n, is_beaten in enumerate(beaten) if not is_beaten]


def test_one_command_tells_all_numbers_of_cores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arch = system_file(tmp_path / "system", "a row of cores", 330_000)
    options = ["--schedule", "pipeline", "--cores", "any", "--lpf-limit", "3", "-o", str(tmp_path / "out")]
    assert run(["evaluate", "lenet5", "--arch", str(arch), *options]) == 0
    rows = json.loads((tmp_path / "out" / "result.json").read_text())["system"]["core_counts"]
    assert [row["cores"] for row in rows] == [1, 2, 3]
    # 486,720 bits of weights on cores of 330,000.
    assert [row["stays"] for row in rows] == [False, True, True]
    said = capsys.readouterr().out
    assert "all weights stay on 2 cores" in said
    assert f"{rows[1]['interval_cycles']:,.0f}" in said


def test_the_bound_on_the_cores_at_work_is_that_of_a_system_without_the_others(tmp_path: Path) -> None:
    """On the fewest cores, two of three, beside a row of just two."""
    three = system_file(tmp_path / "three", "a row of cores", 330_000)
    two = tmp_path / "three" / "two.yaml"
    two.write_text(three.read_text().replace("mesh: [3, 1]", "mesh: [2, 1]"))
    options = ["--schedule", "pipeline", "--cores", "fewest", "--lpf-limit", "3", "-o", str(tmp_path / "out")]

    def told(arch: Path) -> Document:
        assert run(["evaluate", "lenet5", "--arch", str(arch), *options]) == 0
        return load_document(tmp_path / "out" / "result.json")["system"]["pipeline"]

    of_three, of_two = told(three), told(two)
    assert of_three["own_cores"] == of_two["own_cores"] == 2
    assert of_three["own_bound_cycles"] == of_two["interval_bound_cycles"] > of_three["interval_bound_cycles"]
    assert of_two.get("own_bound_cycles") is None


def test_a_pipeline_at_other_places_that_is_late_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with half the interval and twice the latency, after which the search holds no other."""
    attempt = vars(PipelineSearch)["_try"]
    latencies: list[float] = []

    def places(traffic: MeshTraffic) -> dict[int, int]:
        latencies.append(0.0)
        return {core: core for core in range(4)}

    def tried(of: PipelineSearch, chosen: Choice, batch: int = 1) -> None:
        if not latencies:
            attempt(of, chosen, batch)
            return
        (best,) = of.found
        schedule = best.running.schedule
        slow = replace(schedule, tiles={number: (2 * a, 2 * b) for number, (a, b) in schedule.tiles.items()})
        latencies[:] = [best.running.latency, slow.longest_frame]
        of.found = [replace(best, running=replace(best.running, schedule=slow, period=best.running.period / 2))]

    monkeypatch.setattr("onnx2zz.system.pipeline.search.nearer", places)
    monkeypatch.setattr(PipelineSearch, "_try", tried)
    best = PipelineSearch(deep(3, 4, 3 * WEIGHTS, tmp_path)).best()
    assert best is not None
    before, after = latencies
    assert best.running.latency == before < after


def test_numbers_of_cores_are_for_pipelines_on_cores_that_are_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["-o", str(tmp_path / "out")]
    assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", "--cores", "any", *out]) == 1
    assert "cores is any, and schedule auto" in capsys.readouterr().err
    unlike = tmp_path / "unlike.yaml"
    unlike.write_text(
        "name: unlike\ncores: {[0, 0]: seneca_mram, default: seneca_core}\n"
        "topology: {mesh: [2, 1], bandwidth: 32}\noffchip: {bandwidth: 32}\n"
    )
    options = ["--schedule", "pipeline", "--cores", "any", *out]
    assert run(["evaluate", "lenet5", "--arch", str(unlike), *options]) == 1
    assert "cores differ (seneca_core, seneca_mram)" in capsys.readouterr().err
    assert not (tmp_path / "out" / "result.json").exists()
