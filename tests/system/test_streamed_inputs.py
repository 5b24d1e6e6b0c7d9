"""Inputs that come in over the network of a chip, past the memory that lies off it."""

import json
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.reading import read_system
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated
from tests.system.test_schedule_json import the_judges_verdict

PLAIN = """
name: streamed
core: seneca_core
mapping: seneca_core
topology: {mesh: [3, 2], bandwidth: 32, energy_per_bit: 0.25, flit: 32, header_flits: 1}
offchip: {bandwidth: 16, read_pj_per_bit: 3, write_pj_per_bit: 5, energy_per_bit: 0.5}
"""
STREAMED = PLAIN + "inputs: {at: [[2, 1]], bandwidth: 8, energy_per_bit: 0.125}\n"
IMAGE, WEIGHTS, RESULT = 32 * 32 * 8, (6 * 25 + 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10) * 8, 10 * 8


@pytest.mark.parametrize("kind", ["layers", "pipeline"])
def test_inputs_enter_where_they_are_said_to_and_no_memory_is_read_for_them(kind: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(STREAMED)
    assert evaluated("lenet5", tmp_path / "s.yaml", tmp_path / "out", "--schedule", kind) == 0
    schedule = json.loads((tmp_path / "out" / "schedule.json").read_text())
    system = json.loads((tmp_path / "out" / "result.json").read_text())["system"]
    inputs = [one for one in schedule["transfers"] if one.get("operand") == "I" and one["layer"] == 0]
    assert inputs
    assert {one["links"][0] for one in inputs} == {"inputs"}
    assert all("inputs" not in one["links"] for one in schedule["transfers"] if one not in inputs)
    carried = {link["id"]: link["bits"] for link in system["links"]}
    assert carried["inputs"] >= IMAGE
    read = RESULT if kind == "pipeline" else RESULT + WEIGHTS
    assert carried["port"] >= read
    assert carried["inputs"] + carried["port"] == system["offchip_bits"]
    stream = next(link for link in schedule["links"] if link["id"] == "inputs")
    assert stream["nodes"] == [5, schedule["offchip"]]
    assert system["energy"]["offchip_pj"] == pytest.approx((carried["port"] - RESULT) * 3 + RESULT * 5)
    if kind == "layers":
        assert schedule["bounds"]["latency_cycles"] >= max((WEIGHTS + RESULT) / 16, IMAGE / 8)
    assert faults_in(tmp_path / "out") == []
    assert the_judges_verdict(tmp_path / "out") in (None, 0)
    assert run(["verify", "lenet5", "--schedule", str(tmp_path / "out")]) == 0


def test_the_slower_way_in_binds(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(STREAMED.replace("bandwidth: 8", "bandwidth: 0.125"))
    assert evaluated("lenet5", tmp_path / "s.yaml", tmp_path / "out", "--schedule", "pipeline") == 0
    system = json.loads((tmp_path / "out" / "result.json").read_text())["system"]
    assert (system["bound_by"], system["bound_cycles"]) == ("the stream of inputs", IMAGE / 0.125)


def test_the_number_of_the_core_where_inputs_enter_does_not_matter(tmp_path: Path) -> None:
    # The mesh turned by half a turn, port and stream with it.
    turned = STREAMED.replace("offchip: {", "offchip: {at: [[2, 1]], ").replace(
        "at: [[2, 1]], bandwidth: 8", "at: [[0, 0]], bandwidth: 8"
    )
    found: list[float] = []
    for number, text in enumerate((STREAMED, turned)):
        (tmp_path / f"{number}.yaml").write_text(text)
        assert evaluated("lenet5", tmp_path / f"{number}.yaml", tmp_path / str(number), "--schedule", "layers") == 0
        found.append(json.loads((tmp_path / str(number) / "result.json").read_text())["total"]["latency_cycles"])
    assert found[0] == found[1]


def test_what_is_wrong_with_inputs_is_said_at_once(tmp_path: Path) -> None:
    text = PLAIN.replace("offchip:", "clock_mhz: 0\n#") + "inputs:\n  at: [[3, 0]]\n  energy_per_bit: -1\n"
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(InputError) as raised:
        read_system(find_accelerator(str(tmp_path / "s.yaml")))
    told = " ".join(map(str, raised.value.problems))
    for words in ("clock_mhz", "at holds [3, 0]", "energy_per_bit is -1", "inputs has no bandwidth", "has no offchip"):
        assert words in told
