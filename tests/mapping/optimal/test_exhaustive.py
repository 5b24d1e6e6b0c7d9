"""Certificates against exhaustive pricing: every factor on every array dim, every ordering, every way to join loops."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from math import inf, prod

import numpy as np
import pytest
from zigzag.hardware.architecture.accelerator import Accelerator

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes
from onnx2zz.mapping.enumeration import accounted
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.optimal.search import OptimalSearch
from onnx2zz.mapping.padding import padded
from onnx2zz.mapping.space import Space, read_space
from onnx2zz.pricing.certificate import Certificate
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.accelerator import hardware, hierarchy
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer import mapped_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective
from onnx2zz.zigzag.search.loop_factors import loop_factors
from onnx2zz.zigzag.search.orderings import Orderings, chunks
from onnx2zz.zigzag.search.pricing import price, size_tables
from onnx2zz.zigzag.search.reading import read_nest
from onnx2zz.zigzag.search.search import SearchedLayer, convert
from onnx2zz.zigzag.spatial import price_unrolling, stays_as_it_is
from onnx2zz.zigzag.unrolling import Unrolling, as_written, totals
from tests.small_workloads import add, conv, depthwise, gemm, pool
from tests.zigzag.search.hardware import MadeUpMemory, made_up

LINKS = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})
PRIMES = 5
"""More temporal loops would make too many orderings to price all of them."""


def drawn_layer(rng: random.Random) -> WorkloadEntry:
    small = (1, 2, 3, 4, 5, 6)
    k, c, oy, ox = (rng.choice(small) for _ in range(4))
    kind = rng.choice(["conv", "conv", "depthwise", "pool", "add", "gemm"])
    if kind == "conv":
        stride, fy, fx = rng.choice([(1, 1), (2, 1)]), rng.choice([1, 2]), rng.choice([1, 3])
        pads = (rng.randrange(oy), 0), (0, rng.randrange(ox))
        return conv(0, None, kind, k=k, c=c, oy=oy, ox=ox, fy=fy, fx=fx, stride=stride, pads=pads)
    if kind == "depthwise":
        return depthwise(0, 1, kind, g=k, oy=oy, ox=ox, fy=rng.choice([1, 2]), fx=rng.choice([1, 3]))
    if kind == "pool":
        return pool(0, 1, kind, g=k, oy=oy, ox=ox, fy=2, fx=rng.choice([1, 3]), stride=(2, 1))
    if kind == "add":
        return add(2, (0, 1), kind, g=2 * k, oy=oy, ox=ox)
    return gemm(0, None, kind, k=2 * k, c=2 * c, b=oy)


def drawn_accelerator(rng: random.Random) -> Accelerator:
    """Two array dims; registers, a buffer that some operands share, a memory above."""
    sizes = [rng.choice([2, 3, 4]), rng.choice([1, 2])]
    shared = rng.choice([("I1", "I2", "O"), ("I1", "O"), ("I2",)])
    memories = [
        MadeUpMemory((one,), rng.choice([16, 32, 64]), ((8, 16),), (), rng.uniform(0.01, 0.2), rng.uniform(0.01, 0.2))
        for one in ("I1", "I2", "O")
        if rng.random() < 0.7
    ]
    bits = rng.choice([128, 256, 512, 2048])
    served = ("D1", "D2")
    ports = rng.choice([((8, 64),), ((16, 16), (16, 16))])
    memories.append(MadeUpMemory(shared, bits, ports, served, rng.uniform(0.5, 2), rng.uniform(0.5, 2)))
    memories.append(MadeUpMemory(("I1", "I2", "O"), 10**9, ((32, 32), (32, 32)), served, 40.5, 44.25))
    return made_up(sizes, memories, [dim for dim in served if rng.random() < 0.3])


def terms_of(built: Accelerator, opt: ObjectiveName) -> ChoiceTerms:
    return ChoiceTerms(built, hardware(built), hierarchy(built), None, PriceOptions(opt=opt))


def every_unrolling(space: Space) -> Iterator[Unrolling]:
    """All factors, up to three loops on an array dim."""
    per_dim: list[list[tuple[tuple[str, int], ...]]] = []
    for _, units in space.array:
        options: list[tuple[tuple[str, int], ...]] = [()]
        for count in (1, 2, 3):
            for loops in combinations(range(len(space.loops)), count):
                factors = product(*(range(2, space.sizes[loop] + 1) for loop in loops))
                options += [
                    tuple((space.loops[loop], f) for loop, f in zip(loops, one, strict=True))
                    for one in factors
                    if prod(one) <= units
                ]
        per_dim.append(options)
    for chosen in product(*per_dim):
        unrolling = tuple((name, pairs) for (name, _), pairs in zip(space.array, chosen, strict=True))
        sizes = dict(zip(space.loops, space.sizes, strict=True))
        fits = all(total <= sizes[loop] for loop, total in totals(unrolling).items())
        if fits and accounted(space.factors(unrolling), space).all():
            yield unrolling


def setting_of(entry: WorkloadEntry, unrolling: Unrolling, built: Accelerator) -> SearchedLayer:
    """The lengthened layer under an unrolling, by ZigZag's own conversion."""
    node = mapped_layer(padded(entry, totals(unrolling)), replace(LINKS, spatial_mapping=as_written(unrolling)))
    node.spatial_mapping.initialize_oa_dims(built.operational_array.dimension_sizes)
    return convert(built, node, node.spatial_mapping, None)


