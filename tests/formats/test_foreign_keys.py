"""Keys of other formats and tools: what is left is what ZigZag's own files of today say."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from zigzag.parser.accelerator_validator import AcceleratorValidator
from zigzag.parser.mapping_validator import MappingValidator

from onnx2zz.files.document import Key, Value
from onnx2zz.formats.foreign_keys import EARLIER_NAMES, STREAM_CORE, STREAM_MAPPING, foreign_keys, with_todays_keys
from onnx2zz.formats.foreign_keys import today as with_places
from onnx2zz.formats.shipped_files import ACCELERATORS, MAPPINGS, zigzags
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.test_families import ACCELERATOR


@pytest.mark.parametrize("path", zigzags(ACCELERATORS).values(), ids=lambda path: path.stem)
@given(foreign=st.sets(st.sampled_from(STREAM_CORE)), renamed=st.sets(st.sampled_from(tuple(EARLIER_NAMES))))
def test_an_accelerator_under_earlier_names_is_the_one_that_ships(
    path: Path, foreign: set[str], renamed: set[str]
) -> None:
    ships = yaml.safe_load(path.read_text())
    back = {EARLIER_NAMES[name]: name for name in renamed}
    array: dict[Key, Value] = {back.get(key, key): value for key, value in ships["operational_array"].items()}
    older: dict[Key, Value] = {
        **{back.get(key, key): array if key == "operational_array" else value for key, value in ships.items()},
        **dict.fromkeys(foreign, "something"),
    }
    found = with_todays_keys("accelerator", older)
    assert found == ships
    assert AcceleratorValidator(found).validate()
    written = {key for key in renamed if key in array or key in older}
    assert {one.key for one in foreign_keys("accelerator", older)} == foreign | written


@pytest.mark.parametrize("path", zigzags(MAPPINGS).values(), ids=lambda path: path.stem)
def test_a_mapping_with_cores_is_the_one_that_ships(path: Path) -> None:
    ships = yaml.safe_load(path.read_text())
    found = with_todays_keys("mapping", [{key: [0, 1] for key in STREAM_MAPPING} | entry for entry in ships])
    assert found == ships
    assert MappingValidator(found).validate()


@pytest.mark.parametrize("path", zigzags(ACCELERATORS).values(), ids=lambda path: path.stem)
def test_a_file_of_today_comes_back_as_it_is(path: Path) -> None:
    ships = yaml.safe_load(path.read_text())
    assert with_todays_keys("accelerator", ships) is ships


def test_what_stands_under_both_names_is_left_as_it_stands() -> None:
    array: dict[Key, Value] = {"unit_energy": 1, "multiplier_energy": 2}
    both: dict[Key, Value] = {"operational_array": array}
    assert with_todays_keys("accelerator", both) is both


def test_a_renamed_field_keeps_its_place() -> None:
    older = parse_yaml(ACCELERATOR.replace("operational_array", "multipliers"), "a")
    found = with_places("accelerator", older)
    assert found.at("operational_array", "sizes") == older.at("multipliers", "sizes")
    assert found.at("operational_array", "sizes").line == 31
