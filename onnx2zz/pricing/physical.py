"""Beside ZigZag's numbers, what the accelerator's sidecar file says about its silicon (docs/physical.md).

Units: energy in pJ, power in pW, time in ns, area in um2, sizes in bit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from onnx2zz.formats.accelerator import Hierarchy, Memory
from onnx2zz.sidecar.figures import Correction, Sidecar
from onnx2zz.zigzag.layer_price import LayerPrice, LevelEnergy

READS = ("read_to_low", "read_to_high")
PJ_PER_PW_NS = 1e-9


@dataclass(frozen=True)
class LevelCorrection:
    """One correction of one layer: what ZigZag charges for these accesses, and what they cost after it."""

    name: str
    operand: str
    memory: str
    zigzag_pj: float
    corrected_pj: float


@dataclass(frozen=True)
class LayerPhysical:
    """One layer: ZigZag's energy with all corrections, static energy, time. None where the sidecar has no figures."""

    corrected_energy_pj: float
    static_energy_pj: float | None
    latency_ns: float | None
    corrections: tuple[LevelCorrection, ...]


@dataclass(frozen=True)
class TotalPhysical:
    """The sums over the priced layers, and the accelerator's area: ours (`area_um2`) and by the areas in its file.

    `without_static`, `without_area`: memories of which the sidecar gives no figure. They count 0 in the static energy,
    and their file's area in ours.
    """

    corrected_energy_pj: float
    static_energy_pj: float | None
    latency_ns: float | None
    area_um2: float | None
    zigzag_area_um2: float
    without_static: tuple[str, ...]
    without_area: tuple[str, ...]


def layer_physical(
    price: LayerPrice, operations: int, widths: Mapping[str, int], sidecar: Sidecar, hierarchy: Hierarchy
) -> LayerPhysical:
    """What `price` becomes. `operations`: the layer's loop points. `widths`: bits of each of its operands; one of 0
    bits does not exist, and costs nothing."""
    applied = tuple(_corrections(price.memory_energy, operations, widths, sidecar.corrections))
    time = None if sidecar.clock_mhz is None else price.latency_cycles * 1e3 / sidecar.clock_mhz
    power = static_power_pw(sidecar, hierarchy)
    return LayerPhysical(
        corrected_energy_pj=price.energy_pj + sum(one.corrected_pj - one.zigzag_pj for one in applied),
        static_energy_pj=None if time is None or power is None else power * time * PJ_PER_PW_NS,
        latency_ns=time,
        corrections=applied,
    )


def total_physical(
    layers: Sequence[LayerPhysical], sidecar: Sidecar, hierarchy: Hierarchy, unit_area: float
) -> TotalPhysical:
    """The sums; `unit_area` is that of one unit of the array."""
    # A sum is None, not 0, where no memory has the figure: what nobody has measured must not look free. Where some have
    # it, the sum is given, and the memories that it leaves out are named beside it.
    with_area = [name for name, figures in sidecar.memories.items() if figures.um2_per_bit is not None]
    powered = [name for name, figures in sidecar.memories.items() if figures.static_pw_per_bit is not None]
    return TotalPhysical(
        corrected_energy_pj=sum(layer.corrected_energy_pj for layer in layers),
        static_energy_pj=_sum(layer.static_energy_pj for layer in layers) if powered else None,
        latency_ns=_sum(layer.latency_ns for layer in layers) if sidecar.clock_mhz is not None else None,
        area_um2=area_um2(hierarchy, unit_area, sidecar) if with_area else None,
        zigzag_area_um2=area_um2(hierarchy, unit_area),
        without_static=tuple(m.name for m in hierarchy.memories if powered and m.name not in powered),
        without_area=tuple(m.name for m in hierarchy.memories if with_area and m.name not in with_area),
    )


def area_um2(hierarchy: Hierarchy, unit_area: float, sidecar: Sidecar | None = None) -> float:
    """The area of all memories and units: by the sidecar where it has a figure, else by ZigZag's file (and in its
    unit, which is the user's choice)."""
    figures = sidecar or Sidecar("")
    memories = sum(_area_um2(memory, figures, hierarchy) for memory in hierarchy.memories)
    return memories + hierarchy.units * unit_area


def _sum(values: Iterator[float | None]) -> float:
    return sum(value or 0.0 for value in values)


def _corrections(
    levels: Sequence[LevelEnergy], operations: int, widths: Mapping[str, int], corrections: Sequence[Correction]
) -> Iterator[LevelCorrection]:
    for correction in corrections:
        for level in levels:
            here = (level.memory, level.memory_operand) == (correction.memory, correction.operand)
            if here and widths[level.operand]:
                charged = _charged(level, correction)
                corrected = charged * correction.factor + correction.pj_per_operation * operations
                yield LevelCorrection(correction.name, level.operand, level.memory, charged, corrected)


def _charged(level: LevelEnergy, correction: Correction) -> float:
    if correction.access is None:
        return level.energy_pj
    wanted = correction.access == "read"
    return sum(traffic.energy_pj for traffic in level.traffic if (traffic.direction in READS) == wanted)


def instances(memory: Memory, hierarchy: Hierarchy) -> int:
    """How often a memory is there: once for each unit along the array dimensions that it does not serve
    (zigzag hardware/architecture/memory_level.py)."""
    return prod(size for dimension, size in hierarchy.array.items() if dimension not in memory.served)


def _bits(memory: Memory, hierarchy: Hierarchy) -> int:
    return (memory.size or 0) * instances(memory, hierarchy)


def static_power_pw(sidecar: Sidecar, hierarchy: Hierarchy) -> float | None:
    figures = [(memory, sidecar.memories.get(memory.name)) for memory in hierarchy.memories]
    powers = [
        said.static_pw_per_bit * _bits(memory, hierarchy)
        for memory, said in figures
        if said is not None and said.static_pw_per_bit is not None
    ]
    return sum(powers) if powers else None


def _area_um2(memory: Memory, sidecar: Sidecar, hierarchy: Hierarchy) -> float:
    said = sidecar.memories.get(memory.name)
    if said is None or said.um2_per_bit is None:
        return _area_in_file(memory, hierarchy)
    return said.um2_per_bit * _bits(memory, hierarchy)


def _area_in_file(memory: Memory, hierarchy: Hierarchy) -> float:
    area = memory.raw.get("area")
    known = area if isinstance(area, int | float) else None
    return (known or 0.0) * instances(memory, hierarchy)
