"""`show`: everything that an accelerator file says of memories and array is there, on a terminal and drawn."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import ACCELERATORS, shipped
from onnx2zz.report.hardware import blocks, size_told, svg

CHIPS = [name for name, path in shipped(ACCELERATORS).items() if "memories" in yaml.safe_load(path.read_text())]


@pytest.mark.parametrize("chip", CHIPS)
def test_every_memory_port_and_cost_is_shown(chip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", chip, "--svg", str(tmp_path / "chip.svg")]) == 0
    said = capsys.readouterr().out
    drawn = "".join(ElementTree.parse(tmp_path / "chip.svg").getroot().itertext())
    document = yaml.safe_load(shipped(ACCELERATORS)[chip].read_text())
    units = 1
    for size in document["operational_array"]["sizes"]:
        units *= size
    for text in (said, drawn):
        assert f"{units:,} unit" in text
        for name, memory in document["memories"].items():
            assert f"{name}: {size_told(memory['size'])}" in text
            if not memory.get("auto_cost_extraction"):
                assert f"read {memory['r_cost']:g} pJ, write {memory['w_cost']:g} pJ" in text
            assert text.count(f"holds {', '.join(memory['operands'])};")
    ports = sum(len(memory["ports"]) for memory in document["memories"].values())
    assert said.count(" bit a cycle)") == ports
    # An operand that two ports of a memory name for one direction uses the last of them.
    used = {
        (name, allocation)
        for name, memory in document["memories"].items()
        for port in memory["ports"]
        for allocation in port.get("allocation", ())
    }
    assert sum(said.count(f" {word}") for word in ("from above", "to below", "from below", "to above")) == len(used)


def test_memories_stand_highest_first_and_say_how_often_they_are_there() -> None:
    document = yaml.safe_load(shipped(ACCELERATORS)["seneca"].read_text())
    titles = [block.title for block in blocks(document)]
    assert titles == [
        "shared_memory: 8 GiB",
        "data_memory: 256 KiB",
        "register_file: 128 B, 8 of them",
        "event_register: 16 B",
        "array: D1 8, 8 units",
    ]


@pytest.mark.parametrize(("bits", "told"), [(3, "3 bit"), (12, "1.5 B"), (1 << 13, "1 KiB"), (3 << 22, "1.5 MiB")])
def test_sizes_are_told_in_units_that_people_read(bits: int, told: str) -> None:
    assert size_told(bits) == told


def test_a_system_shows_each_kind_of_core(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "tpu_like_quad"]) == 0
    said = capsys.readouterr().out
    assert "array: D1 32 x D2 32, 1,024 units" in said


def test_names_are_text(tmp_path: Path) -> None:
    document = {"operational_array": {"dimensions": ["D1"], "sizes": [4]}, "memories": {"<b>&": {"size": 64}}}
    drawn = ElementTree.fromstring(svg("a<script>", document))
    assert "a<script>" in "".join(drawn.itertext()) and "<b>&: 8 B" in "".join(drawn.itertext())


def test_a_file_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "nowhere.yaml"]) == 1
    assert "nowhere.yaml" in capsys.readouterr().err
