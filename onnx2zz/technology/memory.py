"""What a memory costs at a node: CACTI's answer, and below its newest node that answer scaled."""

from dataclasses import dataclass, replace

from onnx2zz.pricing.extraction import memory_costs
from onnx2zz.technology.scaling import area_factor, energy_factor, node, scaled_by
from onnx2zz.zigzag.cacti_costs import KINDS, Asked, MemoryCosts, MemoryKind

NEWEST_OF_CACTI_NM = 22.0
"""CACTI 7 has figures for 22, 32, 45, 65 and 90 nm, and interpolates between them."""


@dataclass(frozen=True)
class SourcedCosts:
    """pJ for an access of the full width, mm2 for one instance, and where both come from."""

    costs: MemoryCosts
    source: str


def costs_at(kind: MemoryKind, bits: int, width: int, nanometres: float, volts: float | None = None) -> SourcedCosts:
    """A memory of so many bits with accesses of `width` bits. `volts`: the supply below 22 nm, where CACTI's answer is
    scaled; CACTI has its own. Raises InputError where CACTI says nothing."""
    asked = max(nanometres, NEWEST_OF_CACTI_NM)
    found = memory_costs(Asked(kind, bits, width, round(asked / 1000, 6)))
    source = f"CACTI 7 as zigzag-dse brings it, {KINDS[kind]}, {bits:,} bit, {width} bit an access, {asked:g} nm"
    if nanometres == asked:
        return SourcedCosts(found, source)
    of, to = node(asked), node(nanometres, volts)
    energy, area = energy_factor(of, to), area_factor(of, to)
    scaled = replace(
        found, read_pj=found.read_pj * energy, write_pj=found.write_pj * energy, area_mm2=found.area_mm2 * area
    )
    return SourcedCosts(scaled, f"{source}, {scaled_by(of, to)}")
