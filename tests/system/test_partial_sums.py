"""Layers whose sums are cut: partial sums travel at their own width, one tile adds them, and the numbers are right."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import onnx2zz
from onnx2zz.pricing.result import LayerResult
from onnx2zz.system.layer_graph import graph_of_model
from tests.json_values import Document
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults_in
from tests.system.drawn_models import Drawn, chains, of_drawn
from tests.system.small_systems import evaluated, system_file
from tests.system.test_schedule_json import TOLD_WHOLE, steps_over_nothing, the_judges_verdict

CORES = {"a mesh": 4, "a row of cores": 3, "nothing off the chip": 2, "one core with a memory": 1}
SUMMED = ("C", "FX", "FY")


def placed(
    model: str | onnx.ModelProto, system: str, folder: Path, placement: Document, bits: int | None = None
) -> int:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "placement.yaml").write_text(yaml.safe_dump(placement, sort_keys=False))
    path = system_file(folder / "system", system, bits)
    return evaluated(model, path, folder, "--placement", str(folder / "placement.yaml"))


def product(rows: int, inputs: int, outputs: int) -> onnx.ModelProto:
    rng = np.random.default_rng(3)
    node = make_node("Gemm", ["x", "w"], ["y"], "fc")
    return model_of([node], {"x": distinct(rng, rows, inputs)}, {"w": distinct(rng, inputs, outputs)}, ["y"])


@st.composite
def placements(draw: st.DrawFn, drawn: Drawn, cores: int) -> Document:
    """Some of the layers that sum, each with its sum cut and perhaps its outputs, over cores and in turns."""
    found: Document = {}
    for told in graph_of_model(drawn.compiled).layers:
        layer = told.placed.layer
        summed = [loop for loop in SUMMED if layer.reduce == "sum" and layer.sizes.get(loop, 1) > 1]
        written = [loop for loop, size in layer.loops if size > 1 and loop in layer.output.loops]
        if not summed:
            continue
        split: dict[str, int] = {}
        turns: dict[str, int] = {}
        for loop in draw(st.permutations([*summed, *written[:2]])):
            at_once = draw(st.integers(1, min(layer.sizes[loop], cores // max(1, int(np.prod(list(split.values())))))))
            split |= {loop: at_once} if at_once > 1 else {}
            most = layer.sizes[loop] // at_once
            turns |= {loop: draw(st.integers(2, most))} if most > 1 and draw(st.integers(0, 3)) == 0 else {}
        used = int(np.prod(list(split.values()), dtype=int))
        found[told.placed.name] = {"cores": draw(st.permutations(range(cores)))[:used], "split": split, "turns": turns}
    return found


def check_drawn(data: st.DataObject, folder: Path) -> None:
    drawn: Drawn = data.draw(chains(between=False, work=TOLD_WHOLE))
    system = data.draw(st.sampled_from(sorted(CORES)))
    placement = data.draw(placements(drawn, CORES[system]))
    if not placement:
        return
    assert placed(drawn.model, system, folder, placement) == 0
    schedule = json.loads((folder / "schedule.json").read_text())
    assert faults_in(folder) == []
    assert not steps_over_nothing(folder) or the_judges_verdict(folder) in (None, 0)
    names = [told.placed.name for told in graph_of_model(drawn.compiled).layers]
    for name, own in placement.items():
        parts = [own["split"].get(loop, 1) * own["turns"].get(loop, 1) for loop in SUMMED]
        adders = [one for one in schedule["tiles"] if one["layer"] == names.index(name) and "adds" in one]
        assert all(len(one["adds"]) == np.prod(parts) - 1 for one in adders)
        assert bool(adders) == (np.prod(parts) > 1)
    assert onnx2zz.verify_schedule(drawn.model, folder).ok


@of_drawn(12)
@given(data=st.data())
def test_drawn_layers_with_cut_sums_are_scheduled_without_a_fault_and_compute_what_they_should(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


@pytest.mark.long
@of_drawn(150)
@given(data=st.data())
def test_many_drawn_layers_with_cut_sums_are_scheduled_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


def test_a_cut_sum_costs_its_parts_and_the_additions_as_evaluate_prices_them(tmp_path: Path) -> None:
    """30 inputs in three parts of 10, sums of 16 bit: the parts as products of their own, whose outputs stay 16 bit
    wide, and two additions of 5 x 14 sums."""
    assert placed(product(5, 30, 14), "a row of cores", tmp_path, {"fc": {"cores": [2, 0, 1], "split": {"C": 3}}}) == 0
    schedule = json.loads((tmp_path / "schedule.json").read_text())
    (whole,) = yaml.safe_load((tmp_path / "workload.yaml").read_text())
    width = whole["operand_precision"]["O"]
    part = {**whole, "loop_sizes": [10 if loop == "C" else size for loop, size in _loops(whole)]}
    part["operand_precision"] = {**whole["operand_precision"], "O_final": width}
    addition = {
        **whole,
        "id": 1,
        "operator_type": "Add",
        "equation": "O[b][k]=W[b][k]+I[b][k]",
        "loop_dims": ["B", "K"],
        "loop_sizes": [5, 14],
        "operand_precision": dict.fromkeys(("W", "I", "O", "O_final"), width),
        "operand_source": {"W": 1, "I": 1},
    }
    (tmp_path / "parts.yaml").write_text(yaml.safe_dump([part, addition]))
    core = tmp_path / "system" / "core.yaml"
    alone = onnx2zz.evaluate(
        tmp_path / "parts.yaml", core, mapping="seneca_core", output=tmp_path / "alone", lpf_limit=3, cache=False
    )
    (own_cycles, own_energy), (cycles, energy) = map(price_of, alone.layers)
    (adder,) = [tile for tile in schedule["tiles"] if tile.get("adds")]
    others = [tile for tile in schedule["tiles"] if tile.get("partial")]
    assert [tile["end"] - tile["start"] for tile in others] == [own_cycles] * 2
    assert adder["end"] - adder["start"] == own_cycles + 2 * cycles
    assert adder["energy_pj"] == own_energy + 2 * energy
    assert [one["bits"] for one in schedule["transfers"] if one.get("partial")] == [5 * 14 * width] * 2
    # It adds no sooner than all have come, and is not idle before: its own part is done by then.
    last = max(one["end"] for one in schedule["transfers"] if one.get("partial"))
    assert adder["end"] - 2 * cycles >= last > adder["start"]


def price_of(layer: LayerResult) -> tuple[float, float]:
    assert layer.latency_cycles is not None and layer.energy_pj is not None
    return layer.latency_cycles, layer.energy_pj


def _loops(entry: Document) -> list[tuple[str, int]]:
    return list(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))


def test_a_sum_that_does_not_fit_a_core_is_made_in_turns(tmp_path: Path) -> None:
    """A row of 640 inputs and one output's weights are 10,240 bit: more than the memory."""
    path = system_file(tmp_path / "system", "one core with a memory", 10_000)
    assert evaluated(product(3, 640, 7), path, tmp_path) == 0
    assert faults_in(tmp_path) == []
    schedule = json.loads((tmp_path / "schedule.json").read_text())
    assert any(tile.get("adds") for tile in schedule["tiles"])
    assert onnx2zz.verify_schedule(str(tmp_path / "drawn.onnx"), tmp_path).ok


