"""Pipelines of real evaluations: judged, played, and never slower than one frame after another."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.cli.main import run
from tests.json_values import Document
from tests.proof.networks import residual
from tests.system.checker import Checker, faults_in
from tests.system.drawn_models import Drawn, chains, of_drawn
from tests.system.small_systems import SYSTEMS, evaluated, system_file
from tests.system.test_schedule_json import TOLD_WHOLE, steps_over_nothing, the_judges_verdict

PIPELINE = ("--schedule", "pipeline")
IN_64THS = 1 + 1e-4
"""A transfer of a pipeline may take up to a 64th of a cycle longer."""


def scheduled(folder: Path) -> Document:
    return json.loads((folder / "schedule.json").read_text())


QUICK = ("a mesh", "a bus", "half duplex", "hops and flits", "nothing off the chip", "one core")


@pytest.mark.parametrize(
    "system", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in SYSTEMS]
)
def test_lenet5_runs_as_a_pipeline_without_a_fault(system: str, tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", system)
    assert evaluated("lenet5", arch, tmp_path / "pipeline", *PIPELINE) == 0
    assert evaluated("lenet5", arch, tmp_path / "layers", "--schedule", "layers") == 0
    assert faults_in(tmp_path / "pipeline") == []
    assert the_judges_verdict(tmp_path / "pipeline") in (None, 0)
    pipeline, layers = scheduled(tmp_path / "pipeline"), scheduled(tmp_path / "layers")
    overlap = pipeline["total"]["interval_cycles"] < pipeline["total"]["latency_cycles"]  # and all weights stay
    assert (pipeline["schedule"], pipeline["frames"]) == ("pipeline", 3 if overlap else 1)
    assert pipeline["total"]["interval_cycles"] <= layers["total"]["latency_cycles"] * IN_64THS
    assert pipeline["bounds"]["interval_cycles"] <= pipeline["total"]["interval_cycles"]


def test_weights_that_stay_come_before_the_first_frame_and_are_in_no_total(tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "a mesh")
    assert evaluated("lenet5", arch, tmp_path, *PIPELINE, "--frames", "4") == 0
    schedule, result = scheduled(tmp_path), json.loads((tmp_path / "result.json").read_text())
    setup = [one for one in schedule["transfers"] if one.get("setup")]
    weights = (6 * 25 + 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10) * 8
    use = result["system"]["pipeline"]
    assert sum(one["bits"] for one in setup) >= weights == use["setup_bits"]
    assert use["setup_cycles"] >= weights / 32
    assert result["system"]["offchip_bits"] * 4 == schedule["total"]["offchip_bits"]
    # An image of 32 x 32 bytes comes to each core that reads a row of it, ten bytes leave.
    assert 32 * 32 * 8 + 80 <= result["system"]["offchip_bits"] < 32 * 32 * 8 * 4 + 80
    together = use["setup_cycles"] + result["system"]["latency_cycles"] + 3 * use["interval_cycles"]
    assert use["all_cycles"] == pytest.approx(together)
    assert use["all_energy_pj"] == pytest.approx(use["setup_energy_pj"] + 4 * result["total"]["energy_pj"])


@pytest.mark.parametrize("bits", [330_000, 420_000])
def test_what_does_not_fit_comes_with_every_frame(bits: int, tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "one core with a memory", bits)
    assert evaluated("lenet5", arch, tmp_path, *PIPELINE, "--frames", "3") == 0
    assert faults_in(tmp_path) == []
    brought = [one for one in scheduled(tmp_path)["transfers"] if one.get("operand") == "W"]
    set_up = sum(one["bits"] for one in brought if one.get("setup"))
    reloaded = [one for one in brought if not one.get("setup")]
    assert 0 < set_up < bits
    assert {one["frame"] for one in reloaded} == {0, 1, 2}
    assert set_up + sum(one["bits"] for one in reloaded) / 3 >= 60_840 * 8


@pytest.mark.parametrize(("system", "bits"), [("a ring", None), ("one core with a memory", 330_000)])
def test_a_pipeline_is_played_and_computes_what_onnxruntime_does(system: str, bits: int | None, tmp_path: Path) -> None:
    assert evaluated("lenet5", system_file(tmp_path / "system", system, bits), tmp_path, *PIPELINE) == 0
    assert run(["verify", "lenet5", "--schedule", str(tmp_path)]) == 0


def test_no_mark_is_on_a_link_that_carries_something(tmp_path: Path) -> None:
    # By order alone readers wait for marks of no bits; where links have no hops these once took no time, and lay within
    # what others of a later frame send.
    arch = system_file(tmp_path / "system", "links")
    assert evaluated(residual(), arch, tmp_path, *PIPELINE, "--frames", "4") == 0
    assert any(not one["bits"] for one in scheduled(tmp_path)["transfers"])
    assert faults_in(tmp_path) == []


def check_drawn(data: st.DataObject, folder: Path) -> None:
    drawn: Drawn = data.draw(chains(between=False, work=TOLD_WHOLE))
    system = data.draw(st.sampled_from(sorted(SYSTEMS)))
    bits = data.draw(st.sampled_from((None, 12_000, 24_000)))
    frames = data.draw(st.integers(1, 4))
    arch = system_file(folder / "system", system, bits)
    code = evaluated(drawn.model, arch, folder, *PIPELINE, "--frames", str(frames))
    if not (folder / "schedule.json").exists():
        assert code == 3
        assert bits is not None
        return
    assert code == 0
    assert faults_in(folder) == []
    inputs_only = Checker(*_documents(folder)).inputs_stay
    if steps_over_nothing(folder) and (inputs_only or frames == 1):
        assert the_judges_verdict(folder) in (None, 0)


def _documents(folder: Path) -> tuple[Document, list[Document], Document]:
    import yaml

    workload = yaml.safe_load((folder / "workload.yaml").read_text())
    return scheduled(folder), workload, json.loads((folder / "coverage.json").read_text())


@of_drawn(4)
@given(data=st.data())
def test_drawn_models_run_as_pipelines_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


@pytest.mark.long
@of_drawn(150)
@given(data=st.data())
def test_many_drawn_models_run_as_pipelines_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


# Asked wrongly


def test_frames_are_for_pipelines_and_for_systems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "lenet5", "--arch", "seneca", "--frames", "3", "-o", str(tmp_path)]) == 2
    assert "--frames" in capsys.readouterr().err
    for kind in ("layers", "fused"):
        options = ("--schedule", kind, "--frames", "3")
        assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", *options, "-o", str(tmp_path)]) == 1
        assert f"frames is 3, and schedule {kind} is one frame" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
