"""A mapping's temporal_ordering: kept where its loops run, left out aloud where they do not."""

from dataclasses import replace

import pytest
from zigzag.hardware.architecture.accelerator import Accelerator

from onnx2zz.formats.mapping_entry import MappingEntry, Ordering
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions
from onnx2zz.zigzag.price import Search, price
from tests.small_workloads import conv, depthwise, gemm, name_of

OPTIONS = PriceOptions(lpf_limit=4)
FREE = MappingEntry("default", {"D1": ("K, 8",)})
K_FIRST = replace(FREE, temporal_ordering=(("K", "*"),))


@pytest.fixture(scope="module")
def core() -> Accelerator:
    return load_accelerator(find_accelerator("seneca").path)


def innermost(found: LayerPrice) -> str:
    """The dimension of the innermost loop in time."""
    levels = next(levels for operand, levels in found.temporal_mapping if operand == "I")
    return next(loops for loops in levels if loops)[0][0]


@pytest.mark.parametrize("search", ["fast", "exhaustive", "both"])
def test_the_loop_that_is_asked_for_is_innermost(core: Accelerator, search: Search) -> None:
    found = price(conv(0, None, "conv", k=48, c=5, oy=1, ox=10, fy=1, fx=3), core, K_FIRST, OPTIONS, search=search)
    assert innermost(found) == "K"
    assert found.warnings == ()


@pytest.mark.parametrize("search", ["fast", "exhaustive", "both"])
@pytest.mark.parametrize(
    "entry",
    [
        conv(0, None, "all_in_space", k=6, c=5, oy=1, ox=10, fy=1, fx=3),
        {**gemm(0, None, "one", k=1, c=30, b=4), "loop_sizes": [4, 1, 30]},
    ],
    ids=name_of,
)
def test_a_loop_that_does_not_run_in_time_is_left_out_aloud(
    core: Accelerator, entry: WorkloadEntry, search: Search
) -> None:
    found = price(entry, core, K_FIRST, OPTIONS, search=search)
    free = price(entry, core, FREE, OPTIONS, search=search)
    assert (found.energy_pj, found.latency_cycles) == (free.energy_pj, free.latency_cycles)
    assert [warning.split(",")[0] for warning in found.warnings] == ["temporal_ordering names K"]


def test_a_loop_that_the_layer_lacks_is_left_out_by_zigzag_itself(core: Accelerator) -> None:
    found = price(depthwise(0, 0, "dw", g=12, oy=1, ox=10, fy=1, fx=3), core, K_FIRST, OPTIONS)
    assert found.warnings == ()


def test_what_runs_is_still_asked_for(core: Accelerator) -> None:
    how = replace(FREE, temporal_ordering=(("K", "*"), ("OX", "*")))
    found = price(conv(0, None, "conv", k=7, c=5, oy=1, ox=10, fy=1, fx=3), core, how, OPTIONS)
    assert innermost(found) == "OX"
    assert "names K, which" in found.warnings[0]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([["K", 12], ["C", 3]], "it names 12 of K, of which 6 run in time; 3 of C, of which 5 run in time"),
        ([["OX", 4], ["K", "*"]], "it names 4 of OX, of which 10 run in time"),
    ],
)
@pytest.mark.parametrize("search", ["fast", "exhaustive", "both"])
def test_an_order_that_the_loops_do_not_have_is_named(
    core: Accelerator, order: Ordering, said: str, search: Search
) -> None:
    how = replace(FREE, temporal_ordering=order)
    with pytest.raises(PricingError) as failure:
        price(conv(0, None, "conv", k=48, c=5, oy=1, ox=10, fy=1, fx=3), core, how, OPTIONS, search=search)
    assert "temporal_ordering" in str(failure.value) and said in str(failure.value)


def test_an_order_that_leaves_out_what_zigzag_drops_from_the_array_is_named(
    core: Accelerator,
) -> None:
    """All loops but OX, which is thought to be unrolled whole: 2 x 8 over 10 are not 10, and ZigZag drops a part."""
    order = (("FX", 3), ("K", 12), ("C", 5), ("K", 4))
    how = MappingEntry("default", {"D1": ("OX, 8",)}, temporal_ordering=order)
    with pytest.raises(PricingError, match=r"temporal_ordering .* names 4 loops and not OX 2, and ZigZag orders 4"):
        price(conv(0, None, "conv", k=48, c=5, oy=1, ox=10, fy=1, fx=3), core, how, OPTIONS)


def test_an_order_that_fits_is_priced_as_it_stands(core: Accelerator) -> None:
    how = replace(FREE, temporal_ordering=(("FX", 3), ("K", 6), ("C", 5), ("OX", 10)))
    found = price(conv(0, None, "conv", k=48, c=5, oy=1, ox=10, fy=1, fx=3), core, how, OPTIONS)
    assert innermost(found) == "FX"
