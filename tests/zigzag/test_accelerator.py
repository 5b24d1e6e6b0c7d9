"""Accelerator files: what the array and the top memory offer, and what is wrong with a broken file."""

from pathlib import Path

import pytest
import yaml

from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import ACCELERATORS, find_accelerator, shipped
from onnx2zz.zigzag.accelerator import hardware, load_accelerator
from onnx2zz.zigzag.hardware import ArrayAndPorts, TopPort


def facts(name: str) -> ArrayAndPorts:
    return hardware(load_accelerator(find_accelerator(name).path))


@pytest.mark.parametrize("name", shipped(ACCELERATORS))
def test_every_accelerator_that_ships_loads(name: str) -> None:
    document = yaml.safe_load(shipped(ACCELERATORS)[name].read_text())["operational_array"]
    assert facts(name).array == tuple(zip(document["dimensions"], document["sizes"], strict=True))
    assert facts(name).in_memory == document.get("is_imc", False)


def test_one_port_of_the_dram_serves_everything() -> None:
    assert facts("edge_tpu_like").top_ports == (TopPort(64, frozenset({"I1", "I2", "O"}), "dram"),)
    assert facts("edge_tpu_like").units == 8 * 8 * 4 * 4


def test_each_operand_may_have_a_port_of_its_own() -> None:
    assert facts("gemm_l1").top_ports == (
        TopPort(512, frozenset({"I1"}), "l1"),
        TopPort(512, frozenset({"I2"}), "l1"),
        TopPort(2048, frozenset({"O"}), "l1"),
    )


def test_a_write_port_serves_the_output_and_a_read_port_the_inputs(tmp_path: Path) -> None:
    document = yaml.safe_load(find_accelerator("tpu_like").path.read_text())
    read = {"name": "r_port_1", "type": "read", "bandwidth_min": 64, "bandwidth_max": 96}
    write = {"name": "w_port_1", "type": "write", "bandwidth_min": 64, "bandwidth_max": 48}
    document["memories"]["dram"]["ports"] = [
        read | {"allocation": ["I1, tl", "I2, tl", "O, tl", "O, th"]},
        write | {"allocation": ["I1, fh", "I2, fh", "O, fh", "O, fl"], "bandwidth_min": 48},
    ]
    (tmp_path / "split.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    found = hardware(load_accelerator(tmp_path / "split.yaml"))
    assert found.top_ports == (TopPort(96, frozenset({"I1", "I2"}), "dram"), TopPort(48, frozenset({"O"}), "dram"))


def test_everything_that_the_schema_objects_to_is_said_place_by_place(tmp_path: Path) -> None:
    document = yaml.safe_load(find_accelerator("tpu_like").path.read_text())
    document["memories"]["dram"] |= {"colour": "red", "size": "large"}
    del document["memories"]["sram_2MB"]["ports"], document["memories"]["sram_2MB"]["size"]
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(InputError) as raised:
        load_accelerator(tmp_path / "odd.yaml")
    assert sorted(str(problem).removeprefix(str(tmp_path)) for problem in raised.value.problems) == [
        "/odd.yaml: memories.dram.size: must be of integer type",
        "/odd.yaml: memories.dram: unknown: colour",
        "/odd.yaml: memories.sram_2MB: missing: ports, size",
    ]


def test_what_zigzag_checks_beyond_the_schema_is_said_too(tmp_path: Path) -> None:
    document = yaml.safe_load(find_accelerator("tpu_like").path.read_text())
    document["memories"]["dram"]["served_dimensions"] = ["D1", "D7"]
    document["memories"]["rf_2B"]["ports"][0]["allocation"] = ["O, fl"]
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    with pytest.raises(InputError) as raised:
        load_accelerator(tmp_path / "wrong.yaml")
    assert [problem.what for problem in raised.value.problems] == [
        "Read port given for write direction in rf_2B",
        "Invalid served dimension D7 in memory dram",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nmemories: ]", r"broken.yaml:2: no valid YAML"),
        ("- just\n- a list", r"no accelerator: name, memories or operational_array is missing"),
        ("{name: a, memories: {}, operational_array: 7}", r"operational_array: must be of dict type"),
    ],
)
def test_a_file_that_is_no_accelerator(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "broken.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        load_accelerator(tmp_path / "broken.yaml")
