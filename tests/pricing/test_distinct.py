"""Which layers share one evaluation, and which mapping entry a layer takes."""

import pytest
from zigzag.parser.mapping_factory import MappingFactory

from onnx2zz.formats.mapping_entry import mapping_entry_for, read_mapping, read_mapping_entry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.distinct import layer_key
from tests.json_values import Document
from tests.small_workloads import as_read, conv, name_of, residual, sources_of, strip

DEFAULT: Document = {"name": "default", "spatial_mapping": {"D1": ["K, 32"]}}
POOLING: Document = {"name": "Pooling", "spatial_mapping": {"D1": ["G, 32"]}}
BY_NAME: Document = {"name": "L3_conv", "spatial_mapping": {"D1": ["OX, 32"]}}
MAPPING = [DEFAULT, POOLING, BY_NAME]


@pytest.mark.parametrize("entry", residual(), ids=name_of)
def test_the_entry_is_the_one_that_zigzag_takes(entry: WorkloadEntry) -> None:
    theirs = MappingFactory(name_of(entry), entry["operator_type"], MAPPING).mapping_data
    assert mapping_entry_for(entry, read_mapping(MAPPING)).document() == theirs


def keys(entry: WorkloadEntry, mapping_entry: Document = DEFAULT) -> str:
    return layer_key(entry, read_mapping_entry({**mapping_entry}))


def test_names_and_places_do_not_matter() -> None:
    first, second = residual()[2:4]
    assert name_of(first) != name_of(second) and sources_of(first) != sources_of(second)
    assert keys(first) == keys(second)


def test_everything_else_does() -> None:
    shape: Document = {"k": 12, "c": 12, "oy": 1, "ox": 14, "fy": 1, "fx": 5}
    wider: Document = {**shape, "k": 13}
    layer = conv(3, 2, "c", **shape)
    others = [
        conv(3, None, "c", **shape),
        conv(3, 2, "c", **wider),
        conv(3, 2, "c", **shape, stride=(1, 2)),
        as_read(layer | {"operand_precision": {"W": 4, "I": 8, "O": 16, "O_final": 8}}),
        as_read(layer | {"loop_dims": ["B", "K", "OX", "OY", "C", "FX", "FY"]}),
    ]
    assert len({keys(layer), *map(keys, others)}) == 1 + len(others)
    assert keys(layer) != keys(layer, BY_NAME)


def test_the_name_of_the_mapping_entry_does_not_matter() -> None:
    assert keys(strip()[2]) == keys(strip()[2], DEFAULT | {"name": "Conv"})
