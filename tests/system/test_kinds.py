"""`auto` takes the best kind of schedule for so many frames, and says what it tried."""

import json
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from tests.json_values import Document
from tests.system.small_systems import evaluated, system_file


def result(folder: Path) -> Document:
    return json.loads((folder / "result.json").read_text())


@pytest.mark.parametrize(("system", "bits"), [("a mesh", None), ("one core with a memory", 65_000)])
def test_for_one_frame_auto_is_layers_or_fused_and_no_pipeline_is_made(
    system: str, bits: int | None, tmp_path: Path
) -> None:
    arch = system_file(tmp_path / "system", system, bits)
    for kind in ("auto", "layers", "fused"):
        assert evaluated("lenet5", arch, tmp_path / kind, "--schedule", kind) == 0
    auto = result(tmp_path / "auto")
    made = {kind: result(tmp_path / kind) for kind in ("layers", "fused")}
    values = {kind: one["total"]["latency_cycles"] for kind, one in made.items()}
    tried = auto["system"].pop("auto")
    assert [(one["schedule"], one["value"]) for one in tried] == [*values.items(), ("pipeline", None)]
    best = min(values, key=lambda kind: values[kind])
    assert auto["system"] == made[best]["system"]
    assert (tmp_path / "auto/schedule.json").read_bytes() == (tmp_path / best / "schedule.json").read_bytes()


def valued(opt: str, energy: float, time: float) -> float:
    return {"latency": time, "energy": energy, "EDP": energy * time}[opt]


@pytest.mark.parametrize("opt", ["latency", "energy", "EDP"])
def test_for_many_frames_auto_is_no_worse_than_any(opt: str, tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "a row of cores")
    frames = 5
    asked = ("--opt", opt)
    assert evaluated("lenet5", arch, tmp_path / "auto", *asked, "--frames", str(frames)) == 0
    assert evaluated("lenet5", arch, tmp_path / "layers", *asked, "--schedule", "layers") == 0
    flow = ("--schedule", "pipeline", "--frames", str(frames))
    assert evaluated("lenet5", arch, tmp_path / "pipeline", *asked, *flow) == 0
    assert evaluated("lenet5", arch, tmp_path / "fused", *asked, "--schedule", "fused") == 0
    use = result(tmp_path / "pipeline")["system"]["pipeline"]
    expected = {"pipeline": valued(opt, use["all_energy_pj"], use["all_cycles"])}
    for kind in ("layers", "fused"):
        alone = result(tmp_path / kind)["total"]
        expected[kind] = valued(opt, frames * alone["energy_pj"], frames * alone["latency_cycles"])
    tried = {one["schedule"]: one["value"] for one in result(tmp_path / "auto")["system"]["auto"]}
    assert tried == pytest.approx(expected)
    best = min(tried, key=lambda kind: tried[kind])
    assert result(tmp_path / "auto")["system"]["schedule"] == best


def test_the_terminal_says_what_was_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", "--frames", "60", "-o", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Schedule layers: " in said
    assert "Schedule pipeline: taken: " in said
    assert "cycles for 60 frames" in said
