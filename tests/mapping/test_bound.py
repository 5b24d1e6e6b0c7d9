"""The bounds lie below what the search finds, for candidates of every kind."""

import random

import numpy as np
import pytest

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.bound import bounds
from onnx2zz.mapping.enumeration import candidates
from onnx2zz.mapping.padding import padded
from onnx2zz.mapping.space import read_space
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.spatial import limits, price_unrolling, stays_as_it_is
from onnx2zz.zigzag.unrolling import totals
from tests.small_workloads import add, conv, depthwise, gemm, name_of, pool

from .ground import terms

LINKS = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})
LAYERS = [
    conv(0, None, "conv", k=48, c=20, oy=14, ox=28, fy=3, fx=5, pads=((1, 1), (2, 2))),
    conv(0, None, "stem", k=24, c=3, oy=33, ox=30, fy=7, fx=5, stride=(2, 1), pads=((3, 3), (2, 2))),
    depthwise(0, 1, "depthwise", g=36, oy=14, ox=21, fy=3, fx=3, pads=((1, 1), (1, 1))),
    pool(0, 1, "pool", g=24, oy=10, ox=15, fy=2, fx=3, stride=(2, 2)),
    add(2, (0, 1), "add", g=40, oy=7, ox=9),
    gemm(0, None, "gemm", k=100, c=96, b=3),
]


def below_what_is_found(arch: str, layer: WorkloadEntry, how_many: int, seed: int | str) -> None:
    given = terms(arch)
    space = read_space(layer, LINKS, given.hardware.array)
    most = limits(layer, LINKS, given.accelerator)
    found = candidates(space, most, lambda rows: np.zeros(len(rows), dtype=bool), {})
    least = bounds(found, space, given.hierarchy)
    compared = 0
    for row in random.Random(seed).sample(range(len(found)), min(len(found), 40 * how_many)):
        unrolling = space.unrolling(found[row])
        if compared == how_many or not stays_as_it_is(layer, LINKS, unrolling, given.accelerator):
            continue
        wide = padded(layer, totals(unrolling))
        one = (wide, LINKS, unrolling, given.accelerator)
        try:
            _, cycles = price_unrolling(*one, PriceOptions(opt="latency", lpf_limit=4))
            energy, _ = price_unrolling(*one, PriceOptions(opt="energy", lpf_limit=4))
        except PricingError:  # its tiles do not fit: there is no price to compare with
            continue
        compared += 1
        assert least.cycles[row] <= max(cycles, roofline(wide, LINKS, given.hardware).cycles) * (1 + 1e-12), unrolling
        assert least.energy[row] <= energy * (1 + 1e-12), unrolling
    assert compared


@pytest.mark.parametrize(("arch", "seed"), [("tpu_like", 1), ("ascend_like", 2), ("seneca", 3)])
def test_no_candidate_is_cheaper_than_its_bound(arch: str, seed: int) -> None:
    below_what_is_found(arch, LAYERS[seed % len(LAYERS)], 4, seed)


@pytest.mark.parametrize("arch", ["tesla_npu_like", "vector_unit"])
def test_padding_that_a_window_of_one_place_moves_over_is_not_read(arch: str) -> None:
    """13 x 8 places of which 7 x 3 hold something."""
    layer = pool(0, 1, "pad", g=5, oy=13, ox=8, fy=1, fx=1, stride=(1, 1), pads=((0, 6), (5, 0)))
    below_what_is_found(arch, layer, 6, 1)


@pytest.mark.long
@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
@pytest.mark.parametrize(
    "arch", ["tpu_like", "edge_tpu_like", "meta_prototype", "tesla_npu_like", "ascend_like", "eyeriss_like", "seneca"]
)
def test_no_candidate_of_any_kind_is_cheaper_than_its_bound(arch: str, layer: WorkloadEntry) -> None:
    below_what_is_found(arch, layer, 8, seed=arch + name_of(layer))


@pytest.mark.parametrize("shape", [(1, 3, 5), (5, 3, 3), (3, 5, 7)])
@pytest.mark.parametrize("arch", ["generic_array_cacti", "gemm_l1", "seneca_core", "seneca"])
def test_a_part_of_an_access_that_zigzag_cuts_off_counts_in_no_bound(arch: str, shape: tuple[int, int, int]) -> None:
    """Of layers so small that an access more or less is much."""
    b, c, k = shape
    layer = gemm(0, None, "small", k=k, c=c, b=b)
    layer["operand_precision"] = {"O": 32, "O_final": 16, "W": 8, "I": 8}
    given = terms(arch)
    space = read_space(layer, LINKS, given.hardware.array)
    idle = tuple((name, ()) for name, _ in space.array)
    unrolled = ((space.array[0][0], (("K", k),)), *idle[1:])
    for unrolling in (idle, unrolled):
        energy, _ = price_unrolling(layer, LINKS, unrolling, given.accelerator, PriceOptions(opt="energy", lpf_limit=8))
        assert bounds(space.factors(unrolling), space, given.hierarchy).energy[0] <= energy * (1 + 1e-12), unrolling
