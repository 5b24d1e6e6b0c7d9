"""The price by which unrollings are compared: of the padded layer (padding.py), never below that layer's roofline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onnx2zz.mapping.padding import padded
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.unrolling import Unrolling, totals

if TYPE_CHECKING:
    from onnx2zz.zigzag.unrolling_prices import UnrollingPrices

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HonestPrice:
    """pJ and cycles of the padded layer, and the cycles that ZigZag gives it; `is_padded`: it is longer than asked."""

    energy_pj: float
    latency_cycles: float
    zigzags_cycles: float
    is_padded: bool


def honest_price(
    prices: "UnrollingPrices",
    unrolling: Unrolling,
    hardware: ArrayAndPorts,
    *,
    patiently: bool = True,
    bounds: Floats | None = None,
    surely: bool = False,
) -> HonestPrice:
    """What an unrolling of the layer of `prices` costs in truth. `patiently`: ZigZag's own search may run; `bounds`:
    what each of its orderings costs at least, `surely`: used only where that raises nothing less. Raises
    PricingError."""
    in_truth = padded(prices.entry, totals(unrolling))
    energy, cycles = prices.price(in_truth, unrolling, patiently=patiently, bounds=bounds, surely=surely)
    least = roofline(in_truth, prices.mapping_entry, hardware).cycles
    # `padded` gives back the entry itself where nothing grows, so identity says it.
    return HonestPrice(energy, max(cycles, least), cycles, in_truth is not prices.entry)