def test_few_outputs_are_shared_out_along_their_sum(tmp_path: Path) -> None:
    """Two outputs leave two of four cores idle, unless their sums are cut."""
    assert evaluated(product(1, 4_000, 2), system_file(tmp_path / "system", "nothing off the chip"), tmp_path) == 0
    assert faults_in(tmp_path) == []
    schedule = json.loads((tmp_path / "schedule.json").read_text())
    whole = onnx2zz.evaluate(
        str(tmp_path / "drawn.onnx"),
        tmp_path / "system" / "core.yaml",
        mapping="seneca_core",
        output=tmp_path / "alone",
        lpf_limit=3,
        cache=False,
    )
    assert {tile["core"] for tile in schedule["tiles"]} == {0, 1}
    assert schedule["total"]["latency_cycles"] < 0.6 * whole.total.latency_cycles


def test_a_pipeline_adds_partial_sums_in_every_frame(tmp_path: Path) -> None:
    placement = {"fc": {"cores": [2, 0, 1], "split": {"C": 3}}}
    (tmp_path / "placement.yaml").write_text(yaml.safe_dump(placement))
    path = system_file(tmp_path / "system", "a row of cores")
    options = ["--placement", str(tmp_path / "placement.yaml"), "--schedule", "pipeline", "--frames", "3"]
    assert evaluated(product(5, 30, 14), path, tmp_path, *options) == 0
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)
    schedule = json.loads((tmp_path / "schedule.json").read_text())
    assert [one["frame"] for one in schedule["tiles"] if one.get("adds")] == [0, 1, 2]
