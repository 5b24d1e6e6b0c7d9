"""All finding families by the file that they need, in the order in which a reader wants them."""

from collections.abc import Callable, Iterable

from onnx2zz.checks.context import (
    AcceleratorContext,
    Context,
    MappingContext,
    WorkloadContext,
    has_accelerator,
    has_mapping,
    has_workload,
)
from onnx2zz.checks.costs import costs
from onnx2zz.checks.edges import bad_sources, unread_outputs
from onnx2zz.checks.equations import equations, operand_order, operator_types
from onnx2zz.checks.extents import input_based_relations, missing_padding, size_mismatch
from onnx2zz.checks.fields import fields, old_schema, yaml_traps
from onnx2zz.checks.finding import Finding
from onnx2zz.checks.homes import capacity, no_common_level, no_memory
from onnx2zz.checks.memory_order import memory_order
from onnx2zz.checks.model import not_in_model
from onnx2zz.checks.ports import port_direction, port_undeclared, port_width
from onnx2zz.checks.prediction import with_verdict
from onnx2zz.checks.refused_values import with_refused_values
from onnx2zz.checks.served_dimensions import array_sizes, served_dimensions
from onnx2zz.checks.spatial_mapping import (
    low_utilization,
    mapping_dims,
    mapping_overfull,
    name_clash,
    unrolled_too_far,
)
from onnx2zz.checks.temporal_ordering import temporal_ordering

OF_ANY_FILES: tuple[Callable[[Context], Iterable[Finding]], ...] = (yaml_traps, fields)
OF_ACCELERATORS: tuple[Callable[[AcceleratorContext], Iterable[Finding]], ...] = (
    old_schema,
    memory_order,
    port_undeclared,
    port_direction,
    port_width,
    array_sizes,
    served_dimensions,
    costs,
    no_memory,
    no_common_level,
    capacity,
)
OF_MAPPINGS: tuple[Callable[[MappingContext], Iterable[Finding]], ...] = (
    mapping_dims,
    mapping_overfull,
    unrolled_too_far,
    low_utilization,
    temporal_ordering,
    name_clash,
)
OF_WORKLOADS: tuple[Callable[[WorkloadContext], Iterable[Finding]], ...] = (
    operator_types,
    equations,
    operand_order,
    bad_sources,
    unread_outputs,
    input_based_relations,
    missing_padding,
    size_mismatch,
    not_in_model,
)


def causes(context: Context) -> tuple[Finding, ...]:
    """What the rules say of the files, each cause once, without asking ZigZag."""
    found = [one for family in OF_ANY_FILES for one in family(context)]
    if has_accelerator(context):
        found += [one for family in OF_ACCELERATORS for one in family(context)]
    if has_mapping(context):
        found += [one for family in OF_MAPPINGS for one in family(context)]
    if has_workload(context):
        found += [one for family in OF_WORKLOADS for one in family(context)]
    return tuple(dict.fromkeys(found))


def diagnose(context: Context) -> tuple[Finding, ...]:
    """Everything that is wrong with the files; on a full triple, an error if and only if ZigZag raises."""
    return with_verdict(context, with_refused_values(context, causes(context)))
