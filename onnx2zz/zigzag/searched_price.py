"""Energy and cycles of a layer by our search alone: without ZigZag's conversion and its cost model, which would say the
same and more.

This module imports zigzag (1-3 s); import it late.
"""

from zigzag.hardware.architecture.accelerator import Accelerator

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import PriceOptions, SearchedPrice
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.spatial import unrollings
from onnx2zz.zigzag.unrolling_prices import UnrollingPrices


def searched_price(
    entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator, options: PriceOptions
) -> SearchedPrice | None:
    """ZigZag's numbers to the last bit; None where ZigZag has to be asked, or has none."""
    # An ordering that is asked for, or annealing, is no search of ours.
    if mapping_entry.temporal_ordering is not None or not options.repeatable:
        return None
    prices = UnrollingPrices(entry, mapping_entry, accelerator, options)
    try:
        found = [
            prices.price(entry, one, patiently=False) for one in unrollings(entry, mapping_entry, accelerator, options)
        ]
    except PricingError:
        return None
    # The first of those that are as good, as ZigZag's reducers have it.
    best = min(found, key=lambda price: objective(options.opt).criteria(*price))
    return SearchedPrice(*best)
