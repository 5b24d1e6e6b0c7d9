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
from onnx2zz.files.document import is_object
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import PLACE, WorkloadEntry
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
        # Without the unrolling, else every candidate would be an entry of the cache of its own. As text, because dicts
        # do not hash.
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
    # ZigZag looks for an entry of the layer's name, then of its type, then for the default: so this one is found.
    return MappingValidator([{**mapping_entry, "name": "default"}]).normalized_data


def workload_problems(file: str, entries: Sequence[WorkloadEntry]) -> tuple[Problem, ...]:
    """Everything in the workload that ZigZag's schema objects to.

    Layers that differ in their places alone are put to it once, where these are what the schema takes; all of them are
    where it objects to anything, so that each fault has its layer.
    """
    # cerberus is slow, and networks repeat their layers hundreds of times.
    if all(map(_has_a_place, entries)):
        different = {repr({**entry, **NO_PLACE}): entry for entry in entries}
        if not _objections(list(different.values())):
            return ()
    return schema_problems(f"{file}: layer ", _objections(entries))


NO_PLACE = dict.fromkeys(PLACE)


def _has_a_place(entry: WorkloadEntry) -> bool:
    """Whether number, name and sources are of the types that the schema wants of them."""
    place: dict[str, object] = {**entry}
    sources = place.get("operand_source", {})
    # `isinstance` would let True pass, which is an int to Python and none to cerberus.
    if type(place.get("id")) is not int or not isinstance(place.get("name"), str) or not is_object(sources):
        return False
    return sources.keys() <= {"W", "I"} and all(type(source) is int for source in sources.values())


def _objections(entries: Sequence[WorkloadEntry]) -> object:
    validator = WorkloadValidator(list(entries))
    validator.validator.validate(validator.data, schema=validator.schema)
    return validator.validator.errors


def mapping_problems(file: str, mapping: Sequence[object]) -> tuple[Problem, ...]:
    """Everything in the mapping that ZigZag's schema objects to; entries that differ in their names alone are put to it
    once, as layers are."""
    if all(is_object(entry) and isinstance(entry.get("name"), str) for entry in mapping):
        different = {repr({**entry, "name": ""}): entry for entry in mapping if is_object(entry)}
        if not _mapping_objections(list(different.values())):
            return ()
    return schema_problems(f"{file}: entry ", _mapping_objections(mapping))


def _mapping_objections(mapping: Sequence[object]) -> object:
    validator = MappingValidator(list(mapping))
    validator.validator.validate(validator.data, schema=validator.schema)
    return validator.validator.errors
