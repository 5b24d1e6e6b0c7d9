"""Where a layer's energy and cycles go, and how its loops lie in the memories: what a report draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.files.document import Value
from onnx2zz.pricing.roofline import PortLoad
from onnx2zz.zigzag.layer_price import Cycles, LayerPrice, LevelEnergy

Loop = tuple[str, float]


@dataclass(frozen=True)
class LevelLoops:
    """The temporal loops that run inside a memory, innermost first."""

    memory: str
    loops: tuple[Loop, ...]


@dataclass(frozen=True)
class Breakdown:
    """`operations`: loop points. `compute_cycles`: what they take with every unit at work. `port`: the busiest port of
    the highest memories. `bits`: each operand's tensor. `memory_energy`: each operand's memories, lowest first, with
    what passes them. `temporal_mapping`: operand -> its memories, lowest first. `cycles`: what the latency consists of.
    """

    operations: int
    compute_cycles: float
    port: PortLoad | None
    bits: Mapping[str, int]
    operation_energy_pj: float
    memory_energy: tuple[LevelEnergy, ...]
    temporal_mapping: Mapping[str, tuple[LevelLoops, ...]]
    cycles: Cycles | None = None


@dataclass(frozen=True)
class BreakdownPart:
    """What was priced on: the array's dimensions, its units, and the memories' sizes in bit, lowest first; the data of
    the accelerator's file, with the costs that CACTI gave, and where its figures come from as far as comments tell."""

    array: Mapping[str, int]
    units: int
    memories: Mapping[str, int]
    accelerator: Value = None
    sources: Mapping[str, str] = field(default_factory=dict[str, str])


def breakdown(
    price: LayerPrice, operations: int, units: int, port: PortLoad | None, bits: Mapping[str, int]
) -> Breakdown:
    """What ZigZag says of a layer, beside what the layer is."""
    return Breakdown(
        operations=operations,
        compute_cycles=operations / units,
        port=port,
        bits=dict(bits),
        operation_energy_pj=price.operation_energy_pj,
        memory_energy=price.memory_energy,
        temporal_mapping={operand: _levels(price, operand, levels) for operand, levels in price.temporal_mapping},
        cycles=price.cycles,
    )


def _levels(price: LayerPrice, operand: str, levels: tuple[tuple[Loop, ...], ...]) -> tuple[LevelLoops, ...]:
    # With `strict` below: both lists come from ZigZag's levels of this operand, and must not be matched by chance.
    memories = [level.memory for level in price.memory_energy if level.operand == operand]
    return tuple(LevelLoops(memory, loops) for memory, loops in zip(memories, levels, strict=True))
