"""Sidecar files: what they give, and what is said about those at fault."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.errors import InputError
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.yaml_source import parse_yaml
from onnx2zz.sidecar.figures import Correction, MemoryFigures, Pages, Sidecar
from onnx2zz.sidecar.reading import KEYS as OF_FILE
from onnx2zz.sidecar.reading import parse_sidecar, read_sidecar, sidecar_path
from onnx2zz.sidecar.wires import Wires

HIERARCHY = read_hierarchy(
    {
        "memories": {
            "input_buffer": {"size": 512, "operands": ["I1"], "served_dimensions": ["D1"]},
            "dram": {"size": 4096, "operands": ["I1", "I2", "O"], "served_dimensions": ["D1", "D2"]},
        },
        "operational_array": {"dimensions": ["D1", "D2"], "sizes": [3, 5]},
    }
)

WHOLE = """\
clock_mhz: 500
noc_pj_per_event: 2
memories:
  input_buffer: {static_pw_per_bit: 10, um2_per_bit: 0.2}
  dram:
    um2_per_bit: 0.003
corrections:
  private registers:
    memory: input_buffer
    operand: I1
    access: read
    factor: 0
    pj_per_operation: 0.192
    why: each unit reads a register of its own
"""


def problems(text: str):
    with pytest.raises(InputError) as raised:
        parse_sidecar(parse_yaml(text, "npe.onnx2zz.yaml"), HIERARCHY)
    return [str(problem) for problem in raised.value.problems]


def test_a_whole_file() -> None:
    assert parse_sidecar(parse_yaml(WHOLE, "npe.onnx2zz.yaml"), HIERARCHY) == Sidecar(
        "npe.onnx2zz.yaml",
        500.0,
        2.0,
        {"input_buffer": MemoryFigures(10.0, 0.2), "dram": MemoryFigures(None, 0.003)},
        (
            Correction(
                "private registers", "input_buffer", "I1", "read", 0.0, 0.192, "each unit reads a register of its own"
            ),
        ),
    )


def test_nothing_in_it_is_nothing_said() -> None:
    assert parse_sidecar(parse_yaml("# later\n", "x"), HIERARCHY) == Sidecar("x")


def test_it_lies_beside_its_accelerator(tmp_path: Path) -> None:
    accelerator = tmp_path / "npe.yaml"
    assert read_sidecar(accelerator, HIERARCHY) is None
    sidecar_path(accelerator).write_text("clock_mhz: 12.5\n")
    assert sidecar_path(accelerator).name == "npe.onnx2zz.yaml"
    assert read_sidecar(accelerator, HIERARCHY) == Sidecar(str(tmp_path / "npe.onnx2zz.yaml"), clock_mhz=12.5)


def test_everything_wrong_is_said_at_once_with_its_line() -> None:
    said = problems(
        "clock_mhz: fast\n"  # 1
        "nok_pj_per_event: 2\n"
        "memories:\n"
        "  drm: {static_pw_per_bit: 1}\n"
        "  dram: {static_pw_per_bit: -1, area: 3}\n"  # 5
        "corrections:\n"
        "  diagonal: {memory: input_bufer, operand: I1, factor: 0.5}\n"
        "  weights: {memory: input_buffer, operand: I2, factor: 0.5}\n"
        "  idle: {memory: dram, operand: O, access: reads}\n"
        "  lost: {factor: 2}\n"  # 10
    )
    assert said == [
        "npe.onnx2zz.yaml:2: nok_pj_per_event is unknown; did you mean noc_pj_per_event?; "
        "there are: " + ", ".join(OF_FILE),
        "npe.onnx2zz.yaml:1: clock_mhz is 'fast', and a number above 0 is needed",
        "npe.onnx2zz.yaml:4: the accelerator has no memory drm; did you mean dram?; it has: input_buffer, dram",
        "npe.onnx2zz.yaml:5: memories.dram.area is unknown; there are: static_pw_per_bit, um2_per_bit",
        "npe.onnx2zz.yaml:5: memories.dram.static_pw_per_bit is -1, and a number, 0 or more is needed",
        "npe.onnx2zz.yaml:7: corrections.diagonal.memory is 'input_bufer', which is no memory of the accelerator; "
        "did you mean input_buffer?; there are: input_buffer, dram",
        "npe.onnx2zz.yaml:8: corrections.weights.operand is 'I2', which is no operand of input_buffer; there are: I1",
        "npe.onnx2zz.yaml:9: corrections.idle.access is 'reads', which is no kind of access; "
        "did you mean read?; there are: read, write",
        "npe.onnx2zz.yaml:9: corrections.idle corrects nothing; give it a factor or pj_per_operation",
        "npe.onnx2zz.yaml:10: corrections.lost lacks memory and operand",
    ]


def test_static_power_needs_a_clock() -> None:
    assert problems("memories:\n  dram:\n    static_pw_per_bit: 3\n") == [
        "npe.onnx2zz.yaml:3: static power without a clock; "
        "add clock_mhz: static energy is power x time, and ZigZag counts cycles"
    ]


def test_memories_that_are_not_pipelined() -> None:
    text = "access_cycles: {dram: 13}\naccess_bits: {dram: 144}\n"
    found = parse_sidecar(parse_yaml(text, "x"), HIERARCHY)
    assert (found.access_cycles, found.access_bits) == ({"dram": 13.0}, {"dram": 144.0})
    assert found.rules == ("access_cycles",)
    assert problems("access_bits: {dram: 144}\naccess_cycles: {drm: 0}\n") == [
        "npe.onnx2zz.yaml:2: access_cycles.drm is unknown; did you mean dram?; there are: input_buffer, dram",
        "npe.onnx2zz.yaml:2: access_cycles.drm is 0, and a number above 0 is needed",
        "npe.onnx2zz.yaml:1: what an access to dram brings, but not how long it takes; "
        "add access_cycles: {dram: ...}, or leave it out",
    ]


def test_rows_of_a_dram() -> None:
    text = "dram_pages:\n  dram: {page_bits: 16384, activation_cycles: 14, activation_pj: 1331}\n"
    found = parse_sidecar(parse_yaml(text, "x"), HIERARCHY)
    assert found.dram_pages == {"dram": Pages(16384.0, 14.0, 1331.0)}
    assert found.rules == ("dram_pages",)
    assert problems("dram_pages:\n  drm: {page_bits: 8}\n  dram: {activation_cycles: 3}\n") == [
        "npe.onnx2zz.yaml:2: dram_pages.drm is unknown; did you mean dram?; there are: input_buffer, dram",
        "npe.onnx2zz.yaml:3: dram_pages.dram lacks page_bits",
    ]


def test_what_rows_take_is_counted_once() -> None:
    pages = "dram_pages:\n  dram: {page_bits: 8}\n"
    assert problems(f"{pages}dram_efficiency: 0.7\naccess_cycles: {{dram: 4}}\n") == [
        "npe.onnx2zz.yaml:1: dram_pages and dram_efficiency both say what rows that are opened take; keep one of them",
        "npe.onnx2zz.yaml:2: dram_pages and access_cycles both say what an access to dram takes; keep one of them",
    ]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [("", "", True), ("", ", access: read", True), (", access: read", ", access: write", False)],
)
def test_one_energy_has_one_correction(first: str, second: str, clash: bool) -> None:
    text = (
        f"corrections:\n  a: {{memory: dram, operand: O, factor: 2{first}}}\n"
        f"  b: {{memory: dram, operand: O, factor: 3{second}}}\n"
    )
    if clash:
        assert problems(text) == [
            "npe.onnx2zz.yaml:3: b corrects what a corrects already: O at dram; make them one, or read and write apart"
        ]
    else:
        assert len(parse_sidecar(parse_yaml(text, "x"), HIERARCHY).corrections) == 2


@pytest.mark.parametrize("text", ["- 1\n", "3", "memories: 3\n", "corrections: [x]\n", "memories: {dram: }\n"])
def test_what_is_no_mapping_is_said(text: str) -> None:
    assert all(problem.startswith("npe.onnx2zz.yaml:1: ") for problem in problems(text))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.sampled_from(
    ["clock_mhz", "memories", "corrections", "dram", "memory", "operand", "factor", "access", "why", "I1"]
)


@given(st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=2)))
def test_any_file_is_read_or_refused(data: object) -> None:
    import yaml

    try:
        parse_sidecar(parse_yaml(yaml.safe_dump(data), "x"), HIERARCHY)
    except InputError as error:
        assert all(problem.where.startswith("x:") for problem in error.problems)


def test_wires_between_the_units() -> None:
    text = "interconnect: {adder_trees: [D1], multicast: {I1: [D2]}, diagonals: [[D1, D2]]}\n"
    found = parse_sidecar(parse_yaml(text, "npe.onnx2zz.yaml"), HIERARCHY).interconnect
    assert found.adder_trees == ("D1",) and found.multicast["I1"] == ("D2",) and found.diagonals == (("D1", "D2"),)
    assert parse_sidecar(parse_yaml("clock_mhz: 5", "npe.onnx2zz.yaml"), HIERARCHY).interconnect == Wires()


def test_everything_wrong_with_wires_is_said_at_once() -> None:
    text = "interconnect:\n  adders: [D1]\n  adder_trees: [D7]\n  multicast: {I1: D2}\n  diagonals: [[D1], D2]\n"
    assert problems(text) == [
        "npe.onnx2zz.yaml:2: interconnect.adders is unknown; did you mean adder_trees?; "
        "there are: adder_trees, multicast, diagonals",
        "npe.onnx2zz.yaml:3: interconnect.adder_trees holds 'D7', which is no array dim; there are: D1, D2",
        "npe.onnx2zz.yaml:4: interconnect.multicast.I1 is 'D2', and a list is needed",
        "npe.onnx2zz.yaml:5: interconnect.diagonals holds ['D1'], which is no pair of array dims; there are: D1, D2",
        "npe.onnx2zz.yaml:5: interconnect.diagonals holds 'D2', which is no pair of array dims; there are: D1, D2",
    ]
