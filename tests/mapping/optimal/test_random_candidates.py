"""Of layers as large as networks have them no mapping that is drawn at random costs less than a certificate allows."""

import random
from collections.abc import Iterator
from math import inf

import numpy as np
import pytest
from zigzag.hardware.architecture.accelerator import Accelerator

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.enumeration import accounted
from onnx2zz.mapping.optimal.choice import NEAR, PRICES
from onnx2zz.mapping.optimal.search import Found, OptimalSearch
from onnx2zz.mapping.padding import padded
from onnx2zz.mapping.space import Space, read_space
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.accelerator import hardware
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective
from onnx2zz.zigzag.search.loop_factors import loop_factors
from onnx2zz.zigzag.search.orderings import Loops, Orderings, multisets_below
from onnx2zz.zigzag.search.pricing import price, size_tables
from onnx2zz.zigzag.search.reading import read_nest
from onnx2zz.zigzag.spatial import stays_as_it_is
from onnx2zz.zigzag.unrolling import Unrolling, totals
from tests.mapping.ground import accelerator
from tests.mapping.optimal.test_exhaustive import LINKS, setting_of, terms_of
from tests.mapping.test_prices_of_unrollings import ARCHS
from tests.small_workloads import add, conv, depthwise, gemm, name_of, pool

LAYERS = [
    conv(0, None, "resnet18: 3x3", k=64, c=64, oy=56, ox=56, fy=3, fx=3, pads=((1, 1), (1, 1))),
    conv(0, None, "resnet18: down", k=512, c=256, oy=7, ox=7, fy=1, fx=1, stride=(2, 2)),
    conv(0, None, "yolov8n: entry", k=128, c=256, oy=10, ox=10, fy=1, fx=1),
    gemm(0, None, "bert: ffn", k=3072, c=768, b=128),
    depthwise(0, 1, "mobilenetv2: dw", g=144, oy=28, ox=28, fy=3, fx=3, stride=(2, 2)),
    pool(0, 1, "yolov8n: sppf", g=128, oy=10, ox=10, fy=5, fx=5, stride=(1, 1)),
    add(2, (0, 1), "resnet18: sum", g=128, oy=28, ox=28),
]
A_MILLION = 1_000_000 // (len(LAYERS) * len(ARCHS)) + 1
"""Candidates of each layer on each accelerator."""
AT_ONCE = 500
"""Orderings of one unrolling."""


def certified(entry: WorkloadEntry, built: Accelerator, opt: ObjectiveName) -> Found:
    terms = terms_of(built, opt)
    space = read_space(entry, LINKS, terms.hardware.array)
    return OptimalSearch(entry, LINKS, space, terms, (), 0.0, PRICES, NEAR).run()


def drawn_unrolling(space: Space, rng: random.Random) -> Unrolling:
    """Up to three loops on each array dim, any factors that there is room for."""
    left = dict(zip(space.loops, space.sizes, strict=True))
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for dim, units in space.array:
        pairs: list[tuple[str, int]] = []
        for loop in rng.sample(space.loops, min(rng.randrange(4), len(space.loops))):
            most = min(left[loop], units)
            # Large factors as often as small ones: the best mappings fill the array.
            factor = most if rng.random() < 0.5 else rng.randint(1, most)
            if factor > 1:
                pairs.append((loop, factor))
                units //= factor
                left[loop] //= factor
        found[dim] = tuple(pairs)
    return tuple(found.items())


def drawn_unrollings(entry: WorkloadEntry, built: Accelerator, space: Space, rng: random.Random) -> Iterator[Unrolling]:
    """Of the space, without end."""
    while True:
        one = drawn_unrolling(space, rng)
        if accounted(space.factors(one), space).all() and stays_as_it_is(entry, LINKS, one, built):
            yield one


def drawn_orderings(loops: Loops, rng: np.random.Generator) -> Orderings:
    """Of all prime factors, from those in which each dimension's stand together to those in which none do; neighbours
    over one dimension joined or not."""
    every = np.repeat(np.arange(len(loops.dims)), loops.counts)
    over = np.array(loops.dims)[every]
    rank = rng.random((AT_ONCE, max(loops.dims) + 1))[:, over]
    noise = rng.choice([0.1, 0.5, 10.0], (AT_ONCE, 1)) * rng.random((AT_ONCE, len(every)))
    loop = every[np.argsort(rank + noise, axis=1)].astype(np.uint8)
    dims = np.array(loops.dims)[loop]
    open_ones = (dims[:, 1:] != dims[:, :-1]) | (rng.random((AT_ONCE, len(every) - 1)) < 0.5)
    ends = np.ones((AT_ONCE, 1), dtype=bool)
    cuttable = np.concatenate([ends, open_ones, ends], axis=1)
    return Orderings(loops, loop, multisets_below(loops.counts, loop), cuttable)


def prices_of(
    entry: WorkloadEntry, built: Accelerator, unrolling: Unrolling, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """pJ and honest cycles of some orderings, those that fit; the nest by ZigZag's own conversion."""
    setting = setting_of(entry, unrolling, built)
    nest = read_nest(setting.accelerator, setting.layer, setting.fractional, setting.integer)
    loops = loop_factors(built, setting.layer, setting.fractional, setting.mapping_type, None).loops
    if not loops.dims:
        return np.zeros(0), np.zeros(0)
    found = price(nest, size_tables(nest, loops), drawn_orderings(loops, rng), even=False)
    floor = roofline(padded(entry, totals(unrolling)), LINKS, hardware(built)).cycles
    return found.energy, np.maximum(found.latency, floor)


def no_candidate_is_below(arch: str, entry: WorkloadEntry, how_many: int, opts: tuple[ObjectiveName, ...]) -> None:
    built, seed = accelerator(arch), arch + name_of(entry)
    rng, generator = random.Random(seed), np.random.default_rng(list(seed.encode()))
    certificates: dict[ObjectiveName, Found] = {opt: certified(entry, built, opt) for opt in opts}
    space = read_space(entry, LINKS, hardware(built).array)
    unrollings = drawn_unrollings(entry, built, space, rng)
    # The best ones are drawn orderings of, too: of all unrollings they are the closest to the bound.
    winners = [one.best.unrolling for one in certificates.values() if one.best is not None]
    least: dict[ObjectiveName, float] = dict.fromkeys(opts, inf)
    seen = 0
    while seen < how_many:
        unrolling = winners.pop() if winners else next(unrollings)
        energy, cycles = prices_of(entry, built, unrolling, generator)
        seen += len(energy)
        for opt in opts:
            least[opt] = min(least[opt], objective(opt).value(energy, cycles).min(initial=inf))
    for opt, found in certificates.items():
        one = found.certificate
        assert one.gap is not None
        assert least[opt] >= one.bound, opt
        assert least[opt] * (1 + one.gap) >= one.price * (1 - 1e-12), opt


@pytest.mark.parametrize(
    ("arch", "layer", "opt"),
    [("meta_prototype", 2, "latency"), ("seneca", 5, "energy"), ("ascend_like", 1, "latency")],
)
def test_no_candidate_is_below_a_certificate(arch: str, layer: int, opt: ObjectiveName) -> None:
    no_candidate_is_below(arch, LAYERS[layer], 5 * AT_ONCE, (opt,))


@pytest.mark.long
@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
@pytest.mark.parametrize("arch", ARCHS)
def test_a_million_candidates_are_not_below_certificates(arch: str, layer: WorkloadEntry) -> None:
    no_candidate_is_below(arch, layer, A_MILLION, NAMES)
