"""What ZigZag knows of an array that computes in memory beside the price of a layer: clock, area, peak."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zigzag.hardware.architecture.accelerator import Accelerator


@dataclass(frozen=True)
class InMemoryArray:
    """`tclk_ns`: the clock period, and its parts. Areas in mm2: the array's parts, and each memory of the file once, as
    ZigZag adds them up (cost_model/cost_model_imc.py:63-77). `peak_pj`: what a cycle costs with every unit at work and
    every input bit toggling, by part; `macs_per_cycle` of such a cycle (hardware/architecture/imc_array.py:432)."""

    analog: bool
    tclk_ns: float
    tclk_by_part: Mapping[str, float]
    area_mm2: float
    area_by_part: Mapping[str, float]
    macs_per_cycle: float
    peak_pj: Mapping[str, float]
    tops_peak: float
    topsw_peak: float
    topsmm2_peak: float


def _by_part(array: Mapping[str, float], memories: Mapping[str, float]) -> dict[str, float]:
    """The areas of both by name; the memory of the cells is called as the array's part in ZigZag's own files, and
    counts beside it."""
    names = dict.fromkeys((*array, *memories))
    return {name: array.get(name, 0.0) + memories.get(name, 0.0) for name in names}


def in_memory_array(accelerator: "Accelerator") -> InMemoryArray:
    """The facts of an accelerator whose array computes in memory."""
    from zigzag.hardware.architecture.imc_array import ImcArray

    from onnx2zz.zigzag.plain import plain

    array = accelerator.operational_array
    assert isinstance(array, ImcArray), "only asked of arrays that compute in memory"
    memories = {level.name: plain(level.memory_instance.area) for level in accelerator.memory_hierarchy.mem_level_list}
    # Term by term, as ZigZag adds: `sum` compensates its rounding since Python 3.12, and the last bit would differ.
    memory_area = 0.0
    for area in memories.values():
        memory_area += area
    per_cycle = array.get_peak_energy_single_cycle()
    return InMemoryArray(
        analog=bool(array.is_aimc),
        tclk_ns=plain(array.tclk),
        tclk_by_part={str(part): plain(value) for part, value in array.tclk_breakdown.items()},
        area_mm2=plain(array.area + memory_area),
        area_by_part=_by_part({str(part): plain(area) for part, area in array.area_breakdown.items()}, memories),
        # ZigZag keeps no number of MACs. It has divided it by the energy of a cycle, and counts two operations for
        # each.
        macs_per_cycle=plain(array.topsw_peak * sum(per_cycle.values()) / 2),
        peak_pj={str(part): plain(value) for part, value in per_cycle.items()},
        tops_peak=plain(array.tops_peak),
        topsw_peak=plain(array.topsw_peak),
        topsmm2_peak=plain(array.topsmm2_peak),
    )
