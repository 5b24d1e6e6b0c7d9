"""A mapping's temporal_ordering: kept where its loops run, left out aloud where they do not."""

import pytest
from small_workloads import conv, depthwise, gemm

from onnx2zz.shipped_files import find_accelerator
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.price import price

OPTIONS = PriceOptions(lpf_limit=4)
FREE = {"name": "default", "spatial_mapping": {"D1": ["K, 8"]}}
K_FIRST = {**FREE, "temporal_ordering": [["K", "*"]]}


@pytest.fixture(scope="module")
def core():
    return load_accelerator(find_accelerator("seneca").path)


def innermost(found):
    """The dimension of the innermost loop in time."""
    levels = next(levels for operand, levels in found.temporal_mapping if operand == "I")
    return next(loops for loops in levels if loops)[0][0]


@pytest.mark.parametrize("search", ["fast", "exhaustive", "both"])
def test_the_loop_that_is_asked_for_is_innermost(core, search):
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
    ids=lambda entry: entry["name"],
)
def test_a_loop_that_does_not_run_in_time_is_left_out_aloud(core, entry, search):
    found = price(entry, core, K_FIRST, OPTIONS, search=search)
    free = price(entry, core, FREE, OPTIONS, search=search)
    assert (found.energy_pj, found.latency_cycles) == (free.energy_pj, free.latency_cycles)
    assert [warning.split(",")[0] for warning in found.warnings] == ["temporal_ordering names K"]


def test_a_loop_that_the_layer_lacks_is_left_out_by_zigzag_itself(core):
    found = price(depthwise(0, 0, "dw", g=12, oy=1, ox=10, fy=1, fx=3), core, K_FIRST, OPTIONS)
    assert found.warnings == ()


def test_what_runs_is_still_asked_for(core):
    how = {**FREE, "temporal_ordering": [["K", "*"], ["OX", "*"]]}
    found = price(conv(0, None, "conv", k=7, c=5, oy=1, ox=10, fy=1, fx=3), core, how, OPTIONS)
    assert innermost(found) == "OX"
    assert "names K, which" in found.warnings[0]
