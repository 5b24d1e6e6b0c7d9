"""Each code from one broken place, with the place: a sound set first, then one change at a time."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import causes
from onnx2zz.checks.finding import Finding
from onnx2zz.formats.shipped_files import ACCELERATORS, ours, zigzags
from onnx2zz.formats.yaml_source import parse_yaml, read_yaml

ACCELERATOR = """\
name: small
memories:
  rf:
    size: 32
    r_cost: 0.1
    w_cost: 0.1
    area: 0
    latency: 1
    operands: [O]
    ports:
      - {name: rw_port_1, type: read_write, bandwidth_min: 32, bandwidth_max: 32,
         allocation: ["O, fh", "O, tl", "O, fl", "O, th"]}
    served_dimensions: []
  top:
    size: 65536
    r_cost: 1.0
    w_cost: 1.0
    area: 0
    latency: 1
    operands: [I1, I2, O]
    ports:
      - {name: r_port_1, type: read, bandwidth_min: 64, bandwidth_max: 64,
         allocation: ["I1, tl", "I2, tl", "O, tl", "O, th"]}
      - {name: w_port_1, type: write, bandwidth_min: 64, bandwidth_max: 64,
         allocation: ["I1, fh", "I2, fh", "O, fh", "O, fl"]}
    served_dimensions: [D1, D2]
operational_array:
  unit_energy: 0.1
  unit_area: 1
  dimensions: [D1, D2]
  sizes: [4, 2]
"""
MAPPING = """\
- name: default
  spatial_mapping: {D1: ["K, 4"], D2: ["C, 2"]}
  memory_operand_links: {O: O, W: I2, I: I1}
- name: Pooling
  spatial_mapping: {D1: ["G, 4"], D2: ["OX, 2"]}
  memory_operand_links: {O: O, W: I2, I: I1}
"""
WORKLOAD = """\
- id: 0
  name: first
  operator_type: Conv
  equation: O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]
  dimension_relations: [ix=1*ox+1*fx, iy=1*oy+1*fy]
  loop_dims: [B, K, C, OY, OX, FY, FX]
  loop_sizes: [1, 8, 2, 10, 8, 3, 3]
  operand_precision: {W: 8, I: 8, O: 16, O_final: 8}
  operand_source: {I: 0, W: 0}
- id: 1
  name: pool
  operator_type: Pooling
  equation: O[b][g][oy][ox]+=W[fy][fx]*I[b][g][iy][ix]
  dimension_relations: [ix=2*ox+1*fx, iy=2*oy+1*fy]
  loop_dims: [B, G, OY, OX, FY, FX]
  loop_sizes: [1, 8, 5, 4, 2, 2]
  operand_precision: {W: 0, I: 8, O: 16, O_final: 8}
  operand_source: {I: 0, W: 1}
