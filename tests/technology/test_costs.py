"""An accelerator's file with other costs: the figures, their sources, and nothing else changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import onnx2zz
from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.yaml_sources import with_sources
from onnx2zz.technology.scaling import energy_factor, node
from onnx2zz.zigzag import cacti_files
from onnx2zz.zigzag.cacti import costs as answers
from tests.cacti_stand_in import costs_of, stand_in
from tests.json_values import Document, load_document

COSTS = ("r_cost", "w_cost", "area")


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stand-in takes the place of the installed CACTI."""
    folder = stand_in(tmp_path / "cacti_master", tmp_path / "trace")
    monkeypatch.setattr(cacti_files, "cacti_folder", lambda: folder)
    answers.cache_clear()
    yield
    answers.cache_clear()


def without_costs(document: Document) -> Document:
    """All that `costs` must leave alone."""
    array = {key: value for key, value in document["operational_array"].items() if not key.startswith("unit_")}
    memories = {
        name: {key: value for key, value in memory.items() if key not in COSTS}
        for name, memory in document["memories"].items()
    }
    return {**document, "operational_array": array, "memories": memories}


def test_every_cost_is_that_of_the_node_and_has_its_source(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    found = onnx2zz.costs("seneca", technology_nm=32, drams={"shared_memory": "ddr3"}, output=file)
    before, after = load_document(find_accelerator("seneca").path), load_document(file)
    assert file.read_text() == found.text
    assert without_costs(before) == without_costs(after)
    assert after["operational_array"]["unit_energy"] == pytest.approx(0.3 * energy_factor(node(45), node(32)))
    for name, width in {"register_file": 16, "data_memory": 128}.items():
        said = costs_of(before["memories"][name]["size"], width)
        memory = after["memories"][name]
        assert [memory[cost] for cost in COSTS] == pytest.approx([said[0], said[1], said[2] * 1e6])
    shared = after["memories"]["shared_memory"]
    port = before["memories"]["shared_memory"]["ports"][0]["bandwidth_max"]
    assert (shared["r_cost"], shared["w_cost"], shared["area"]) == (1300 / 64 * port, 1300 / 64 * port, 0)
    # 16 bytes are less than CACTI can build.
    assert after["memories"]["event_register"] == before["memories"]["event_register"]
    assert list(found.kept) == ["event_register"] and "Cache size must" in found.kept["event_register"]
    shown = {line.split(":")[0].strip(): line for line in file.read_text().splitlines() if " pJ; " in line}
    assert "Horowitz, ISSCC 2014, scaled from 45 nm" in shown["unit_energy"]


def test_the_command_writes_what_the_function_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["costs", "seneca", "--tech", "10", "--unit", "fp16", "--dram", "shared_memory=hbm2"]
    assert run(asked) == 0
    said = capsys.readouterr()
    given = onnx2zz.costs("seneca", technology_nm=10, unit="fp16", drams={"shared_memory": "hbm2"})
    assert said.out == given.text and "event_register keeps its costs" in said.err
    assert len(given.table().rows) == 2 + 3 * 3


def test_all_that_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["costs", "seneca", "--tech", "new", "--unit", "int64", "--dram", "shared_memory=tape"]) == 1
    said = capsys.readouterr().err
    assert "--tech: 'new' is no node" in said and "--unit: there is no 'int64'" in said
    assert "--dram: shared_memory is 'tape'" in said
    assert run(["costs", "seneca", "--tech", "28", "--dram", "shared_memry=ddr3"]) == 1
    assert "no memory shared_memry; did you mean shared_memory" in capsys.readouterr().err
    assert run(["costs", "zigzag:dimc", "--tech", "28"]) == 1
    assert "an array that computes in memory" in capsys.readouterr().err
    assert run(["costs", "seneca", "--tech", "28", "--dram", "shared_memory"]) == 2


def test_memories_that_ask_cacti_do_so_no_more(tmp_path: Path) -> None:
    document = load_document(find_accelerator("zigzag:tpu_like").path)
    document["memories"]["sram_2MB"]["auto_cost_extraction"] = True
    file = tmp_path / "asking.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    found: Document = yaml.safe_load(onnx2zz.costs(file, technology_nm=45).text)
    assert found["memories"]["sram_2MB"]["auto_cost_extraction"] is False


def test_a_source_takes_the_place_of_the_one_before() -> None:
    text = "a:\n  x: 1 # old,\n       # and longer\n  y: 'q#r' # kept\n  z: {u: 2, v: 3}\n"
    told = with_sources(text, "f", {("a", "x"): "new", ("a", "z", "u"): "one", ("a", "z", "v"): "two"})
    assert told == "a:\n  x: 1 # new\n  y: 'q#r' # kept\n  # u: one\n  # v: two\n  z: {u: 2, v: 3}\n"
