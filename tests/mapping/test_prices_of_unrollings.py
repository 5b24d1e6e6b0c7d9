"""Unrollings that divide a layer: nests without ZigZag's conversion, bounds of orderings, prices of a few orderings."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes
from onnx2zz.mapping.bound import first_loads
from onnx2zz.mapping.enumeration import candidates
from onnx2zz.mapping.padding import padded, padded_sizes
from onnx2zz.mapping.space import Space, read_space
from onnx2zz.zigzag.accelerator import hierarchy
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer import mapped_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective
from onnx2zz.zigzag.search.loop_factors import loop_factors
from onnx2zz.zigzag.search.reading import read_nest
from onnx2zz.zigzag.search.search import SearchedLayer, convert, priced_chunks
from onnx2zz.zigzag.search.whole_unrolling import Lengthened, ground
from onnx2zz.zigzag.spatial import limits, price_unrolling, prices_below
from onnx2zz.zigzag.unrolling import Unrolling, as_written, totals
from onnx2zz.zigzag.unrolling_prices import UnrollingPrices
from tests.small_workloads import conv, name_of
from tests.zigzag.search.hardware import MadeUpMemory, made_up

from .ground import accelerator
from .test_bound import LAYERS, LINKS

STRIDED = conv(0, None, "strided", k=18, c=10, oy=9, ox=12, fy=2, fx=3, stride=(3, 2))
"""Rows that are not read in between: its axes are no sums of its loops."""
EVERYTHING = [*LAYERS, STRIDED]
ARCHS = ["tpu_like", "edge_tpu_like", "meta_prototype", "tesla_npu_like", "ascend_like", "eyeriss_like", "seneca"]
QUICK = [("tpu_like", 0), ("eyeriss_like", 1), ("meta_prototype", 6), ("seneca", 2), ("ascend_like", 5)]


def drawn(arch: str, layer: WorkloadEntry, how_many: int) -> tuple[Space, list[Unrolling]]:
    """Some of the candidates that the search for mappings may come upon."""
    built = accelerator(arch)
    array = tuple((str(dim), size) for dim, size in built.operational_array.dimension_sizes.items())
    space = read_space(layer, LINKS, array)
    found = candidates(space, limits(layer, LINKS, built), lambda rows: np.zeros(len(rows), dtype=bool), {})
    rows = random.Random(arch + name_of(layer)).sample(range(len(found)), min(len(found), how_many))
    return space, [space.unrolling(found[row]) for row in rows]


def by_zigzag(arch: str, layer: WorkloadEntry, unrolling: Unrolling, lpf_limit: int) -> SearchedLayer:
    """The lengthened layer under the unrolling, by ZigZag's own conversion."""
    built, asked = accelerator(arch), replace(LINKS, spatial_mapping=as_written(unrolling))
    node = mapped_layer(padded(layer, totals(unrolling)), asked)
    node.spatial_mapping.initialize_oa_dims(built.operational_array.dimension_sizes)
    return convert(built, node, node.spatial_mapping, lpf_limit)


def lengthened(layer: WorkloadEntry, unrolling: Unrolling) -> Lengthened:
    longer = padded(layer, totals(unrolling))
    axes = zip(longer.get("pr_loop_dims") or (), longer.get("pr_loop_sizes") or (), strict=True)
    return Lengthened(loop_sizes(longer), dict(axes))


def nests_are_zigzags(arch: str, layer: WorkloadEntry, how_many: int) -> None:
    _, unrollings = drawn(arch, layer, how_many)
    node = mapped_layer(layer, LINKS)
    for limit in (4, 6):
        begun = ground(accelerator(arch), node, TemporalMappingType.UNEVEN, limit)
        for unrolling in unrollings:
            theirs = by_zigzag(arch, layer, unrolling, limit)
            sizes = lengthened(layer, unrolling)
            assert begun.divides(unrolling, sizes)
            read = read_nest(theirs.accelerator, theirs.layer, theirs.fractional, theirs.integer)
            assert begun.under(unrolling, sizes) == read, unrolling
            factors = loop_factors(
                theirs.accelerator, theirs.layer, theirs.fractional, TemporalMappingType.UNEVEN, limit
            )
            assert begun.loops(unrolling, sizes) == factors, unrolling


@pytest.mark.parametrize(("arch", "layer"), QUICK)
def test_a_nest_is_what_zigzags_conversion_makes_of_the_unrolling(arch: str, layer: int) -> None:
    nests_are_zigzags(arch, EVERYTHING[layer], 4)


@pytest.mark.long
@pytest.mark.parametrize("layer", EVERYTHING, ids=name_of)
@pytest.mark.parametrize("arch", ARCHS)
def test_each_nest_is_what_zigzags_conversion_makes_of_the_unrolling(arch: str, layer: WorkloadEntry) -> None:
    nests_are_zigzags(arch, layer, 40)