"""
SOUND = {"accelerator": ACCELERATOR, "mapping": MAPPING, "workload": WORKLOAD}


def judged(**changed: str) -> tuple[Finding, ...]:
    files = {kind: parse_yaml(text, kind) for kind, text in {**SOUND, **changed}.items()}
    return causes(Context(files["accelerator"], files["mapping"], files["workload"]))


def test_steps_of_a_recurrence_are_not_unrolled() -> None:
    """T of layers that have such a loop; elsewhere it is a loop that is not there."""
    steps = WORKLOAD.replace("[b][k][oy]", "[t][k][oy]").replace("[B, K,", "[T, K,").replace("I[b][c]", "I[t][c]")
    mapping = MAPPING.replace('D1: ["K, 4"]', 'D1: ["K, 2", "T, 2"]')
    several = steps.replace("loop_sizes: [1, 8, 2", "loop_sizes: [3, 8, 2")
    found = [one for one in judged(mapping=mapping, workload=several) if one.code == "recurrent-step"]
    assert [(one.severity, one.line) for one in found] == [("warning", 2)] and "T by 2 over D1" in found[0].message
    assert "recurrent-step" not in {one.code for one in judged(mapping=mapping, workload=steps)}
    assert "recurrent-step" not in {one.code for one in judged(workload=several)}


def test_the_sound_set_has_nothing_to_say() -> None:
    assert judged() == ()


BROKEN = [
    ("accelerator", "    latency: 1\n    operands: [O]", "    operands: [O]", "missing-field", 3, "rf lacks latency"),
    ("accelerator", "    size: 32", "    sise: 32", "unknown-field", 4, "did you mean size?"),
    ("accelerator", "size: 32", "size: 32.5", "yaml", 4, "size is 32.5 (float), where ZigZag takes int"),
    ("accelerator", 'allocation: ["O, fh", ', "allocation: [", "port-direction", 10, "O in rf lacks fh"),
    ("accelerator", "type: write", "type: read", "port-direction", 24, "w_port_1 of top is a read port"),
    (
        "accelerator",
        "bandwidth_max: 32,",
        "bandwidth_max: 64,",
        "port-width",
        3,
        "holds 32 bit, but rw_port_1 moves 64",
    ),
    ("accelerator", "served_dimensions: []", "served_dimensions: [D3]", "served-dimension", 13, "rf serves D3"),
    ("accelerator", "size: 65536", "size: 4096", "capacity", 15, "layer first (id 0) needs"),
    ("mapping", "D2: [", "D3: [", "mapping-dim", 2, "default unrolls over D3, but the array has D1, D2"),
    ("mapping", '"OX, 2"', '"OZ, 2"', "mapping-dim", 5, "Pooling unrolls OZ by 2"),
    ("mapping", "- name: default", "- name: defalt", "mapping-dim", 1, "no entry `default`"),
    ("mapping", '"K, 4"', '"K, 8"', "mapping-overfull", 2, "asks 8 units of D1, which has 4"),
    ("mapping", '"G, 4"', '"G, 1"', "low-utilization", 5, "2 of 8 units (25.0%) for pool (id 1)"),
    ("workload", "name: first", "name: Pooling", "name-clash", 2, "takes that entry instead of default"),
    ("workload", "operator_type: Conv", "operator_type: MatMul", "operator-type", 3, "MatMul is none of"),
    ("workload", "O[b][g][oy][ox]+=", "O[b][g][oy][ox]-=", "equation", 13, "is not of the form"),
    ("workload", "W[k][c]", "W[k][z]", "equation", 4, "W has the index z"),
    ("workload", "{I: 0, W: 1}", "{I: 3, W: 1}", "bad-source", 18, "layer 3, which does not exist"),
    (
        "workload",
        "operand_source: {I: 0, W: 0}",
        "operand_source: {I: 1, W: 0}",
        "bad-source",
        9,
        "stands further down",
    ),
    ("workload", "{I: 0, W: 1}", "{I: 1, W: 1}", "unread-output", 1, "nobody reads the output of layer first"),
    ("workload", "ix=2*ox+1*fx, iy", "ox=2*ix+1*fx, iy", "input-based-relation", 14, "derives its output"),
    (
        "workload",
        "[1, 8, 5, 4, 2, 2]",
        "[1, 8, 5, 4, 3, 2]",
        "missing-padding",
        14,
        "11 along IY where its source has 10",
    ),
    ("workload", "[1, 8, 5, 4, 2, 2]", "[1, 8, 3, 4, 2, 2]", "size-mismatch", 16, "reads 6 along IY"),
    ("workload", "[1, 8, 5, 4, 2, 2]", "[1, 6, 5, 4, 2, 2]", "size-mismatch", 16, "reads 6 channels"),
    ("workload", "[1, 8, 5, 4, 2, 2]", "[1, 8, 5, 4, 2]", "size-mismatch", 16, "6 loop_dims, but 5 loop_sizes"),
    ("workload", "[1, 8, 5, 4, 2, 2]", "[1, 8, 5, 0, 2, 2]", "size-mismatch", 16, "a loop of size 0"),
    ("workload", "W[fy][fx]*I[b][g][iy][ix]\n", "W[fy][fx]*I[b][g][iy][ix\n", "equation", 13, "is not of the form"),
]


@pytest.mark.parametrize(
    ("kind", "old", "new", "code", "line", "words"),
    BROKEN,
    ids=lambda value: value if isinstance(value, str) and "-" in value and " " not in value else None,
)
def test_one_broken_place_is_found_where_it_is(kind: str, old: str, new: str, code: str, line: int, words: str) -> None:
    assert old in SOUND[kind]
    found = [one for one in judged(**{kind: SOUND[kind].replace(old, new, 1)}) if one.code == code]
    assert [(one.file, one.line) for one in found if words in one.message] == [(kind, line)], found
    assert all(one.zigzag and one.fix and one.column >= 1 for one in found)


def test_memories_listed_highest_first() -> None:
    data = yaml.safe_load(ACCELERATOR)
    data["memories"] = dict(reversed(data["memories"].items()))
    (found,) = judged(accelerator=yaml.safe_dump(data, sort_keys=False))
    assert (found.code, found.severity) == ("memory-order", "error")
    assert found.fix == "list the memories lowest first: rf, top"


def without_operand(memory: str, operand: str) -> str:
    data: dict[str, Any] = copy.deepcopy(yaml.safe_load(ACCELERATOR))
    entry = data["memories"][memory]
    entry["operands"].remove(operand)
    for port in entry["ports"]:
        port["allocation"] = [a for a in port["allocation"] if not a.startswith(f"{operand},")]
    return yaml.safe_dump(data, sort_keys=False)


def test_an_operand_that_no_memory_holds() -> None:
    assert [one.code for one in judged(accelerator=without_operand("top", "I2"))] == ["no-memory"]


def test_no_memory_that_hands_outputs_to_inputs() -> None:
    codes = {one.code for one in judged(accelerator=without_operand("top", "O"))}
    assert {"no-common-level", "capacity"} <= codes


def test_operand_order_of_an_addition() -> None:
    addition = """\
