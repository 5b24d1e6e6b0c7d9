"""The price by which unrollings are compared: of the padded layer (padding.py), never below that layer's roofline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.padding import padded
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.unrolling import Unrolling, totals

if TYPE_CHECKING:
    from onnx2zz.zigzag.accelerator import Accelerator


@dataclass(frozen=True)
class HonestPrice:
    """pJ and cycles of the padded layer, and the cycles that ZigZag gives it; `is_padded`: it is longer than asked."""

    energy_pj: float
    latency_cycles: float
    zigzags_cycles: float
    is_padded: bool


def honest_price(
    entry: WorkloadEntry,
    mapping_entry: MappingEntry,
    unrolling: Unrolling,
    accelerator: "Accelerator",
    hardware: ArrayAndPorts,
    options: PriceOptions,
    *,
    patiently: bool = True,
) -> HonestPrice:
    """What an unrolling costs in truth. `patiently`: ZigZag's own search may run. Raises PricingError."""
    from onnx2zz.zigzag.spatial import price_unrolling

    in_truth = padded(entry, totals(unrolling))
    energy, cycles = price_unrolling(in_truth, mapping_entry, unrolling, accelerator, options, patiently=patiently)
    least = roofline(in_truth, mapping_entry, hardware).cycles
    return HonestPrice(energy, max(cycles, least), cycles, in_truth is not entry)
