"""From ZigZag's accelerator, layer and spatial mappings to a Nest, and which of them the search does not cover."""

from math import ceil

from zigzag.datatypes import Constants, LayerDim, LayerOperand, MemoryOperand
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.hardware.architecture.imc_array import ImcArray
from zigzag.hardware.architecture.memory_level import MemoryLevel
from zigzag.hardware.architecture.operational_array import OperationalArray
from zigzag.mapping.spatial_mapping_internal import SpatialMappingInternal
from zigzag.workload.layer_node import LayerNode

from .nest import (
    READ_TO_LOW,
    AllocatedMemory,
    DataDirection,
    Nest,
    Operand,
    OperandLevel,
    PartialAxis,
    PhysicalPort,
    Unrolling,
    Width,
)


class NotCoveredError(Exception):
    """ZigZag's own search has to price this layer; the message says why."""


def read_nest(
    accelerator: Accelerator,
    layer: LayerNode,
    fractional: SpatialMappingInternal,
    integer: SpatialMappingInternal,
    keeps_at_output: bool = True,
) -> Nest:
    """Collect what the search reads. Raises NotCoveredError where it could not promise ZigZag's numbers."""
    array = accelerator.operational_array
    # It has a cost model of its own, with cycles for each bit of an input, which these modules do not mirror.
    if isinstance(array, ImcArray) or not isinstance(array, OperationalArray):
        raise NotCoveredError("the array computes in memory")
    number = {dim: index for index, dim in enumerate(layer.layer_dims)}
    links = layer.memory_operand_links
    # Numbers by the layer's own order of operands: ZigZag adds energies and fills memories in it.
    operand_of = {mem_op: layer.layer_operands.index(op) for op, mem_op in links.layer_and_mem_ops()}
    nest = Nest(
        dims=len(number),
        operands=tuple(_operand(op, accelerator, layer, number, fractional, integer) for op in layer.layer_operands),
        memories=_memories(accelerator, operand_of),
        ports=_ports(accelerator, operand_of),
        sharing=tuple(
            tuple((operand_of[mem_op], level) for mem_op, level in group.items() if mem_op in operand_of)
            for group in accelerator.mem_sharing_list
        ),
        mac_energy=array.unit.energy_cost * layer.total_mac_count,
        drain_cycles=_drain_cycles(array, layer),
        keeps_at_output=keeps_at_output,
    )
    _check(nest, layer)
    return nest


def _operand(
    op: LayerOperand,
    accelerator: Accelerator,
    layer: LayerNode,
    number: dict[LayerDim, int],
    fractional: SpatialMappingInternal,
    integer: SpatialMappingInternal,
) -> Operand:
    mem_op = layer.memory_operand_links.layer_to_mem_op(op)
    is_output = op == layer.output_operand
    precision = layer.operand_precision[op]
    relevancy = layer.loop_relevancy_info
    return Operand(
        name=op.name,
        is_output=is_output,
        # In ZigZag's order, which is that of its multiplications: fractions round by it.
        relevant=tuple(number[dim] for dim in relevancy.r_dims[op] if dim in number),
        irrelevant=tuple(number[dim] for dim in relevancy.ir_dims[op] if dim in number),
        partial=tuple(_partial_axis(axis, layer, number) for axis in relevancy.pr_dims[op]),
        precision=precision,
        final_precision=layer.operand_precision[Constants.FINAL_OUTPUT_LAYER_OP] if is_output else precision,
        elements=layer.operand_size_elem[op],
        fractional=_unrolling(op, fractional, number),
        integer=_unrolling(op, integer, number),
        levels=tuple(_level(level, mem_op) for level in accelerator.mem_hierarchy_dict[mem_op]),
    )


def _partial_axis(axis: LayerDim, layer: LayerNode, number: dict[LayerDim, int]) -> PartialAxis:
    first, second = layer.pr_loop[axis]
    (_, first_stride), (_, second_stride) = layer.pr_scaling_factors[axis]
    assert layer.pr_layer_dim_sizes is not None
    return PartialAxis(number[first], number[second], first_stride, second_stride, layer.pr_layer_dim_sizes[axis])


