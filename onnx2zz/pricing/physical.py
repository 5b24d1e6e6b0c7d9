"""Beside ZigZag's numbers, what the accelerator's sidecar file says about its silicon (docs/physical.md).

Units: energy in pJ, power in pW, time in ns, area in um2, sizes in bit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from onnx2zz.formats.accelerator import Hierarchy, Memory
from onnx2zz.pricing.silicon.cycles import CyclesLost, cycles_lost, slow_cycles
from onnx2zz.pricing.silicon.flow import PricedLayer
from onnx2zz.pricing.silicon.pages import activations
from onnx2zz.pricing.silicon.passes import passes
from onnx2zz.pricing.silicon.ports import port_cycles
from onnx2zz.pricing.silicon.shares import Kept, kept
from onnx2zz.sidecar.figures import Correction, Sidecar
from onnx2zz.zigzag.layer_price import LevelEnergy

READS = ("read_to_low", "read_to_high")
PJ_PER_PW_NS = 1e-9
PJ_PER_MW_NS = 1.0

Bits = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Memory -> operand (I, W, O) -> bits read, and bits written."""


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
    """One layer: ZigZag's energy with all corrections, static energy, time. None where the sidecar has no figures.

    `latency_cycles`, `energy_pj`, `traffic_bits`: ZigZag's, and what all rules of docs/physical.md make of them; the
    energy has the corrections and idle power in it, the static energy is apart. `cycles_lost` and `saved_pj` have each
    rule's part, `passes` how often the units take up new stationary data, `density` what the rules took for it,
    `port_cycles` how long the highest memory's busiest port is at work, `access_cycles` that of memories that are not
    pipelined or open rows, `activations` the rows that are opened in each memory.
    """

    corrected_energy_pj: float
    static_energy_pj: float | None
    latency_ns: float | None
    corrections: tuple[LevelCorrection, ...]
    latency_cycles: float
    energy_pj: float
    traffic_bits: Bits
    cycles_lost: CyclesLost
    saved_pj: Mapping[str, float]
    idle_energy_pj: float | None
    passes: int
    density: Mapping[str, float]
    port_cycles: float
    access_cycles: float
    activations: Mapping[str, float]
    activation_energy_pj: float | None


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
    latency_cycles: float = 0.0
    energy_pj: float = 0.0
    traffic_bits: Bits = field(default_factory=dict[str, Mapping[str, Mapping[str, float]]])
    cycles_lost: CyclesLost = field(default_factory=CyclesLost)
    saved_pj: Mapping[str, float] = field(default_factory=dict[str, float])
    idle_energy_pj: float | None = None
    activations: Mapping[str, float] = field(default_factory=dict[str, float])
    activation_energy_pj: float | None = None


def layer_physical(layer: PricedLayer, sidecar: Sidecar) -> LayerPhysical:
    """What a layer's price becomes. An operand of 0 bits does not exist, and costs nothing."""
    price = layer.price
    applied = tuple(
        _corrections(price.memory_energy, layer.layer.operations, layer.layer.precision, sidecar.corrections)
    )
    # As differences, so that a layer without corrections keeps ZigZag's energy to the last bit.
    corrected = price.energy_pj + sum(one.corrected_pj - one.zigzag_pj for one in applied)
    left = kept(layer, sidecar)
    lost = cycles_lost(layer, sidecar, left.shares)
    cycles = price.latency_cycles + lost.total
    # Of the cycles with all losses: static and idle power are drawn while the array waits as well.
    time = None if sidecar.clock_mhz is None else cycles * 1e3 / sidecar.clock_mhz
    power = static_power_pw(sidecar, layer.hierarchy)
    idle = None if time is None or sidecar.idle_mw is None else sidecar.idle_mw * time * PJ_PER_MW_NS
    opened = activations(layer, left.shares, sidecar.dram_pages)
    opening = sum(rows * sidecar.dram_pages[memory].activation_pj for memory, rows in opened.items())
    return LayerPhysical(
        corrected_energy_pj=corrected,
        static_energy_pj=None if time is None or power is None else power * time * PJ_PER_PW_NS,
        latency_ns=time,
        corrections=applied,
        latency_cycles=cycles,
        energy_pj=corrected - sum(left.saved_pj.values()) + (idle or 0.0) + opening,
        traffic_bits=_traffic(layer, left),
        cycles_lost=lost,
        saved_pj=left.saved_pj,
        idle_energy_pj=idle,
        passes=passes(layer),
        density=layer.density,
        port_cycles=port_cycles(layer, left.shares),
        access_cycles=slow_cycles(layer, sidecar, left.shares),
        activations=opened,
        activation_energy_pj=opening if sidecar.dram_pages else None,
    )


def _traffic(layer: PricedLayer, left: Kept) -> dict[str, dict[str, dict[str, float]]]:
    bits: dict[str, dict[str, dict[str, float]]] = {}
    for flow in layer.flows:
        of_operand = bits.setdefault(flow.memory, {}).setdefault(flow.operand, {"read": 0.0, "write": 0.0})
        of_operand["read" if flow.is_read else "write"] += flow.bits * left.shares[flow]
    return bits


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
        latency_cycles=_sum(layer.latency_cycles for layer in layers),
        energy_pj=_sum(layer.energy_pj for layer in layers),
        traffic_bits=_all_traffic(layers),
        cycles_lost=CyclesLost(
            skew=_sum(layer.cycles_lost.skew for layer in layers),
            between_passes=_sum(layer.cycles_lost.between_passes for layer in layers),
            dram=_sum(layer.cycles_lost.dram for layer in layers),
            in_output_path=_sum(layer.cycles_lost.in_output_path for layer in layers),
            accesses=_sum(layer.cycles_lost.accesses for layer in layers),
            pages=_sum(layer.cycles_lost.pages for layer in layers),
        ),
        saved_pj={
            rule: _sum(layer.saved_pj.get(rule) for layer in layers)
            for rule in dict.fromkeys(rule for layer in layers for rule in layer.saved_pj)
        },
        idle_energy_pj=_sum(layer.idle_energy_pj for layer in layers) if sidecar.idle_mw is not None else None,
        activations={memory: _sum(layer.activations.get(memory) for layer in layers) for memory in sidecar.dram_pages},
        activation_energy_pj=_sum(layer.activation_energy_pj for layer in layers) if sidecar.dram_pages else None,
    )


def _all_traffic(layers: Sequence[LayerPhysical]) -> Bits:
    bits: dict[str, dict[str, dict[str, float]]] = {}
    for layer in layers:
        for memory, operands in layer.traffic_bits.items():
            for operand, ways in operands.items():
                of_operand = bits.setdefault(memory, {}).setdefault(operand, {"read": 0.0, "write": 0.0})
                for way, moved in ways.items():
                    of_operand[way] += moved
    return bits


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
            # ZigZag charges nothing for an operand of 0 bits, but a correction per operation would.
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
