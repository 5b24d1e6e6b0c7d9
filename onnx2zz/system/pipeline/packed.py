"""The ways to keep all weights on few cores, each packed for a share of the memories."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from onnx2zz.system.candidate import Candidate
from onnx2zz.system.candidates import unrolled
from onnx2zz.system.improvement import Choice
from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.channel_groups import grouped
from onnx2zz.system.pipeline.packing import Packing
from onnx2zz.system.pipeline.ways import boxes, priced
from onnx2zz.system.search import Search
from onnx2zz.system.tiling import Tiling

SHARES = (1.0, 0.95, 0.9, 0.8)
"""The share of each core's memory that is packed: what is left is for rows that wait longer than they are taken to."""


def packed(search: Search, cores: Sequence[CoreId]) -> Iterator[Choice]:
    """The ways to keep all weights on some cores that are alike, and may run any layer: those first whose busiest core
    has least to do."""
    prices = search.prices[cores[0]]
    array = dict(prices.inputs.hardware.array)
    units = {
        told.placed.id: {} if prices.chooses else unrolled(prices.mapping_of(told.placed.id), told.sizes, array)
        for told in search.graph.layers
    }
    groups = grouped(search.graph, units)
    capacity = min(search.system.by_id[core].capacity for core in cores)
    tried = [Packing(groups, cores, capacity * share, even).best() for share, even in product(SHARES, (True, False))]
    for one in sorted((one for one in tried if one is not None), key=lambda one: one.rounds):
        if (chosen := _priced(search, one.places)) is not None:
            yield chosen


def _priced(search: Search, found: Mapping[int, tuple[Tiling, tuple[CoreId, ...]]]) -> Choice | None:
    """The places with the prices of their tiles; None where a tile has none."""
    prices = search.prices[search.system.cores[0].id]
    layers = {layer: search.graph.layers[layer] for layer in sorted(found)}
    prices.find([wanted for layer, told in layers.items() for _, wanted in boxes(told, found[layer][0])])
    ways = {layer: priced(told, [found[layer][0]], prices) for layer, told in layers.items()}
    if not all(ways.values()):
        return None
    return {layer: Candidate(found[layer][0], found[layer][1], own.cycles, 0.0) for layer, (own,) in ways.items()}