def _unrolling(op: LayerOperand, mapping: SpatialMappingInternal, number: dict[LayerDim, int]) -> Unrolling:
    return Unrolling(
        levels=tuple(
            tuple((number[dim], float(size)) for dim, size in level) for level in mapping.mapping_dict_origin[op]
        ),
        boost=tuple(mapping.mem_bw_boost[op]),
        units=tuple(mapping.unit_count[op]),
    )


def _level(level: MemoryLevel, mem_op: MemoryOperand) -> OperandLevel:
    widths: dict[DataDirection, Width] = {}
    for direction in DataDirection:
        least, greatest = level.get_min_bandwidth(mem_op, direction), level.get_max_bandwidth(mem_op, direction)
        if least and greatest:
            widths[direction] = Width(least, greatest)
        # ZigZag asserts that both widths are there and not 0 (cost_model.py:511), and says nothing useful when it
        # fails.
        elif least is not None or greatest is not None:
            raise NotCoveredError(f"memory {level.name} has a port of width zero")
    return OperandLevel(level.memory_instance.size, level.read_energy, level.write_energy, widths)


def _memories(accelerator: Accelerator, operand_of: dict[MemoryOperand, int]) -> tuple[AllocatedMemory, ...]:
    hierarchy = accelerator.memory_hierarchy
    tops = {mem_op: hierarchy.get_operand_top_level(mem_op) for mem_op in operand_of}
    return tuple(
        AllocatedMemory(
            operands=tuple(operand_of[mem_op] for mem_op in node.operands if mem_op in operand_of),
            top_of=frozenset(operand_of[mem_op] for mem_op in node.operands if node == tops.get(mem_op)),
            capacity=node.memory_instance.size,
            double_buffered=bool(node.memory_instance.force_double_buffering),
        )
        for node in hierarchy.topological_sort()
    )


def _ports(accelerator: Accelerator, operand_of: dict[MemoryOperand, int]) -> tuple[PhysicalPort, ...]:
    levels = accelerator.memory_hierarchy.mem_level_list
    for level in levels:
        # ZigZag keeps a memory's activities by the name of the port (cost_model.py:742): the second one replaces the
        # first, so that traffic disappears. Its own search has to do that.
        if len({port.name for port in level.ports}) < len(level.ports):
            raise NotCoveredError(f"two ports of memory {level.name} have one name")
    return tuple(
        PhysicalPort(
            width=port.bw_max,
            shared_by_inputs=port.port_is_shared_by_two_input_operands,
            transfers=tuple(
                (operand_of[mem_op], level, direction)
                for mem_op, level, direction in port.served_op_lv_dir
                if mem_op in operand_of
            ),
        )
        for memory in levels
        for port in memory.ports
    )


def _drain_cycles(array: OperationalArray, layer: LayerNode) -> int:
    """cost_model/cost_model.py:1105-1111: the results' way out of a systolic array."""
    # Of the layer, where ZigZag reads it: the two converted mappings are by memory level, and know no array dims any
    # more.
    mapping = layer.spatial_mapping
    return sum(max(ceil(mapping[dim].utilization) - 1, 0) for dim in array.systolic_dimensions if dim in mapping)


def _check(nest: Nest, layer: LayerNode) -> None:
    axes = [axis for operand in nest.operands for axis in set(operand.partial)]
    for operand in nest.operands:
        swept = [dim for axis in operand.partial for dim in (axis.first, axis.second)]
        # In each of these cases the arrays could not follow ZigZag's arithmetic step by step. They are rare, and
        # ZigZag's own search prices them: a slow number is better than a wrong one.
        if len(set(swept)) < len(swept):
            raise NotCoveredError(f"a loop sweeps two axes of operand {operand.name}")
        if any(
            size < 1 for mapping in (operand.fractional, operand.integer) for lv in mapping.levels for _, size in lv
        ):
            raise NotCoveredError(f"operand {operand.name} is unrolled by less than one")
        if not operand.is_output and any(READ_TO_LOW not in level.widths for level in operand.levels):
            raise NotCoveredError(f"operand {operand.name} cannot be read from one of its memories")
    if any(axis.extent < 1 for axis in axes):
        raise NotCoveredError("an axis is empty")
