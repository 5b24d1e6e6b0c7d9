"""One workload entry and its mapping entry as ZigZag's layer."""

import json
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import lru_cache

from zigzag.parser.mapping_factory import MappingFactory
from zigzag.parser.mapping_validator import MappingValidator
from zigzag.parser.workload_factory import LayerNodeFactory
from zigzag.parser.workload_validator import WorkloadValidator
from zigzag.workload.layer_node import LayerNode

from onnx2zz.errors import Problem
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.schema import schema_problems


def parse_layer(entry: WorkloadEntry, mapping_entry: MappingEntry) -> LayerNode:
    """ZigZag's layer for `entry`, mapped by `mapping_entry` whatever the two are called."""
    workload = WorkloadValidator([dict(entry)]).normalized_data
    return LayerNodeFactory(workload[0], _normalized(mapping_entry.document())).create()


def mapped_layer(entry: WorkloadEntry, mapping_entry: MappingEntry) -> LayerNode:
    """What `parse_layer` gives, for those who ask for many unrollings of one layer: all else is made once, and such
    layers share it, so nothing but the spatial mapping and its hints may be changed."""
    document = mapping_entry.document()
    layer = copy(
        _unmapped_layer(json.dumps(entry), json.dumps(replace(mapping_entry, spatial_mapping=None).document()))
    )
    factory = MappingFactory(layer.name, layer.type, _normalized(document))
    layer.spatial_mapping = factory.create_spatial_mapping()
    layer.spatial_mapping_hint = factory.create_spatial_mapping_hint()
    return layer


@lru_cache(maxsize=64)
def _unmapped_layer(entry: str, mapping_entry: str) -> LayerNode:
    """Both as JSON."""
    workload = WorkloadValidator([json.loads(entry)]).normalized_data
    return LayerNodeFactory(workload[0], _normalized(json.loads(mapping_entry))).create()


def _normalized(mapping_entry: Mapping[str, object]) -> list[dict[str, object]]:
    return MappingValidator([{**mapping_entry, "name": "default"}]).normalized_data


def workload_problems(file: str, entries: Sequence[WorkloadEntry]) -> tuple[Problem, ...]:
    """Everything in the workload that ZigZag's schema objects to."""
    validator = WorkloadValidator(list(entries))
    validator.validator.validate(validator.data, schema=validator.schema)
    return schema_problems(f"{file}: layer ", validator.validator.errors)


def mapping_problems(file: str, mapping: Sequence[object]) -> tuple[Problem, ...]:
    """Everything in the mapping that ZigZag's schema objects to."""
    validator = MappingValidator(list(mapping))
    validator.validator.validate(validator.data, schema=validator.schema)
    return schema_problems(f"{file}: entry ", validator.validator.errors)
