"""The choice for one layer: honest, never worse than what it was given, and ZigZag's own in the end."""

from dataclasses import replace

import pytest

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.choice import choose
from onnx2zz.mapping.optimal.choice import choose_optimal
from onnx2zz.mapping.padding import padded
from onnx2zz.pricing.roofline import roofline
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.price import price
from onnx2zz.zigzag.unrolling import Unrolling, as_written, totals
from tests.present import present
from tests.small_workloads import add, conv, depthwise, gemm, pool

from .ground import accelerator, mapped, terms

LAYERS = [
    depthwise(0, 1, "depthwise", g=36, oy=7, ox=21, fy=3, fx=3, pads=((1, 1), (1, 1))),
    pool(0, 1, "pool", g=24, oy=6, ox=10, fy=2, fx=3, stride=(2, 3)),
    add(2, (0, 1), "add", g=40, oy=7, ox=9),
    gemm(0, None, "gemm", k=100, c=96, b=3),
    conv(0, None, "conv", k=20, c=3, oy=14, ox=10, fy=7, fx=5, stride=(2, 1), pads=((3, 3), (2, 2))),
]
PAIRS = [("tpu_like", LAYERS[0]), ("edge_tpu_like", LAYERS[1]), ("seneca", LAYERS[2]), ("ascend_like", LAYERS[3])]


def honest(
    layer: WorkloadEntry,
    mapping_entry: MappingEntry,
    unrolling: Unrolling,
    arch: str,
    options: PriceOptions,
) -> tuple[float, float]:
    """Cycles of the padded layer by ZigZag's own cost model, never below its roofline."""
    wide = padded(layer, totals(unrolling))
    asked = replace(mapping_entry, spatial_mapping=as_written(unrolling))
    found = price(wide, accelerator(arch), asked, options)
    return max(found.latency_cycles, roofline(wide, asked, terms(arch).hardware).cycles), found.energy_pj


def check_choice(arch: str, layer: WorkloadEntry, opt: ObjectiveName) -> None:
    options = PriceOptions(opt=opt, lpf_limit=4)
    how = mapped(layer, arch)
    choice = choose(layer, how, terms(arch, opt=opt, lpf_limit=4))
    best = choice.best
    assert best is not None
    cycles, energy = honest(layer, how, best.unrolling, arch, options)
    assert (best.latency_cycles, best.energy_pj) == (cycles, energy)
    mine = cycles if opt == "latency" else energy
    for candidate in (best, *choice.runners_up):
        theirs = candidate.latency_cycles if opt == "latency" else candidate.energy_pj
        assert candidate.refused or mine <= present(theirs)
    final = price(layer, accelerator(arch), replace(how, spatial_mapping=as_written(best.unrolling)), options)
    assert {dim: {loop for loop, _ in pairs} for dim, pairs in final.spatial_mapping} == {
        dim: {loop for loop, _ in pairs} for dim, pairs in best.unrolling
    }
    given = price(layer, accelerator(arch), how, options).spatial_mapping
    asked = tuple((dim, tuple((loop, round(f)) for loop, f in pairs if f > 1)) for dim, pairs in given)
    if all(f == int(f) for _, pairs in given for _, f in pairs):
        theirs = honest(layer, how, asked, arch, options)
        assert mine <= (theirs[0] if opt == "latency" else theirs[1])


@pytest.mark.parametrize(("arch", "layer"), PAIRS, ids=lambda pair: pair if isinstance(pair, str) else pair["name"])
def test_a_choice_is_what_zigzag_prices_and_no_worse_than_the_mapping_file(arch: str, layer: WorkloadEntry) -> None:
    check_choice(arch, layer, "latency")


@pytest.mark.long
@pytest.mark.parametrize("opt", ["latency", "energy"])
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer["name"])
@pytest.mark.parametrize(
    "arch", ["tpu_like", "edge_tpu_like", "meta_prototype", "tesla_npu_like", "ascend_like", "eyeriss_like", "seneca"]
)
def test_every_choice_is_no_worse_than_the_mapping_file(arch: str, layer: WorkloadEntry, opt: ObjectiveName) -> None:
    check_choice(arch, layer, opt)


def test_a_depthwise_convolution_does_not_stay_on_one_unit() -> None:
    layer = LAYERS[0]
    how = mapped(layer, "tpu_like")
    assert how.spatial_mapping == {"D1": ("K, 32",), "D2": ("C, 32",)}
    choice = choose(layer, how, terms("tpu_like", lpf_limit=4))
    by_hand = next(c for c in (present(choice.best), *choice.runners_up) if c.origin == "mapping file")
    assert by_hand.unrolling == (("D1", ()), ("D2", ()))
    assert present(by_hand.latency_cycles) >= 36 * 7 * 21 * 9
    assert present(present(choice.best).latency_cycles) < 0.1 * present(by_hand.latency_cycles)


