"""Where the allocator puts the borders of an ordering: at places that the lattice has, whose costs add up to no more
than the price. The bounds are the least over all places, so that this is what each of them rests on."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from zigzag.hardware.architecture.accelerator import Accelerator

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.padding import padded_sizes
from onnx2zz.mapping.space import Space, read_space
from onnx2zz.zigzag.cycle_sums import Sums
from onnx2zz.zigzag.joint_bound import JointBound
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.search.allocation import allocate
from onnx2zz.zigzag.search.border import Border
from onnx2zz.zigzag.search.crossings import Crossings
from onnx2zz.zigzag.search.merge_down import merge_down
from onnx2zz.zigzag.search.nest import Nest
from onnx2zz.zigzag.search.orderings import Loops, Orderings, multisets_below
from onnx2zz.zigzag.search.pricing import price, size_tables
from onnx2zz.zigzag.search.runs import runs_over
from onnx2zz.zigzag.spatial import stays_as_it_is
from onnx2zz.zigzag.unrolling import Unrolling
from onnx2zz.zigzag.unrolling_bounds import UnrollingBounds
from tests.mapping.ground import accelerator
from tests.mapping.optimal.test_exhaustive import drawn_accelerator, drawn_layer, every_unrolling
from tests.mapping.test_bound import LINKS
from tests.mapping.test_prices_of_unrollings import ARCHS, EVERYTHING, QUICK, drawn, lengthened
from tests.small_workloads import name_of

DRAWN = 40
"""Orderings of each unrolling."""


def orderings_of(joint: JointBound, rng: random.Random) -> Orderings:
    """Some orderings of the prime factors, with some neighbours over one dimension joined."""
    ladders = joint.crossings.ladders
    times = [int((~ladder.complete).sum()) for ladder in ladders]
    primes = [int(ladder.below[1, 0]) for ladder in ladders]
    loops = Loops(tuple(ladder.dim for ladder in ladders), tuple(primes), tuple(times))
    every = [loop for loop, count in enumerate(times) for _ in range(count)]
    rows = [rng.sample(every, len(every)) for _ in range(DRAWN)]
    cuttable = [
        [True, *(loops.dims[a] != loops.dims[b] or rng.random() < 0.5 for a, b in pairwise(row)), True] for row in rows
    ]
    loop = np.array(rows, dtype=np.uint8)
    return Orderings(loops, loop, multisets_below(loops.counts, loop), np.array(cuttable))


@dataclass(frozen=True)
class Laid:
    """A border and the place on the lattice that the allocator gives it; `lengths`: of the lattice's axes."""

    op: int
    border: Border
    place: tuple[int, ...]
    lengths: tuple[int, ...]

    def at(self, values: np.ndarray) -> float:
        """What holds at the place, of values of the border's view."""
        starts = [range(length)[part][0] for part, length in zip(self.border.view, self.lengths, strict=True)]
        return on_lattice(values, [place - start for place, start in zip(self.place, starts, strict=True)])


def on_lattice(values: np.ndarray, place: Sequence[int]) -> float:
    """An axis along which nothing changes has length 1."""
    if values.ndim == 1:
        return float(values[0])
    shape = values.shape[:-1]
    assert all(0 <= one < length or length == 1 for one, length in zip(place, shape, strict=True)), "no such place"
    return float(values[(*(min(one, length - 1) for one, length in zip(place, shape, strict=True)), 0)])


def laid(joint: JointBound, nest: Nest, orderings: Orderings, row: int) -> list[Laid] | None:
    """All borders of an ordering; None if it does not fit."""
    one = orderings.rows(np.array([row]))
    allocation = allocate(nest, size_tables(nest, one.loops).fractional, one, even=False)
    if not allocation.valid[0]:
        return None
    shape = joint.crossings.shape[:-1]
    found: list[Laid] = []
    for op, operand in enumerate(nest.operands):
        borders = merge_down(operand, allocation.cuts[op], one)
        still = 0 if operand.is_output else int(runs_over(one, operand.irrelevant).end[0, 0])
        for border, cut in zip(joint.borders[op], [still, *(int(cut[0]) for cut in borders.cuts[:-1])], strict=True):
            below = one.loop[0, :cut].tolist()
            found.append(Laid(op, border, tuple(below.count(axis) for axis in range(len(shape))), shape))
    return found


