"""Energy and cycles by our search alone, beside what ZigZag says."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.price import price
from onnx2zz.zigzag.searched_price import searched_price
from tests.drawn_layers import layers
from tests.mapping.ground import accelerator, mapped
from tests.small_workloads import gemm

ARCHES = ("tpu_like", "eyeriss_like", "meta_prototype", "seneca", "seneca_core", "ascend_like")
OBJECTIVES: tuple[ObjectiveName, ...] = ("latency", "energy", "EDP")


def check(layer: WorkloadEntry, arch: str, opt: ObjectiveName) -> None:
    how, options = mapped(layer, arch), PriceOptions(opt=opt, lpf_limit=3)
    found = searched_price(layer, how, accelerator(arch), options)
    event("found" if found else "to be asked")
    if found is not None:
        said = price(layer, accelerator(arch), how, options)
        assert (found.energy_pj, found.latency_cycles) == (said.energy_pj, said.latency_cycles)


@settings(max_examples=60)
@given(layers(), st.sampled_from(ARCHES), st.sampled_from(OBJECTIVES))
def test_our_search_alone_says_what_zigzag_says(layer: WorkloadEntry, arch: str, opt: ObjectiveName) -> None:
    check(layer, arch, opt)


@pytest.mark.long
@settings(max_examples=2000)
@given(layers(), st.sampled_from(ARCHES), st.sampled_from(OBJECTIVES))
def test_our_search_alone_says_what_zigzag_says_of_two_thousand(
    layer: WorkloadEntry, arch: str, opt: ObjectiveName
) -> None:
    check(layer, arch, opt)


def test_what_zigzag_refuses_has_no_price_of_ours() -> None:
    """One row of weights that no memory of the core holds."""
    layer = gemm(0, None, "gemm", k=8, c=1 << 22)
    how = mapped(layer, "seneca_core")
    with pytest.raises(PricingError):
        price(layer, accelerator("seneca_core"), how, PriceOptions())
    assert searched_price(layer, how, accelerator("seneca_core"), PriceOptions()) is None