- id: 2
  name: sum
  operator_type: Add
  equation: O[b][g][oy][ox]=I[b][g][oy][ox]+W[b][g][oy][ox]
  loop_dims: [B, G, OY, OX]
  loop_sizes: [1, 8, 5, 4]
  operand_precision: {W: 8, I: 8, O: 8, O_final: 8}
  operand_source: {I: 1, W: 1}
"""
    found = [one for one in judged(workload=WORKLOAD + addition) if one.code == "operand-order"]
    assert [(one.line, one.fix) for one in found] == [(22, "write W before I in the equation")]
    assert not [
        one
        for one in judged(workload=WORKLOAD + addition.replace("=I", "=W", 1).replace("+W", "+I"))
        if one.code == "operand-order"
    ]


OLD_RF = """\
    r_bw: 32
    w_bw: 32
    r_port: 0
    w_port: 0
    rw_port: 1
    ports:
      - {fh: rw_port_1, tl: rw_port_1, fl: rw_port_1, th: rw_port_1}
"""
NEW_RF = ACCELERATOR[ACCELERATOR.index("    ports:") : ACCELERATOR.index("    served_dimensions: []")]


def test_old_schema_is_a_warning_of_the_memory_that_is_old() -> None:
    (found,) = judged(accelerator=ACCELERATOR.replace(NEW_RF, OLD_RF, 1))
    assert (found.code, found.severity, found.line) == ("old-schema", "warning", 3)


def test_names_of_ports_in_the_older_format_are_judged_one_by_one() -> None:
    entry = "{fh: w_port_1, tl: rw_port_1, fl: wr_port_1, th: out_port_1}"
    old = OLD_RF.replace("{fh: rw_port_1, tl: rw_port_1, fl: rw_port_1, th: rw_port_1}", entry)
    found = [one for one in judged(accelerator=ACCELERATOR.replace(NEW_RF, old, 1)) if one.code == "port-undeclared"]
    assert [(one.severity, one.message.removeprefix("rf ").split(",")[0]) for one in found] == [
        ("warning", "uses w_port_1"), ("warning", "names a port wr_port_1"), ("error", "names a port out_port_1"),
    ]  # fmt: skip


def test_fields_of_before_beside_ports_of_today_are_a_finding_each() -> None:
    """A file half way between two formats: each memory is judged by its own ports."""
    found = judged(accelerator=ACCELERATOR.replace(NEW_RF, "    r_bw: 16\n    w_bw: 8\n" + NEW_RF, 1))
    assert [(one.code, one.severity, one.line) for one in found] == [
        ("unknown-field", "error", 10), ("unknown-field", "error", 11),
    ]  # fmt: skip
    assert all("rw_port_1 moves 32 bit/cycle" in one.fix for one in found)


def test_names_of_2024_are_warnings_and_cores_of_stream_notes() -> None:
    named = ACCELERATOR.replace("unit_energy", "multiplier_energy").replace("unit_area", "multiplier_area")
    allocated = MAPPING.replace("- name", "- core_allocation: [1]\n  name")
    found = judged(accelerator="type: zigzag.compute\n" + named, mapping=allocated)
    assert [(one.code, one.severity, one.file, one.line) for one in found] == [
        ("old-schema", "warning", "accelerator", 29),
        ("old-schema", "warning", "accelerator", 30),
        ("foreign-key", "note", "accelerator", 1),
        ("foreign-key", "note", "mapping", 1),
    ]
    assert "core_allocation is about a system of cores (in 2 entries)" in found[-1].message


def test_a_name_of_before_beside_todays_is_an_error() -> None:
    (found,) = judged(accelerator=ACCELERATOR.replace("  unit_area", "  multiplier_energy: 3\n  unit_area"))
    assert (found.code, found.severity, found.line) == ("unknown-field", "error", 29)
    assert "is called unit_energy today and stands here under both names" in found.message


LAYER_OF_27_ROWS = """\
- id: 0
  name: rows
  operator_type: Conv
  equation: O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]
  dimension_relations: [ix=1*ox+1*fx, iy=1*oy+1*fy]
  loop_dims: [B, K, C, OY, OX, FY, FX]
  loop_sizes: [1, 4, 2, 27, 5, 3, 3]
  operand_precision: {W: 8, I: 8, O: 16, O_final: 8}
  operand_source: {I: 0, W: 0}
