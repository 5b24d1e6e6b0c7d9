"""Entries of mapping files: what they say, what holds where they do not, and which of them a layer takes."""

import pytest
from zigzag.parser.mapping_factory import MappingFactory
from zigzag.parser.mapping_validator import MappingValidator

from onnx2zz.files.document import Data, Value
from onnx2zz.formats.mapping_entry import (
    DEFAULT_LINKS,
    MappingEntry,
    entry_for,
    mapping_entry_for,
    read_mapping,
    read_mapping_entry,
)
from tests.small_workloads import gemm

WHOLE: Data = {
    "name": "Conv",
    "spatial_mapping": {"D1": ["K, 32", "C, 2"], "D2": ["OX, 3"]},
    "spatial_mapping_hint": {"D3": ["OY"]},
    "memory_operand_links": {"O": "O", "W": "I1", "I": "I2"},
    "temporal_ordering": [["K", "*"], ["OX", 7]],
}


@pytest.mark.parametrize("left_out", [(), ("spatial_mapping",), ("memory_operand_links", "temporal_ordering")])
def test_an_entry_is_written_as_it_was_read(left_out: tuple[str, ...]) -> None:
    said = {field: value for field, value in WHOLE.items() if field not in left_out}
    assert read_mapping_entry(said).document() == said


def test_links_that_an_entry_does_not_say_are_zigzags() -> None:
    (theirs,) = MappingValidator([{"name": "default"}]).normalized_data
    assert MappingEntry("default").links == DEFAULT_LINKS == theirs["memory_operand_links"]
    assert read_mapping_entry(WHOLE).links == WHOLE["memory_operand_links"]


def test_unrollings_and_orders_are_read_in_capitals_without_what_is_neither() -> None:
    entry = read_mapping_entry({"spatial_mapping": {"D1": ["k,4", "K", 7, "C, many"], "D2": "K, 2"}})
    assert entry.unrolled == {"D1": (("K", 4),)}
    assert read_mapping_entry({"temporal_ordering": [["ox", 7], ["K", "*"], ["C"]]}).sized_loops == (("OX", 7),)


@pytest.mark.parametrize("broken", [None, 7, "K", [], {"D1": 3}])
def test_fields_of_any_form_can_be_read(broken: Value) -> None:
    entry = read_mapping_entry(dict.fromkeys(WHOLE, broken))
    assert entry.unrolled == {} and entry.sized_loops == ()


def test_entries_keep_their_place_in_the_file() -> None:
    assert [(entry.name, entry.number) for entry in read_mapping([{"name": "a"}, 3, {"name": "b"}])] == [
        *(("a", 0), ("b", 2))
    ]
    assert read_mapping({"name": "a"}) == read_mapping(None) == ()


@pytest.mark.parametrize(("name", "kind"), [("L3", "Conv"), ("L4", "Conv"), ("L4", "Add"), (None, "Conv")])
def test_the_entry_is_the_one_that_zigzag_takes_the_first_of_a_name(name: str | None, kind: str) -> None:
    mapping = [{"name": n, "spatial_mapping": {"D1": [f"{loop}, 4"]}} for n, loop in TWICE]
    theirs = MappingFactory(name or "Layer7", kind, mapping).mapping_data
    found = entry_for(name, kind, read_mapping(mapping))
    assert found is not None and found.document() == theirs


TWICE = [("default", "K"), ("Conv", "C"), ("Conv", "G"), ("L3", "OX"), ("L3", "OY")]


def test_without_a_default_a_layer_may_have_no_entry() -> None:
    assert entry_for("L3", "Conv", read_mapping([{"name": "Add"}])) is None


def test_a_layer_without_a_name_has_the_entry_of_the_name_that_zigzag_gives_it() -> None:
    layer = gemm(3, None, "unused", k=5, c=7)
    del layer["name"]
    mapping = [{"name": name, "spatial_mapping": {"D1": [f"{loop}, 4"]}} for name, loop in ENTRIES]
    theirs = MappingFactory("Layer3", layer["operator_type"], mapping).mapping_data
    assert mapping_entry_for(layer, read_mapping(mapping)).document() == theirs


ENTRIES = [("default", "K"), ("Gemm", "C"), ("Layer3", "B"), ("Layer4", "C")]