def every_price(entry: WorkloadEntry, unrolling: Unrolling, terms: ChoiceTerms) -> float:
    """The least of all orderings of all prime factors, with equal neighbours joined in all ways."""
    floor = roofline(padded(entry, totals(unrolling)), LINKS, terms.hardware).cycles
    if all(totals(unrolling).get(loop, 1) >= size for loop, size in loop_sizes(entry).items()):  # no loop in time
        given = (padded(entry, totals(unrolling)), LINKS, unrolling, terms.accelerator, terms.options)
        energy, cycles = price_unrolling(*given)
        return objective(terms.options.opt).value(energy, max(cycles, floor))
    setting = setting_of(entry, unrolling, terms.accelerator)
    nest = read_nest(setting.accelerator, setting.layer, setting.fractional, setting.integer)
    factors = loop_factors(setting.accelerator, setting.layer, setting.fractional, setting.mapping_type, None)
    least = inf
    for orderings in chunks(factors.loops, factors.fixed, 10**6):
        joined = with_joined_loops(orderings)
        found = price(nest, size_tables(nest, factors.loops), joined, False)
        values = objective(terms.options.opt).value(found.energy, np.maximum(found.latency, floor))
        least = min(least, float(values.min(initial=inf)))
    return least


def with_joined_loops(orderings: Orderings) -> Orderings:
    length = orderings.loops.length
    over = np.array(orderings.loops.dims, dtype=int)[orderings.loop] if length else np.zeros((len(orderings), 0))
    rows: list[int] = []
    cuttable: list[tuple[bool, ...]] = []
    for row in range(len(orderings)):
        between = [(True, False) if over[row, i] == over[row, i + 1] else (True,) for i in range(length - 1)]
        for cuts in product(*between):
            rows.append(row)
            cuttable.append((True, *cuts, True) if length else (True,))
    few = orderings.rows(np.array(rows))
    return replace(few, cuttable=np.array(cuttable))


def small(entry: WorkloadEntry) -> bool:
    return sum(len(factors_of(size)) for size in loop_sizes(entry).values()) <= PRIMES


def factors_of(size: int) -> list[int]:
    for divisor in range(2, size + 1):
        if size % divisor == 0:
            return [divisor, *factors_of(size // divisor)]
    return []


def certified(entry: WorkloadEntry, built: Accelerator, opt: ObjectiveName) -> Certificate:
    terms = terms_of(built, opt)
    space = read_space(entry, LINKS, terms.hardware.array)
    return OptimalSearch(entry, LINKS, space, terms, ()).run().certificate


def certificate_is_right(seed: int) -> bool:
    """Whether something was compared: a layer that fits."""
    rng = random.Random(seed)
    entry = next(one for one in iter(lambda: drawn_layer(rng), None) if small(one))
    return certifies_the_least(entry, drawn_accelerator(rng), seed)


def certifies_the_least(entry: WorkloadEntry, built: Accelerator, seed: int | None = None) -> bool:
    for opt in NAMES:
        terms = terms_of(built, opt)
        space = read_space(entry, LINKS, terms.hardware.array)
        unrollings = [
            unrolling for unrolling in every_unrolling(space) if stays_as_it_is(entry, LINKS, unrolling, built)
        ]
        least = min((every_price(entry, unrolling, terms) for unrolling in unrollings), default=inf)
        try:
            found = certified(entry, built, opt)
        except PricingError:
            return False
        if least == inf:
            assert found.price == inf
            return False
        assert found.bound <= least <= found.price, (seed, opt)
        if found.left == 0:
            assert found.price == least == found.bound, (seed, opt)
    return True


@pytest.mark.parametrize("seed", range(4))
def test_a_certificate_is_what_exhaustive_pricing_says(seed: int) -> None:
    certificate_is_right(seed)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_certificates_of_three_hundred_layers_are_what_exhaustive_pricing_says(part: int) -> None:
    compared = sum(certificate_is_right(seed) for seed in range(30 * part, 30 * part + 30))
    assert compared >= 15


def test_of_unrollings_that_differ_in_their_drain_the_one_that_drains_sooner_is_certified() -> None:
    """3 x 2 units over one systolic dim take five cycles to drain, over two of them three."""
    served = ("D1", "D2")
    memories = [
        MadeUpMemory(("I1", "I2", "O"), 4096, ((64, 64),), served, 0.5, 0.7),
        MadeUpMemory(("I1", "I2", "O"), 10**6, ((64, 64), (64, 64)), served, 4.0, 5.0),
    ]
    assert certifies_the_least(add(2, (0, 1), "add", g=5, oy=3, ox=1), made_up([4, 6], memories, served))


def test_a_layer_that_the_array_takes_at_once_is_certified() -> None:
    """No loop is left in time: there is one ordering, so that its price is the bound."""
    served = ("D1", "D2")
    memories = [
        MadeUpMemory(("I1", "I2", "O"), 4096, ((64, 64),), served, 0.5, 0.7),
        MadeUpMemory(("I1", "I2", "O"), 10**6, ((64, 64), (64, 64)), served, 4.0, 5.0),
    ]
    found = certified(add(2, (0, 1), "add", g=2, oy=3, ox=1), made_up([2, 3], memories), "latency")
    assert (found.left, found.gap) == (0, 0.0)
