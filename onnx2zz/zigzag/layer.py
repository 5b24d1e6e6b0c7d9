"""One workload entry and its mapping entry as ZigZag's layer."""

from collections.abc import Sequence

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
    mapping = MappingValidator([{**mapping_entry.document(), "name": "default"}]).normalized_data
    return LayerNodeFactory(workload[0], mapping).create()


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
