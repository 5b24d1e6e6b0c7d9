"""Every cause that running the user's files in combinations showed is named, and nothing else."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from onnx2zz.checks.diagnosis import causes, diagnose
from onnx2zz.checks.repair import repair, repaired_context
from onnx2zz.cli.check import check_command
from tests.checks.seed_cases import needs_seed_cases, seed_context, seed_files

pytestmark = needs_seed_cases

CAUSES = {
    1: {"old-schema", "low-utilization", "missing-padding"},
    2: {"old-schema", "no-common-level", "port-direction", "capacity", "input-based-relation"},
    3: {"old-schema", "memory-order", "port-direction", "input-based-relation"},
    4: {"old-schema", "port-direction", "capacity", "input-based-relation"},
    5: {"old-schema", "missing-field", "port-direction", "capacity", "no-common-level", "input-based-relation"},
    6: {"old-schema", "missing-field", "input-based-relation"},
    7: {
        "old-schema",
        "memory-order",
        "port-undeclared",
        "port-direction",
        "port-width",
        "capacity",
        "input-based-relation",
    },
}


@pytest.mark.parametrize("number", CAUSES)
def test_all_causes_are_named_and_none_is_invented(number: int) -> None:
    assert {one.code for one in causes(seed_context(number))} == CAUSES[number]


SAID = [
    (2, "port-direction", "I1 in inputMem_16KB lacks fh (written from the level above) and has no write port at all"),
    (2, "capacity", "O 16x30x30x16 = 230,400 bit"),
    (2, "input-based-relation", "1x16x34x34 = 18,496 elements, where 1x16x30x30 = 14,400"),
    (2, "input-based-relation", "1x16x60x60 = 57,600 elements, where 1x16x15x15 = 3,600"),
    (3, "memory-order", "dram (10,000,000,000 bit) is listed before the smaller inputMem_16KB, sram_16KB"),
    (3, "port-direction", "I1 in inputMem_16KB lacks fh (written from the level above) and has no write port at all"),
    (4, "port-direction", "inputMem_16KB holds I1, O, but has 1 entries in ports"),
    (4, "port-direction", "O in inputMem_16KB lacks tl"),
    (5, "missing-field", "inputMem_16KB lacks rw_port"),
    (6, "missing-field", "registers lacks ports: no port is allocated to any operand"),
    (6, "missing-field", "dram lacks area"),
    (7, "port-undeclared", "sram_16KB uses r_port_3, but declares only r_port_1, r_port_2"),
    (7, "port-direction", "O in sram_16KB lacks fh"),
    (7, "port-direction", "O in dram_inputs_outputs_1GB lacks fh (written from the level above), th"),
    (7, "port-direction", "I1 in inputRF_2B lacks fh (written from the level above) and has no write port at all"),
    (7, "port-width", "inputRF_2B holds 16 bit, but r_port_1 moves 128 bit/cycle"),
    (7, "capacity", "W 64x32x3x3x16 = 294,912 bit in sram_16KB"),
]


@pytest.mark.parametrize(("number", "code", "words"), SAID)
def test_the_message_says_what_is_really_wrong(number: int, code: str, words: str) -> None:
    assert any(words in one.message for one in causes(seed_context(number)) if one.code == code)


@pytest.mark.parametrize("locality", [False, True])
@pytest.mark.parametrize("number", [2, 4, 5, 6, 7])
def test_broken_cases_are_errors(number: int, locality: bool) -> None:
    assert any(one.severity == "error" for one in diagnose(seed_context(number, locality=locality)))


def test_the_working_example_has_no_error() -> None:
    assert not [one for one in diagnose(seed_context(1)) if one.severity == "error"]


def test_with_locality_the_relations_are_the_error_of_case_3() -> None:
    blamed = [one for one in diagnose(seed_context(3, locality=True)) if one.code == "input-based-relation"]
    assert {(one.severity, one.zigzag) for one in blamed} == {("error", "KeyError: I1")}


DECISIONS = {
    1: {},
    3: {},
    6: {"missing-field": "default"},
    7: {"capacity": "extend"},
}


@pytest.mark.parametrize("locality", [False, True])
@pytest.mark.parametrize("number", DECISIONS)
def test_repaired_with_the_documented_decisions_they_run(number: int, locality: bool) -> None:
    """docs/check.md gives these decisions; on a triple, no error means that ZigZag runs."""
    context = seed_context(number, locality=locality)
    after = repaired_context(context, repair(context, DECISIONS[number]))
    assert not [one for one in diagnose(after) if one.severity == "error"]
    assert not {one.code for one in causes(after)} - {"low-utilization"}


def test_repaired_relations_are_the_net_that_is_meant() -> None:
    """Conv 3x3 1->16 on 32x32, MaxPool 2x2/2, Conv 3x3 16->32, MaxPool 2x2/2, Conv 3x3 32->64, no padding."""
    context = seed_context(3)
    layers = repaired_context(context, repair(context, {})).layers
    assert [[layer.extent(index) for index in layer.indices["O"]] for layer in layers] == [
        [1, 16, 30, 30],
        [1, 16, 15, 15],
        [1, 32, 13, 13],
        [1, 32, 6, 6],
        [1, 64, 4, 4],
    ]


def test_the_command_repairs_case_7_after_the_decision(tmp_path: Path) -> None:
    files = [*map(str, seed_files(7)), "--fix", "-o", str(tmp_path)]
    undecided = CliRunner().invoke(check_command, files)
    assert undecided.exit_code == 1
    assert "--decide capacity=extend" in undecided.output
    decided = CliRunner().invoke(check_command, [*files, "--decide", "capacity=extend"])
    assert decided.exit_code == 0
    assert "-  dram_inputs_outputs_1GB:" not in decided.output  # it stays the same memory, after the others
    again = CliRunner().invoke(check_command, [*(str(tmp_path / f.name) for f in seed_files(7)), "--json", "-"])
    assert again.exit_code == 0
    assert json.loads(again.stdout) == {"findings": []}


@pytest.mark.long
def test_with_its_model_case_1_has_the_wrong_downsampling_layers(tmp_path: Path) -> None:
    arguments = [*map(str, seed_files(1)), "--model", "zigzag:resnet18"]
    shown = CliRunner().invoke(check_command, [*arguments, "--json", "-"])
    found = [one for one in json.loads(shown.stdout)["findings"] if one["code"] == "not-in-model"]
    assert [one["layer"] for one in found] == ["Layer10", "Layer17", "Layer24"]
    assert all("FY 3 where the model has 1, FX 3 where the model has 1" in one["message"] for one in found)
    fixed = CliRunner().invoke(check_command, [*arguments, "--fix", "-o", str(tmp_path), "--json", "-"])
    assert {one["code"] for one in json.loads(fixed.stdout)["findings"]} == {"low-utilization"}
