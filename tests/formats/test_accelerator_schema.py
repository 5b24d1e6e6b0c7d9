"""The older accelerator format becomes the port-based one, exactly."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.cli.evaluate import evaluate_command
from onnx2zz.errors import InputError
from onnx2zz.files.document import Value, is_mapping
from onnx2zz.formats.accelerator_schema import is_old_schema, to_port_based
from onnx2zz.formats.shipped_files import ACCELERATORS, zigzags
from tests.checks.seed_cases import needs_seed_cases, seed_files
from tests.json_values import Document

DIRECTIONS = {"I1": ("fh", "tl"), "I2": ("fh", "tl"), "O": ("fh", "tl", "fl", "th")}


@needs_seed_cases
def test_the_users_edge_tpu_becomes_the_one_that_zigzag_ships() -> None:
    converted = to_port_based(yaml.safe_load(seed_files(1)[0].read_text()))
    assert converted == yaml.safe_load(zigzags(ACCELERATORS)["edge_tpu_like"].read_text())


@pytest.mark.parametrize("path", zigzags(ACCELERATORS).values(), ids=lambda path: path.stem)
def test_port_based_files_come_back_as_they_are(path: Path) -> None:
    data = yaml.safe_load(path.read_text())
    assert not is_old_schema(data)
    assert to_port_based(data) is data


NO_MINIMUM: dict[str, int] = {}


@st.composite
def old_memories(draw: st.DrawFn) -> Document:
    """A memory of zigzag 3.8.1's format: every direction of every operand on a port of the right kind."""
    operands = draw(st.lists(st.sampled_from(tuple(DIRECTIONS)), min_size=1, max_size=3, unique=True))
    counts = {kind: draw(st.integers(1, 3)) for kind in ("r", "w", "rw")}
    r_bw, w_bw = draw(st.integers(9, 512)), draw(st.integers(9, 512))
    entries: list[dict[str, str]] = []
    for operand in operands:
        kinds = {d: draw(st.sampled_from(("rw", "w" if d.startswith("f") else "r"))) for d in DIRECTIONS[operand]}
        entries.append({d: f"{kind}_port_{draw(st.integers(1, counts[kind]))}" for d, kind in kinds.items()})
    minimum = draw(st.sampled_from((NO_MINIMUM, {"min_r_granularity": 8}, {"min_w_granularity": 4})))
    return {
        "size": 4096, "r_bw": r_bw, "w_bw": w_bw, "r_cost": 1.0, "w_cost": 2.0, "area": 0, "latency": 1,
        **{f"{kind}_port": count for kind, count in counts.items()}, "operands": operands, "ports": entries,
        "served_dimensions": ["D1"], **minimum,
    }  # fmt: skip


def converted(memory: Document) -> Document:
    """A memory in the format of today."""
    found: Value = to_port_based({"memories": {"m": {**memory}}})
    for key in ("memories", "m"):
        assert is_mapping(found)
        found = found[key]
    assert is_mapping(found)
    return {str(name): value for name, value in found.items()}


@given(old_memories())
def test_every_direction_keeps_its_port_and_bandwidth(memory: Document) -> None:
    """The oracle is zigzag 3.8.1 (memory_level.py): write ports have w_bw, all others r_bw."""
    ports = converted(memory)["ports"]
    found = {(a, port["name"]): port for port in ports for a in port["allocation"]}
    for operand, entry in zip(memory["operands"], memory["ports"], strict=True):
        for direction, name in entry.items():
            port = found.pop((f"{operand}, {direction}", name))
            side = "w" if name.startswith("w_") else "r"
            assert port["bandwidth_max"] == memory[f"{side}_bw"]
            assert port["bandwidth_min"] == memory.get(f"min_{side}_granularity", memory[f"{side}_bw"])
            assert port["type"] == {"r": "read", "w": "write", "rw": "read_write"}[name.split("_")[0]]
    assert not found, "ports serve nothing that the older file does not give them"
    assert all(port["allocation"] for port in ports)


def old_memory(**changes: object) -> Document:
    memory = {
        "size": 64, "r_bw": 16, "w_bw": 8, "r_cost": 1, "w_cost": 1, "area": 0, "latency": 1, "r_port": 1, "w_port": 1,
        "rw_port": 0, "operands": ["I1"], "ports": [{"fh": "w_port_1", "tl": "r_port_1"}], "served_dimensions": [],
    }  # fmt: skip
    return {name: value for name, value in {**memory, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rw_port": None}, "memory m: lacks rw_port"),
        ({"operands": ["I1", "O"]}, "memory m: 2 operands, but 1 entries in ports"),
        ({"ports": [{"fh": "in_port_2", "tl": "r_port_1"}]}, "memory m: uses in_port_2"),
        ({"r_bw": "16"}, "memory m: a bandwidth, port number, operand or port has the wrong type"),
    ],
)
def test_what_has_no_equivalent_is_refused_in_a_sentence(changes: Document, words: str) -> None:
    with pytest.raises(InputError, match=words):
        converted(old_memory(**changes))


def test_a_port_that_is_used_and_not_counted_is_there_and_one_that_nothing_uses_is_not() -> None:
    """ZigZag's own eyeriss_like of 2024 counts one read, one write and one read-write port, and uses two and two."""
    entry = {"fh": "w_port_1", "tl": "r_port_1", "fl": "w_port_2", "th": "r_port_2"}
    ports = converted(old_memory(rw_port=1, operands=["O"], ports=[entry]))["ports"]
    found = {port["name"]: (port["type"], port["bandwidth_max"], port["allocation"]) for port in ports}
    assert found == {
        "r_port_1": ("read", 16, ["O, tl"]),
        "r_port_2": ("read", 16, ["O, th"]),
        "w_port_1": ("write", 8, ["O, fh"]),
        "w_port_2": ("write", 8, ["O, fl"]),
    }


def test_a_read_write_port_may_be_spelt_the_other_way_round() -> None:
    """As in the same file: `tl: wr_port_2` beside `fl: rw_port_2`."""
    counts = {"r_port": 0, "w_port": 0, "rw_port": 2}
    swapped = converted(old_memory(**counts, ports=[{"fh": "rw_port_1", "tl": "wr_port_2"}]))
    assert swapped == converted(old_memory(**counts, ports=[{"fh": "rw_port_1", "tl": "rw_port_2"}]))


@needs_seed_cases
@pytest.mark.long
def test_evaluate_prices_the_older_format_as_zigzag_3_8_1_did(tmp_path: Path) -> None:
    """Energies of the user's ResNet-18, layer by layer; latencies changed on purpose in 3.9."""
    accelerator, mapping, workload = seed_files(1)
    truth = json.loads((accelerator.parent / "zigzag-3.8.1.json").read_text())
    arguments = ["--arch", str(accelerator), "--mapping", str(mapping), "--lpf-limit", str(truth["lpf_limit"])]
    result = CliRunner().invoke(evaluate_command, [str(workload), *arguments, "-o", str(tmp_path), "--json", "-"])
    assert "is in the format of zigzag-dse up to 3.8.1" in result.stderr
    energies = {str(layer["id"]): layer["energy_pj"] for layer in json.loads(result.stdout)["layers"]}
    assert energies == {number: pytest.approx(layer["energy_pj"]) for number, layer in truth["layers"].items()}
