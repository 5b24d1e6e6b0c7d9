"""What is enumerated: against all unrollings of small layers, and against ZigZag's own bookkeeping."""

from itertools import product
from math import ceil, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zigzag.datatypes import LayerDim, OADimension
from zigzag.mapping.spatial_mapping import MappingSingleOADim, SpatialMapping

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.enumeration import accounted, candidates
from onnx2zz.mapping.space import Space, read_space
from onnx2zz.zigzag.layer import parse_layer
from onnx2zz.zigzag.search import convert
from onnx2zz.zigzag.unrolling import totals
from tests.small_workloads import as_read, conv, gemm

from .ground import accelerator

LINKS = MappingEntry("default")


def nothing(found: np.ndarray) -> np.ndarray:
    return np.zeros(len(found), dtype=bool)


def enumerated(
    layer: WorkloadEntry, array: tuple[tuple[str, int], ...], most: int = 1000
) -> tuple[Space, np.ndarray, list[tuple[tuple[str, tuple[tuple[str, int], ...]], ...]]]:
    space = read_space(layer, LINKS, array)
    limits = {name: dict.fromkeys(space.loops, most) for name, _ in array}
    found = candidates(space, limits, nothing, {})
    return space, found, [space.unrolling(row) for row in found]


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.integers(1, 9)] * 3), st.tuples(st.integers(2, 6), st.integers(2, 4)))
def test_the_fewest_cycles_of_all_unrollings_are_among_them(
    sizes: tuple[int, int, int], units: tuple[int, int]
) -> None:
    """All whole factors, loops on both array dims only where they divide: nothing needs fewer steps."""
    k, c, b = sizes
    space, found, _ = enumerated(gemm(0, None, "fc", k=k, c=c, b=b), (("D1", units[0]), ("D2", units[1])))
    per_loop = [[(f, g) for f in range(1, n + 1) for g in range(1, n // f + 1) if g == 1 or f == 1 or n % (f * g) == 0]
                for n in space.sizes]  # fmt: skip
    least = min(
        prod(ceil(n / (f * g)) for n, (f, g) in zip(space.sizes, pairs, strict=True))
        for pairs in product(*per_loop)
        if prod(f for f, _ in pairs) <= units[0] and prod(g for _, g in pairs) <= units[1]
    )
    steps = -(-np.array(space.sizes) // found.prod(axis=1))
    assert steps.prod(axis=1).min() <= least


def test_all_of_them_fit_the_array_the_loops_and_the_limits() -> None:
    layer = conv(0, None, "c", k=24, c=10, oy=7, ox=14, fy=3, fx=5)
    space, _, found = enumerated(layer, (("D1", 12), ("D2", 5), ("D3", 4)), most=7)
    assert len(found) == len(set(found)) > 100
    for unrolling in found:
        for (_, pairs), units in zip(unrolling, (12, 5, 4), strict=True):
            assert prod(f for _, f in pairs) <= units and len(pairs) <= 3 and all(f <= 7 for _, f in pairs)
        assert all(total <= dict(zip(space.loops, space.sizes, strict=True))[loop]
                   for loop, total in totals(unrolling).items())  # fmt: skip


def test_the_steps_of_a_recurrence_are_never_unrolled() -> None:
    layer = gemm(0, None, "step", k=24, c=10, b=7)
    layer = as_read(layer | {"loop_dims": ["T", "K", "C"], "equation": "O[t][k]+=I[t][c]*W[c][k]"})
    _, _, found = enumerated(layer, (("D1", 12), ("D2", 7)))
    assert found and not any("T" in totals(unrolling) for unrolling in found)


def test_mirror_images_are_left_out() -> None:
    space = read_space(gemm(0, None, "fc", k=24, c=10), LINKS, (("D1", 4), ("D2", 4)))
    limits = {"D1": {"K": 4, "C": 4}, "D2": {"K": 4, "C": 4}}
    both, once = (candidates(space, limits, nothing, twins) for twins in ({}, {1: 0}))
    as_sets = [{frozenset(map(bytes, row)) for row in found} for found in (both, once)]
    assert as_sets[0] == as_sets[1] and len(once) == len(as_sets[1]) < len(both)


@pytest.mark.parametrize("factors", [(2, 4), (4, 2), (4, 4), (3, 2), (2, 3), (4, 1), (3, 3)])
@pytest.mark.parametrize("size", [7, 12, 14, 18])
def test_whole_steps_are_those_of_zigzag(size: int, factors: tuple[int, int]) -> None:
    """ZigZag's temporal loop of OX times the units that it counts is OX, exactly where we say so."""
    built = accelerator("edge_tpu_like")
    layer = conv(0, None, "c", k=16, c=3, oy=5, ox=size, fy=3, fx=1)
    unrolling = (("D1", ()), ("D2", ()), ("D3", (("OX", factors[0]),)), ("D4", (("OX", factors[1]),)))
    node = parse_layer(layer, LINKS)
    mapping = SpatialMapping(
        {OADimension(dim): MappingSingleOADim({LayerDim(n): f for n, f in pairs}) for dim, pairs in unrolling}
    )
    mapping.initialize_oa_dims(built.operational_array.dimension_sizes)
    try:
        unrolled = convert(built, node, mapping).fractional.spatial_loop_dim_size
    except AssertionError:
        return
    units = prod(float(f) for dim, f in unrolled if str(dim) == "OX")
    space = read_space(layer, LINKS, tuple((str(d), s) for d, s in built.operational_array.dimension_sizes.items()))
    whole = accounted(space.factors(unrolling), space)[0][space.loops.index("OX")]
    assert whole == (abs(size / units - round(size / units)) < 1e-9)
