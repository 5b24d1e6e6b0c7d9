"""Of which choices the honest price is what ZigZag says, to the last bit: nothing is lengthened, no roofline counts."""

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.chosen import Choice
from onnx2zz.mapping.padding import padded
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.layer_price import SearchedPrice
from onnx2zz.zigzag.unrolling import totals


def chosen_price(
    choice: Choice, entry: WorkloadEntry, mapping_entry: MappingEntry, hardware: ArrayAndPorts
) -> SearchedPrice | None:
    """The price that ZigZag has for a choice, known from choosing; None where ZigZag has to be asked."""
    best = choice.best
    if best is None or best.energy_pj is None or best.latency_cycles is None:
        return None
    # The honest price is of the padded layer, and not below its roofline (honest.py): where neither changes anything
    # it is ZigZag's.
    if padded(entry, totals(best.unrolling)) is not entry:
        return None
    if best.latency_cycles <= roofline(entry, mapping_entry, hardware).cycles:
        return None
    return SearchedPrice(best.energy_pj, best.latency_cycles)
