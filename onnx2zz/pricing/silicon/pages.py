"""Pages of a DRAM: how many rows are opened for what a layer moves, when a tile is read as its tensor is stored.

A tensor lies row-major in the order of its indices (NCHW, as ONNX has it), from anywhere in a page. A tile is a box of
neighbours in it: runs of elements that lie side by side, the longer the more of the last indices it holds whole.
"""

from collections.abc import Mapping
from math import prod

from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.pricing.silicon.flow import Flow, PricedLayer
from onnx2zz.pricing.silicon.ports import ported, rounded
from onnx2zz.sidecar.figures import Pages


def activations(layer: PricedLayer, shares: Mapping[Flow, float], pages: Mapping[str, Pages]) -> dict[str, float]:
    """Memory -> rows that the layer opens in it. `shares`: what is left of each flow by the other rules."""
    opened = dict.fromkeys(pages, 0.0)
    for flow in layer.flows:
        if flow.memory in pages:
            opened[flow.memory] += _opened(layer, flow, shares[flow], pages[flow.memory].bits)
    return opened


def page_cycles(layer: PricedLayer, shares: Mapping[Flow, float], pages: Mapping[str, Pages]) -> float:
    """Cycles in which the busiest port of these memories moves data or waits for a row to be opened."""
    loads: dict[tuple[str, str], float] = {}
    for flow, port in ported(layer):
        page = pages.get(flow.memory)
        if page is not None and port.widest:
            waited = _opened(layer, flow, shares[flow], page.bits) * page.activation_cycles
            key = flow.memory, port.name
            loads[key] = loads.get(key, 0.0) + flow.bits * shares[flow] / port.widest + waited
    return max(map(rounded, loads.values()), default=0)


def _opened(layer: PricedLayer, flow: Flow, share: float, page_bits: float) -> float:
    """Rows that a flow opens: its transfers, each of them a tile of the memory below, times the pages of a tile.

    At most, on the average of where a tile begins: no row is still open from the transfer before. Rules that make a
    transfer shorter (coded zeros, sliding windows) leave its rows, so that these are as many as before.
    """
    if not share or not flow.width:
        return 0.0
    tile = _tile(layer, flow)
    # ZigZag's tiles may reach into the padding, or beyond a loop that the array does not divide; its counts do not.
    return flow.elements / prod(taken for taken, _, _ in tile) * pages_of_tile(tile, flow.width, page_bits)


def pages_of_tile(tile: tuple[tuple[float, float, int], ...], width: int, page_bits: float) -> float:
    """Pages that a tile touches, on the average of where it begins.

    `tile`: for each index, outermost first, how many of its values are taken, from how long a stretch of them, and how
    long the tensor is. A stretch of L bits that begins at any element touches 1 + (L - width) / page pages.
    """
    pages, span, pitch = 1.0, float(width), width
    for taken, stretch, whole in reversed(tile):
        # From the first bit of the tile to its last, gaps included: no more pages than that has.
        span += (stretch - 1) * pitch
        pages = min(taken * pages, 1.0 + (span - width) / page_bits)
        pitch *= whole
    return pages


def _tile(layer: PricedLayer, flow: Flow) -> tuple[tuple[float, float, int], ...]:
    sizes = layer.tile(flow.operand, flow.link)
    whole = {dim: round(size) for dim, size in sizes.items()}
    return tuple(_of_index(layer.layer, index, whole) for index in layer.layer.indices[flow.operand])


def _of_index(layer: EntryLayer, index: str, sizes: Mapping[str, int]) -> tuple[float, float, int]:
    relation, whole = layer.related.get(index), layer.span(index)
    if relation is None:
        taken = min(sizes.get(index, 1), layer.extent(index))
        return taken, taken, whole
    taken = min(relation.count(sizes), layer.extent(index))
    # A stride passes over elements, which lie between those that are taken.
    return taken, min(relation.stretch(sizes), whole), whole
