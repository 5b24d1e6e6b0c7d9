"""Which orderings of a layer under one spatial mapping can still win: what each of them costs at least."""

from copy import copy
from dataclasses import replace

import numpy as np
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.objective import objective as objective_of
from onnx2zz.zigzag.unrolling import Unrolling, plain

from .allocation import allocate
from .arrays import Floats
from .footprint import tile_tables
from .least import least
from .loop_factors import LoopFactors
from .nest import READ_TO_HIGH, READ_TO_LOW, WRITE_FROM_HIGH, WRITE_FROM_LOW, Nest, Operand
from .nest import Unrolling as UnrolledBy
from .orderings import IN_ONE_PIECE, chunks, how_many
from .search import SearchedLayer
from .spread import Candidates, narrowest
from .whole_unrolling import Ground, Lengthened, ground

MANY = 1000
"""Of fewer orderings the prices cost as little as the bounds."""
LOOKED_AT = 24
"""Orderings that are looked at for one that fits: where any does, most do."""


def ordering_bounds(setting: SearchedLayer, nest: Nest, objective: ObjectiveName) -> Floats | None:
    """(orderings,) in LOMA's order, in the objective's unit. None where nothing is known, and where ZigZag might stop
    at an ordering: all must be priced then, since whether it stops has to be found out. Raises NotCoveredError."""
    if not never_stops(nest):
        return None
    # A copy, since `ground` gives its layer a mapping that unrolls nothing.
    layer = copy(setting.layer)
    base = ground(setting.accelerator, layer, setting.mapping_type, setting.lpf_limit, setting.keeps_at_output)
    array = setting.accelerator.operational_array.dimension_sizes
    unrolling = plain(setting.layer.spatial_mapping.items(), map(str, array))
    sizes = Lengthened({str(dim): layer.layer_dim_sizes[dim] for dim in layer.layer_dims}, {})
    # One comparison instead of a list of conditions: bounds are those of unrollings that divide, and where ZigZag's
    # conversion, with its fractions and repairs, comes to the same nest, this is one.
    if not base.divides(unrolling, sizes) or base.under(unrolling, sizes) != _without_ones(nest):
        return None
    return bounds_under(base, unrolling, sizes, objective)


def _without_ones(nest: Nest) -> Nest:
    """ZigZag keeps a loop that is unrolled once, which changes nothing."""

    def tidied(unrolled: UnrolledBy) -> UnrolledBy:
        return replace(
            unrolled, levels=tuple(tuple(pair for pair in level if pair[1] != 1) for level in unrolled.levels)
        )

    operands = (
        replace(operand, fractional=tidied(operand.fractional), integer=tidied(operand.integer))
        for operand in nest.operands
    )
    return replace(nest, operands=tuple(operands))


def worth_bounding(factors: LoopFactors) -> bool:
    """Whether to ask for bounds: neither so few orderings that prices cost as little, nor more than one table holds."""
    return MANY <= how_many(factors.loops.counts) <= IN_ONE_PIECE


def bounds_under(base: Ground, unrolling: Unrolling, sizes: Lengthened, objective: ObjectiveName) -> Floats | None:
    """(orderings,) in LOMA's order under an unrolling that divides loops of these sizes; None where a cost is NaN: no
    comparison says then which orderings are worth a price."""
    factors = np.ones((1, len(base.array), len(base.dims)), dtype=np.int64)
    for place, (_, pairs) in enumerate(unrolling):
        for loop, factor in pairs:
            factors[0, place, base.dims.index(loop)] *= factor
    lengths = np.array([[sizes.loops[dim] for dim in base.dims]], dtype=np.int64)
    given = Candidates(factors, lengths, {name: np.array([size]) for name, size in sizes.axes.items()})
    asked = objective_of(objective)
    bound = least(base, given, energy=not asked.is_latency, cycles=not asked.is_energy)
    values = asked.value(bound.energy, bound.cycles)[0]
    return None if np.isnan(values).any() else values


def some_ordering_has_a_price(setting: SearchedLayer, nest: Nest, factors: LoopFactors) -> bool:
    """Whether that is certain: one of the first orderings fits the memories, and ZigZag's cost model stops at none."""
    if not never_stops(nest):
        return False
    even = setting.mapping_type == TemporalMappingType.EVEN
    tables = [tile_tables(operand, operand.fractional, factors.loops) for operand in nest.operands]
    first = next(chunks(factors.loops, factors.fixed, LOOKED_AT), None)
    return first is not None and bool(allocate(nest, tables, first, even).valid.any())


def never_stops(nest: Nest) -> bool:
    """Whether ZigZag's cost model has a price for every ordering that fits: it stops where data pass a memory without a
    port (energy.py), and where a transfer takes fewer cycles than the lowest memory's first tile (loading.py)."""
    if not all(_has_its_ports(operand) for operand in nest.operands):
        return False
    # What moves once is the whole tensor, of which the lowest tile is a part. So only results can take fewer cycles,
    # which leave narrower than sums lie in the lowest memory: not if even so they are larger than that memory.
    results = nest.output
    whole = results.elements * narrowest(results)
    return results.precision == results.final_precision or whole >= results.levels[0].capacity


def _has_its_ports(operand: Operand) -> bool:
    for level, memory in enumerate(operand.levels):
        needed = {READ_TO_LOW, *([WRITE_FROM_LOW] if operand.is_output else [])}
        if level < operand.top:
            needed |= {WRITE_FROM_HIGH, *([READ_TO_HIGH] if operand.is_output else [])}
        if not needed <= memory.widths.keys():
            return False
    return True
