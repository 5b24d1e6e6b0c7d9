"""`auto` takes the better kind of schedule for so many frames, and says what it tried."""

import json
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from tests.json_values import Document
from tests.system.small_systems import evaluated, system_file


def result(folder: Path) -> Document:
    return json.loads((folder / "result.json").read_text())


def test_for_one_frame_auto_is_layers_and_no_pipeline_is_made(tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "a mesh")
    assert evaluated("lenet5", arch, tmp_path / "auto") == 0
    assert evaluated("lenet5", arch, tmp_path / "layers", "--schedule", "layers") == 0
    assert (tmp_path / "auto/schedule.json").read_bytes() == (tmp_path / "layers/schedule.json").read_bytes()
    auto, layers = result(tmp_path / "auto"), result(tmp_path / "layers")
    tried = auto["system"].pop("auto")
    assert [(one["schedule"], one["value"]) for one in tried] == [
        ("layers", layers["total"]["latency_cycles"]),
        ("pipeline", None),
    ]
    assert auto["system"] == layers["system"]


def valued(opt: str, energy: float, time: float) -> float:
    return {"latency": time, "energy": energy, "EDP": energy * time}[opt]


@pytest.mark.parametrize("opt", ["latency", "energy", "EDP"])
def test_for_many_frames_auto_is_no_worse_than_either(opt: str, tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "a row of cores")
    frames = 5
    asked = ("--opt", opt)
    assert evaluated("lenet5", arch, tmp_path / "auto", *asked, "--frames", str(frames)) == 0
    assert evaluated("lenet5", arch, tmp_path / "layers", *asked, "--schedule", "layers") == 0
    flow = ("--schedule", "pipeline", "--frames", str(frames))
    assert evaluated("lenet5", arch, tmp_path / "pipeline", *asked, *flow) == 0
    alone, use = result(tmp_path / "layers")["total"], result(tmp_path / "pipeline")["system"]["pipeline"]
    of_layers = frames * alone["energy_pj"], frames * alone["latency_cycles"]
    of_pipeline = use["all_energy_pj"], use["all_cycles"]
    expected = {kind: valued(opt, *both) for kind, both in (("layers", of_layers), ("pipeline", of_pipeline))}
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
