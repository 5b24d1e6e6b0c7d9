"""Prices of tiles without ZigZag: whole iterations of the array, each so many cycles, and a start."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from onnx2zz.formats.shipped_files import find_mapping
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.network import Policy
from onnx2zz.pricing.inputs import PricedWorkload, load_inputs
from onnx2zz.pricing.price_cache import NoStore, PriceCache
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.task import Answer, PricingTerms
from onnx2zz.system.description import System
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.prices import Prices, Wanted, addition_entry
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions

UNITS = 8
UNROLLED = {"Conv": ("K", "G"), "Gemm": ("K",), "Pooling": ("G",), "Add": ("G", "K")}
"""The loops of which SENECA's mapping unrolls one."""


@dataclass
class InventedPrices(Prices):
    """`start` and `each`: cycles of a tile, and of an iteration of its array."""

    start: int = 0
    each: int = 1

    def find(self, wanted: Iterable[Wanted]) -> None:
        for one in wanted:
            key = self.key(one)  # makes the entry, too
            self.outcomes[key] = self._price(self.entries[one])

    def addition(self, wanted: Wanted) -> Answer | None:
        return self._price(addition_entry(*self.layers[wanted[0]], wanted[1])) if wanted[1].adds else None

    def outcome(self, wanted: Wanted) -> Answer:
        self.find([wanted])
        return super().outcome(wanted)

    def _price(self, entry: WorkloadEntry) -> LayerPrice:
        sizes = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))
        points = prod(sizes.values())
        rounds = min(
            points // size * -(-size // UNITS)
            for loop in UNROLLED[entry["operator_type"]]
            for size in [sizes.get(loop, 1)]
        )
        return LayerPrice(float(points), float(self.start + self.each * rounds), 1.0, (), (), 0.0, ())


def invented(system: System, graph: LayerGraph, start: int, each: int) -> dict[CoreId, Prices]:
    """Prices that all cores share."""
    core = system.cores[0]
    workload = PricedWorkload("drawn", "drawn", graph.entries)
    inputs = load_inputs(workload, core.accelerator, find_mapping("seneca_core"), PriceCache(NoStore()))
    terms = PricingTerms(inputs.accelerator, inputs.hardware.in_memory, PriceOptions(), "fast")
    layers = {told.placed.id: (told, entry) for told, entry in zip(graph.layers, graph.entries, strict=True)}
    made = InventedPrices(
        inputs, terms, None, Policy(), layers, Resources(), Path("zigzag.log"), start=start, each=each
    )
    return {one.id: made for one in system.cores}
