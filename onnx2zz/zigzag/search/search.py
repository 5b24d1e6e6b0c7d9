"""A layer under one spatial mapping, and all of LOMA's orderings of its temporal loops with their prices.

`convert` makes one from ZigZag's objects; `temporal_mapping` turns an ordering into what ZigZag's CostModelStage takes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zigzag.datatypes import LayerDim
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.spatial_mapping import SpatialMapping
from zigzag.mapping.spatial_mapping_internal import SpatialMappingInternal
from zigzag.mapping.temporal_mapping import TemporalMapping, TemporalMappingType
from zigzag.opt.loma.memory_allocator import MemoryAllocator
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.mapping.spatial_mapping_conversion import SpatialMappingConversionStage
from zigzag.workload.layer_node import LayerNode

from onnx2zz.zigzag.layer_price import LPF_LIMIT
from onnx2zz.zigzag.objective import ObjectiveName

from .loop_factors import LoopFactors, loop_factors
from .nest import Nest
from .objective import Candidate, first_best
from .orderings import Loops, Orderings, chunks
from .pricing import Prices, price, size_tables
from .reading import NotCoveredError, read_nest

ORDERINGS_AT_ONCE = 4096
"""Bounds the memory of pricing to some tens of MB, whatever the number of orderings."""
EXACT_BELOW = 2**46
"""Above it ZigZag's rounded products of ratios may miss the whole number they stand for (mapping/mapping.py:226)."""


@dataclass(frozen=True)
class SearchedLayer:
    """A layer on an accelerator under one spatial mapping, in ZigZag's two versions of it."""

    accelerator: Accelerator
    layer: LayerNode
    fractional: SpatialMappingInternal
    integer: SpatialMappingInternal
    lpf_limit: int | None = LPF_LIMIT
    mapping_type: TemporalMappingType = TemporalMappingType.UNEVEN
    keeps_at_output: bool = True


def convert(
    accelerator: Accelerator, layer: LayerNode, mapping: SpatialMapping, lpf_limit: int | None = LPF_LIMIT
) -> SearchedLayer:
    """The searched layer for a spatial mapping per array dimension, which becomes the layer's own."""
    layer.spatial_mapping = mapping
    stage = SpatialMappingConversionStage([CostModelStage], accelerator=accelerator, layer=layer)
    fractional, integer = stage.convert_user_spatial_mapping(mapping)
    return SearchedLayer(accelerator, layer, fractional, integer, lpf_limit)


@dataclass(frozen=True)
class Chunk:
    """Orderings priced together; first: the place of the first one among all that meet the user's demands."""

    first: int
    named: tuple[tuple[LayerDim, int], ...]
    orderings: Orderings
    prices: Prices

    def winner(self, objective: ObjectiveName) -> Candidate:
        row = first_best(objective, self.prices.energy, self.prices.latency)
        place = int(self.prices.rows[row])
        return Candidate(
            rank=self.first + place,
            ordering=tuple(self.named[int(loop)] for loop in self.orderings.loop[place]),
            energy=float(self.prices.energy[row]),
            latency=float(self.prices.latency[row]),
        )


def priced_chunks(setting: SearchedLayer, rows: int) -> Iterator[Chunk]:
    """All orderings in LOMA's order with their prices, from at most `rows` permutations at a time. Raises
    NotCoveredError."""
    yield from chunks_of(setting, *read(setting), rows)


def read(setting: SearchedLayer) -> tuple[Nest, LoopFactors]:
    """What the search needs to know of a layer. Raises NotCoveredError."""
    nest = read_nest(setting.accelerator, setting.layer, setting.fractional, setting.integer, setting.keeps_at_output)
    factors = loop_factors(
        setting.accelerator, setting.layer, setting.fractional, setting.mapping_type, setting.lpf_limit
    )
    check_exact(nest, factors.loops)
    return nest, factors


def chunks_of(setting: SearchedLayer, nest: Nest, factors: LoopFactors, rows: int) -> Iterator[Chunk]:
    """The same of what has been read."""
    tables = size_tables(nest, factors.loops)
    even = setting.mapping_type == TemporalMappingType.EVEN
    first = 0
    for orderings in chunks(factors.loops, factors.fixed, rows):
        yield Chunk(first, factors.named, orderings, price(nest, tables, orderings, even))
        first += len(orderings)


def check_exact(nest: Nest, loops: Loops) -> None:
    """Raises NotCoveredError for a layer that is too large."""
    # The largest number that is ever formed is one of bits: all iterations times all units times the widest element.
    units = max(operand.fractional.units[0] for operand in nest.operands)
    bits = max(max(operand.precision, operand.final_precision) for operand in nest.operands)
    if loops.iterations * units * bits >= EXACT_BELOW:
        raise NotCoveredError("the layer is too large for exact floats")


def temporal_mapping(setting: SearchedLayer, ordering: Sequence[tuple[LayerDim, int]]) -> TemporalMapping:
    """ZigZag's own allocation of this ordering."""
    allocator = MemoryAllocator(
        setting.accelerator, setting.layer, setting.fractional, list(ordering), setting.mapping_type
    )
    return allocator.run()
