"""Where a layer's memory energy goes: operand by operand, memory by memory, direction by direction."""

from collections.abc import Iterator

from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.datatypes import LayerOperand
from zigzag.hardware.architecture.memory_port import DataDirection
from zigzag.mapping.data_movement import DataMoveAttr

from onnx2zz.zigzag.layer_price import Direction, LevelEnergy, Traffic
from onnx2zz.zigzag.plain import plain

DIRECTIONS: dict[DataDirection, Direction] = {
    DataDirection.RD_OUT_TO_LOW: "read_to_low",
    DataDirection.WR_IN_BY_LOW: "write_from_low",
    DataDirection.RD_OUT_TO_HIGH: "read_to_high",
    DataDirection.WR_IN_BY_HIGH: "write_from_high",
}


def memory_energy(evaluation: CostModelEvaluation) -> tuple[LevelEnergy, ...]:
    """ZigZag's breakdown (`mem_energy_breakdown`), with what passes in each direction."""
    links, hierarchy = evaluation.layer.memory_operand_links, evaluation.accelerator.memory_hierarchy
    return tuple(
        LevelEnergy(str(operand), memory.name, plain(energy), str(mem_op), tuple(_traffic(evaluation, operand, level)))
        for operand, energies in evaluation.mem_energy_breakdown.items()
        for mem_op in (links.layer_to_mem_op(operand),)
        for level, (memory, energy) in enumerate(zip(hierarchy.get_memory_levels(mem_op), energies, strict=False))
    )


def _traffic(evaluation: CostModelEvaluation, operand: LayerOperand, level: int) -> Iterator[Traffic]:
    """The elements are those that ZigZag charges for: what moves in a period, in each unit
    (cost_model/cost_model.py:487-508)."""
    moved = evaluation.mapping.unit_mem_data_movement[operand][level]
    amounts = moved.get_attribute(DataMoveAttr.DATA_TRANS_AMOUNT_PER_PERIOD)
    periods = moved.get_attribute(DataMoveAttr.DATA_TRANS_PERIOD_COUNT)
    # Units are counted by architecture level, of which the array is level 0; memories by their own.
    units = evaluation.mapping.spatial_mapping.unit_count[operand][level + 1]
    energies = evaluation.mem_energy_breakdown_further[operand][level]
    for theirs, ours in DIRECTIONS.items():
        elements = amounts.get(theirs) * periods.get(theirs) * units
        # ZigZag keeps all four directions of every memory; an input never moves up, and most memories move two ways.
        if elements:
            yield Traffic(ours, plain(elements), plain(energies.get(theirs)))