def sums_of(sums: Sums, crossings: Crossings, borders: Sequence[Laid]) -> list[float]:
    return [
        float(one.base(crossings)[0]) + sum(each.at(one.of(each.op, each.border)) for each in borders) for one in sums
    ]


def left_early(inner: Laid, outer: Laid) -> bool:
    """Whether a border lies below another one although the allocator would have gone on to there."""
    goes_on = inner.border.goes_on
    within = all(a <= b for a, b in zip(inner.place, outer.place, strict=True))
    return goes_on is not None and within and inner.place != outer.place and bool(on_lattice(goes_on, outer.place))


def borders_hold(built: Accelerator, layer: WorkloadEntry, space: Space, unrollings: Sequence[Unrolling]) -> int:
    """How many orderings were looked at."""
    bounds = UnrollingBounds(layer, LINKS, built, PriceOptions(opt="EDP"))
    looked = 0
    for unrolling in unrollings:
        factors = space.factors(unrolling)
        given = bounds.candidates(factors, space.loops, *padded_sizes(layer, space.loops, factors.prod(axis=1)))
        joint = bounds.joint(given, every_place=True)
        if not joint.crossings.ladders:
            continue
        nest = bounds.ground.under(unrolling, lengthened(layer, unrolling))
        orderings = orderings_of(joint, random.Random(name_of(layer)))
        prices = price(nest, size_tables(nest, orderings.loops), orderings, even=False)
        for row, energy, latency in zip(prices.rows, prices.energy, prices.latency, strict=True):
            borders = laid(joint, nest, orderings, int(row))
            assert borders is not None
            looked += 1
            spent = joint.crossings.mac_energy[0] + sum(each.at(each.border.energy) for each in borders)
            assert spent <= energy * (1 + 1e-12), (unrolling, row)
            for one, least in zip(joint.sums, sums_of(joint.sums, joint.crossings, borders), strict=True):
                assert least <= latency * (1 + 1e-12), (unrolling, row, one)
            assert not any(left_early(inner, outer) for inner in borders for outer in borders), (unrolling, row)
    return looked


@pytest.mark.parametrize(("arch", "layer"), QUICK)
def test_borders_lie_where_the_lattice_has_them_and_cost_no_more_than_the_price(arch: str, layer: int) -> None:
    assert borders_hold(accelerator(arch), EVERYTHING[layer], *drawn(arch, EVERYTHING[layer], 3)) > 0


@pytest.mark.long
@pytest.mark.parametrize("layer", EVERYTHING, ids=name_of)
@pytest.mark.parametrize("arch", ARCHS)
def test_all_kinds_of_borders_lie_where_the_lattice_has_them(arch: str, layer: WorkloadEntry) -> None:
    borders_hold(accelerator(arch), layer, *drawn(arch, layer, 25))


def borders_of_made_up_hardware_hold(seed: int) -> int:
    rng = random.Random(seed)
    layer, built = drawn_layer(rng), drawn_accelerator(rng)
    array = tuple((str(dim), size) for dim, size in built.operational_array.dimension_sizes.items())
    space = read_space(layer, LINKS, array)
    unrollings = [one for one in every_unrolling(space) if stays_as_it_is(layer, LINKS, one, built)]
    return borders_hold(built, layer, space, rng.sample(unrollings, min(3, len(unrollings))))


def test_borders_lie_so_on_made_up_hardware() -> None:
    assert sum(borders_of_made_up_hardware_hold(seed) for seed in range(5)) > 0


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_borders_lie_so_on_much_made_up_hardware(part: int) -> None:
    assert sum(borders_of_made_up_hardware_hold(seed) for seed in range(100 * part, 100 * part + 100)) > 0