"""
WIDE = ACCELERATOR.replace("sizes: [4, 2]", "sizes: [2, 14]")


def rows(first: str, second: str, order: str = "") -> dict[str, str]:
    links = "memory_operand_links: {O: O, W: I2, I: I1}"
    entry = f'- name: default\n  spatial_mapping: {{D1: ["{first}"], D2: ["{second}"]}}\n  {links}\n{order}'
    return {"accelerator": WIDE, "mapping": entry, "workload": LAYER_OF_27_ROWS}


def test_a_loop_unrolled_further_than_it_is_long_over_two_dimensions() -> None:
    (found,) = [one for one in judged(**rows("OY, 2", "OY, 14")) if one.code == "mapping-overfull"]
    assert (found.severity, found.file, found.line) == ("warning", "mapping", 2)
    assert "OY by 2 (D1) x 14 (D2) = 28, which is more than the 27 iterations of OY in layers rows" in found.message
    assert "drops OY on one of D1, D2 whole" in found.zigzag


@pytest.mark.parametrize(("first", "second"), [("OY, 2", "OY, 13"), ("K, 2", "OY, 14"), ("FY, 2", "FX, 3")])
def test_a_loop_that_is_long_enough_is_fine(first: str, second: str) -> None:
    assert not [one for one in judged(**rows(first, second)) if one.code == "mapping-overfull"]


def test_an_order_that_names_more_of_a_loop_than_there_is() -> None:
    changed = rows("K, 2", "OY, 14", "  temporal_ordering:\n  - [FX, 3]\n  - [C, 2]\n  - [C, 3]\n")
    (found,) = [one for one in judged(**changed) if one.code == "temporal-ordering"]
    assert (found.file, found.line, found.layer) == ("mapping", 4, "rows")
    assert "C of 6 where the layer has 2" in found.message


COSTS = [
    ("r_cost: 1.0", "r_cost: .nan", 16, "memories.top.r_cost is nan"),
    ("w_cost: 0.1", "w_cost: .inf", 6, "memories.rf.w_cost is inf"),
    ("unit_energy: 0.1", "unit_energy: -.inf", 28, "operational_array.unit_energy is -inf"),
    ("unit_area: 1", "unit_area: 1.0e+999", 29, "operational_array.unit_area is inf"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), COSTS)
def test_a_cost_that_is_no_number_is_named_with_its_line(old: str, new: str, line: int, words: str) -> None:
    (found,) = judged(accelerator=ACCELERATOR.replace(old, new, 1))
    assert (found.code, found.severity, found.file, found.line) == ("cost", "warning", "accelerator", line)
    assert words in found.message


def test_not_one_size_for_each_dimension_is_one_error_about_sizes() -> None:
    (found,) = judged(accelerator=ACCELERATOR.replace("sizes: [4, 2]", "sizes: [4]"))
    assert (found.code, found.line) == ("size-mismatch", 31)
    assert "2 dimensions (D1, D2), but 1 in sizes: 4" in found.message
    fewer = judged(accelerator=ACCELERATOR.replace("dimensions: [D1, D2]", "dimensions: [D1]"))
    assert [one.message for one in fewer if one.file == "accelerator"] == [
        "the array has 1 dimensions (D1), but 2 in sizes: 4, 2"
    ]


def test_a_register_that_is_too_narrow_for_one_partial_sum() -> None:
    (found,) = [one for one in judged(workload=WORKLOAD.replace("O: 16", "O: 64")) if "first" in one.message]
    assert (found.code, found.severity, found.line) == ("capacity", "error", 4)
    assert "rf has 32 bit, and one element of O (a partial sum of 64 bit) of layer first" in found.message


def test_a_size_with_a_unit_says_its_bits() -> None:
    (found,) = [
        one for one in judged(accelerator=ACCELERATOR.replace("size: 65536", "size: 8KB")) if one.code == "yaml"
    ]
    assert (found.severity, found.line) == ("error", 15)
    assert found.fix.startswith("write 65536: ")


@pytest.mark.parametrize(
    ("size", "cost", "words"),
    [
        ("65536", "100000.0", "100000 pJ, 1.6e+03 pJ a bit"),
        ("10000000000", "0.7", "0.7 pJ, 0.011 pJ a bit"),
        ("10000000000", "700.0", None),
        ("65536", "0.001", None),
        ("10000000000", "0", None),
    ],
)
def test_a_cost_in_another_unit_is_a_note(size: str, cost: str, words: str | None) -> None:
    text = ACCELERATOR.replace("size: 65536\n    r_cost: 1.0", f"size: {size}\n    r_cost: {cost}")
    found = [one for one in judged(accelerator=text) if one.code == "cost" and one.line == 16]
    assert [one.severity for one in found] == ([] if words is None else ["note"])
    assert words is None or words in found[0].message


@pytest.mark.parametrize("path", [*zigzags(ACCELERATORS).values(), *ours(ACCELERATORS).values()], ids=lambda p: p.stem)
def test_no_accelerator_that_ships_has_costs_in_another_unit(path: Path) -> None:
    assert not [one for one in causes(Context(accelerator=read_yaml(path))) if one.code == "cost"]