def test_rules_refuse_a_sum_without_adders_and_free_ones_do_not() -> None:
    layer = gemm(0, None, "gemm", k=3, c=96)  # K alone leaves five of eight units idle
    how = mapped(layer, "seneca")
    strict, free = (choose(layer, how, terms("seneca", lpf_limit=4, free=free)) for free in (False, True))
    assert {loop for _, pairs in present(strict.best).unrolling for loop, _ in pairs} == {"K"}
    assert any(c.refused == "the accelerator declares no a sum over C across D1" for c in strict.runners_up)
    assert "C" in totals(present(free.best).unrolling)
    assert present(present(free.best).latency_cycles) < present(present(strict.best).latency_cycles)
    built = choose(layer, how, terms("seneca", lpf_limit=4, sidecar=Wires(adder_trees=("D1",))))
    assert built.best == free.best


def test_a_loop_split_over_two_dims_unevenly_is_refused() -> None:
    """ZigZag would count 4 x 1.75 units in 2 steps of OX = 7: it leaves 3.5 of 4, and the other dim as it is."""
    layer = conv(0, None, "c", k=8, c=8, oy=1, ox=18, fy=1, fx=3)
    unrolled = {"D1": ("K, 8",), "D2": ("C, 8",), "D3": ("OX, 4",), "D4": ("OX, 4",)}
    how = replace(mapped(layer, "edge_tpu_like"), spatial_mapping=unrolled)
    choice = choose(layer, how, terms("edge_tpu_like", lpf_limit=4))
    assert tuple(how.unrolled.items()) != present(choice.best).unrolling
    refused = [c.refused for c in choice.runners_up if c.unrolling == tuple(how.unrolled.items())]
    assert refused == ["OX (18) does not divide over several array dims: cycles x units are not the MACs"]


def test_the_budget_ends_the_search() -> None:
    layer = LAYERS[4]
    how = mapped(layer, "tpu_like")
    short = choose(layer, how, terms("tpu_like", opt="energy", lpf_limit=4, budget=5))
    assert short.priced == 5 and short.reason.startswith("the budget of 5 prices is spent")
    assert choose(layer, how, terms("tpu_like", opt="energy", lpf_limit=4, budget=60)).priced > 5


def test_a_layer_that_fits_no_memory_gets_no_choice_and_ends_nothing() -> None:
    layer = gemm(0, None, "huge", k=2**18, c=2**13)
    choice = choose(layer, mapped(layer, "tpu_like"), terms("tpu_like", lpf_limit=3, budget=2))
    assert choice.best is None
    assert "no loop ordering fits the memories" in present(choice.runners_up[0].refused)


UNREAD: list[tuple[bool, int, ObjectiveName]] = [(False, 4, "latency"), (True, 2, "latency"), (False, 3, "energy")]


@pytest.mark.parametrize("arch", ["tpu_like", "eyeriss_like", "edge_tpu_like", "ascend_like"])
def test_where_nobody_reads_what_lost_the_same_mapping_is_chosen_for_fewer_prices(arch: str) -> None:
    spared = 0
    for number, layer in enumerate(LAYERS):
        for free, budget, opt in UNREAD:
            how = mapped(layer, arch)
            given = terms(arch, free=free, budget=budget + number % 2, opt=opt, lpf_limit=3)
            told = choose(layer, how, given)
            untold = choose(layer, how, replace(given, explains=False))
            assert untold.best == told.best
            spared += told.priced - untold.priced
    assert spared > 0


@pytest.mark.parametrize("opt", ["latency", "energy", "EDP"])
@pytest.mark.parametrize("arch", ["tpu_like", "seneca"])
def test_a_layer_of_one_operation_has_a_choice(arch: str, opt: ObjectiveName) -> None:
    layer = gemm(0, None, "one", k=1, c=1, b=1)
    how, options = mapped(layer, arch), PriceOptions(opt=opt, lpf_limit=3)
    given = terms(arch, opt=opt, lpf_limit=3)
    alone = price(layer, accelerator(arch), how, options)
    for choice in (choose(layer, how, given), choose_optimal(layer, how, given, None, None)):
        best = present(choice.best)
        assert (best.energy_pj, best.latency_cycles) == (alone.energy_pj, alone.latency_cycles)
