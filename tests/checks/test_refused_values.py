"""One file alone: what ZigZag's validator refuses is an error, and what it takes is none."""

from typing import Any

import pytest
import yaml
from zigzag.parser.accelerator_validator import AcceleratorValidator

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import diagnose
from onnx2zz.checks.finding import Finding
from onnx2zz.checks.kinds import sorted_by_kind
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.test_families import ACCELERATOR, MAPPING


def alone(text: str) -> list[Finding]:
    return [one for one in diagnose(Context(accelerator=parse_yaml(text, "a"))) if one.severity == "error"]


def zigzag_takes(text: str) -> bool:
    try:
        return AcceleratorValidator(yaml.safe_load(text)).validate()
    except Exception:  # it raises anything
        return False


CHANGES = [
    ("unit_area: 1", "unit_area: 2", 0, ""),
    ("operands: [I1, I2, O]", "operands: [I1, I2, O, H]", 20, "an operand of a memory is I1, I2 or O"),
    ("name: r_port_1", "name: r", 22, "memories.top: name 'r': a port's name is r_port_1"),
    ('"I1, tl"', '"I1,tl"', 23, "an allocation is an operand and a direction"),
    ("type: write", "type: writes", 24, "unallowed value writes"),
    ("1\n  dimensions: [D1, D2]", "1\n  dimensions: [D1, X2]", 30, "a dimension of the array is D and one digit"),
    ("sizes: [4, 2]", "sizes: [4, -2]", 31, "min value is 0"),
    ("unit_area: 1", "unit_area: 1\n  adc_resolution: 4", 1, "`adc_resolution` is defined"),
    ("unit_area: 1", "unit_area: 1\n  systolic_dimensions: [D3]", 1, "Systolic dimensions must be dimensions"),
    ("bandwidth_min: 32", "bandwidth_min: 33", 3, "33 to 32 bit/cycle"),
    ("latency: 1", "latency: 1.5", 8, "latency is 1.5"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), CHANGES)
def test_an_accelerator_alone_is_refused_where_zigzag_refuses_it(old: str, new: str, line: int, words: str) -> None:
    assert old in ACCELERATOR
    text = ACCELERATOR.replace(old, new, 1)
    found = alone(text)
    assert bool(found) != zigzag_takes(text)
    assert not words or [one.line for one in found if words in one.message] == [line], found


def test_what_other_rules_name_is_said_once() -> None:
    text = ACCELERATOR.replace("    latency: 1\n", "", 1).replace("served_dimensions: []", "served_dimensions: [D7]", 1)
    assert sorted(one.code for one in alone(text)) == ["missing-field", "served-dimension"]


def test_a_mapping_alone() -> None:
    (found,) = diagnose(Context(mapping=parse_yaml(MAPPING.replace('"K, 4"', '"K 4"'), "m")))
    assert (found.code, found.severity, found.line) == ("value", "error", 2)
    assert "an unrolling is a loop and a factor: `K, 8`" in found.message


@pytest.mark.parametrize("text", ["", "[]\n", "null\n", "{}\n", "# only a comment\n"])
def test_an_empty_file_is_an_error(text: str) -> None:
    (found,) = diagnose(sorted_by_kind([parse_yaml(text, "w")]))
    assert (found.severity, found.file) == ("error", "w")
    assert "there is nothing in this file" in found.message


PYTHON = """\
# A small accelerator
from zigzag.hardware import Memory

def memories(array: Any) -> Any:
    return {"sram": Memory(size=8)}
"""


MAPPING_IN_PYTHON = """\
# The mapping of a small array

mapping = {
    "default": {"spatial_mapping": {"D1": ("K", 8)}},
}
"""


@pytest.mark.parametrize(("text", "line"), [(PYTHON, 2), (MAPPING_IN_PYTHON, 3)])
def test_python_is_called_python(text: str, line: int) -> None:
    found: Any = diagnose(sorted_by_kind([parse_yaml(text, "a.py")]))
    assert [(one.severity, one.line) for one in found] == [("error", line)]
    assert "this is Python" in found[0].message
