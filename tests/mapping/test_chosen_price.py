"""What choosing a mapping has found, where it is said to be ZigZag's own: priced again by ZigZag."""

from dataclasses import replace
from math import prod

from hypothesis import event, given, settings
from hypothesis import strategies as st

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.choice import choose
from onnx2zz.mapping.chosen_price import chosen_price
from onnx2zz.mapping.network import mapped_by_choice
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.price import price
from tests.drawn_layers import layers
from tests.mapping.ground import accelerator, mapped, terms
from tests.small_workloads import gemm

ARCHES = ("tpu_like", "eyeriss_like", "meta_prototype", "seneca")
OBJECTIVES: tuple[ObjectiveName, ...] = ("latency", "energy", "EDP")


@settings(max_examples=40)
@given(layers(8), st.sampled_from(ARCHES), st.sampled_from(OBJECTIVES))
def test_what_is_known_from_choosing_is_what_zigzag_says(layer: WorkloadEntry, arch: str, opt: ObjectiveName) -> None:
    how, options = mapped(layer, arch), PriceOptions(opt=opt, lpf_limit=4)
    asked = replace(terms(arch, opt=opt, lpf_limit=4, budget=4), explains=False)
    choice = choose(layer, how, asked)
    known = chosen_price(choice, layer, how, asked.hardware)
    event("known" if known else "to be asked")
    if known is not None:
        said = price(layer, accelerator(arch), mapped_by_choice(layer, how, choice), options)
        assert (known.energy_pj, known.latency_cycles) == (said.energy_pj, said.latency_cycles)


def test_a_layer_that_is_lengthened_is_not_known_from_choosing() -> None:
    """Primes, which no array divides: ZigZag prices steps of which the last is smaller."""
    layer = gemm(0, None, "gemm", k=97, c=89, b=1)
    how, asked = mapped(layer, "tpu_like"), terms("tpu_like", lpf_limit=4)
    choice = choose(layer, how, asked)
    assert choice.best is not None
    assert prod(factor for _, loops in choice.best.unrolling for _, factor in loops) > 1
    assert chosen_price(choice, layer, how, asked.hardware) is None