def bounded(
    arch: str, layer: WorkloadEntry, how_many: int, opt: ObjectiveName, lpf_limit: int
) -> Iterator[tuple[UnrollingPrices, Unrolling, NDArray[np.float64]]]:
    space, unrollings = drawn(arch, layer, how_many)
    prices = UnrollingPrices(layer, LINKS, accelerator(arch), PriceOptions(opt=opt, lpf_limit=lpf_limit))
    factors = np.concatenate([space.factors(unrolling) for unrolling in unrollings])
    sizes, axes = padded_sizes(layer, space.loops, factors.prod(axis=1))
    loads = first_loads(factors, space, hierarchy(accelerator(arch)))
    least = prices.least(factors, space.loops, sizes, axes, loads)
    assert least is not None
    for unrolling, bounds in zip(unrollings, least, strict=True):
        yield prices, unrolling, bounds


def no_ordering_is_cheaper(arch: str, layer: WorkloadEntry, how_many: int, lpf_limit: int) -> None:
    for opt in NAMES:
        for _, unrolling, bounds in bounded(arch, layer, how_many, opt, lpf_limit):
            setting = by_zigzag(arch, layer, unrolling, lpf_limit)
            for chunk in priced_chunks(setting, 10**6):
                assert len(bounds) == len(chunk.orderings)
                value = objective(opt).value(chunk.prices.energy, chunk.prices.latency)
                assert (bounds[chunk.prices.rows] <= value).all(), (opt, unrolling)


@pytest.mark.parametrize(("arch", "layer"), QUICK)
def test_no_ordering_is_cheaper_than_its_bound(arch: str, layer: int) -> None:
    no_ordering_is_cheaper(arch, EVERYTHING[layer], 3, 5)


@pytest.mark.long
@pytest.mark.parametrize("layer", EVERYTHING, ids=name_of)
@pytest.mark.parametrize("arch", ARCHS)
def test_no_ordering_of_any_kind_is_cheaper_than_its_bound(arch: str, layer: WorkloadEntry) -> None:
    no_ordering_is_cheaper(arch, layer, 25, 6)


def said(price: Callable[[], tuple[float, float]]) -> tuple[float, float] | str:
    try:
        return price()
    except PricingError as failure:
        return str(failure)


def prices_are_the_same(arch: str, layer: WorkloadEntry, how_many: int, lpf_limit: int) -> None:
    for opt in NAMES:
        for prices, unrolling, bounds in bounded(arch, layer, how_many, opt, lpf_limit):
            longer = padded(layer, totals(unrolling))
            given = (longer, LINKS, unrolling, prices.accelerator, prices.options)
            every = said(partial(price_unrolling, *given))
            assert said(partial(prices.price, longer, unrolling)) == every
            assert said(partial(prices.price, longer, unrolling, bounds=bounds)) == every


@pytest.mark.parametrize(("arch", "layer"), QUICK)
def test_a_price_of_the_orderings_that_are_worth_it_is_the_price_of_all(arch: str, layer: int) -> None:
    prices_are_the_same(arch, EVERYTHING[layer], 3, 5)


@pytest.mark.long
@pytest.mark.parametrize("layer", EVERYTHING, ids=name_of)
@pytest.mark.parametrize("arch", ARCHS)
def test_every_price_of_the_orderings_that_are_worth_it_is_the_price_of_all(arch: str, layer: WorkloadEntry) -> None:
    prices_are_the_same(arch, layer, 10, 6)


@pytest.mark.parametrize(("arch", "number"), QUICK)
@pytest.mark.parametrize("opt", ["latency", "energy"])
def test_whether_a_latency_is_below_some_cycles_often_needs_no_price(
    arch: str, number: int, opt: ObjectiveName
) -> None:
    layer = EVERYTHING[number]
    options = PriceOptions(opt=opt, lpf_limit=4)
    for unrolling in drawn(arch, layer, 5)[1]:
        given = (layer, LINKS, unrolling, accelerator(arch), options)
        try:
            _, latency = price_unrolling(*given)
        except PricingError as failure:
            for cycles in (1.0, 1e12):
                with pytest.raises(PricingError, match=re.escape(str(failure))):
                    prices_below(*given, cycles)
            continue
        # Below the steps of the array, between them and the latency, at the latency itself, and beyond.
        for cycles in (latency / 3, latency * 0.97, latency, latency * 1.03):
            assert prices_below(*given, cycles) == (latency < cycles)


def test_where_nothing_fits_it_is_refused_however_few_the_cycles() -> None:
    tight = MadeUpMemory(("I1", "I2", "O"), 40, ((8, 64),), ("D1",), 1.0, 1.0)
    built = made_up((3,), [tight])
    unrolling: Unrolling = (("D1", (("K", 3),)),)
    for cycles in (1.0, 1e12):
        with pytest.raises(PricingError, match="no loop ordering fits"):
            prices_below(LAYERS[0], LINKS, unrolling, built, PriceOptions(lpf_limit=4), cycles)
