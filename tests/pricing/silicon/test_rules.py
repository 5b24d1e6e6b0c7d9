"""What silicon does beside ZigZag's model: each rule worked out by hand, its bounds, and its direction."""

from dataclasses import replace
from itertools import product
from math import ceil, comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.pricing.physical import LayerPhysical, layer_physical
from onnx2zz.pricing.silicon.coding import coded_share
from onnx2zz.pricing.silicon.flow import PathTime, PricedLayer, Role
from onnx2zz.pricing.silicon.passes import filling_cycles, passes
from onnx2zz.sidecar.figures import Coding, Sidecar
from tests.pricing.silicon.by_hand import OPERATIONS, PRICE, STEPS, SUMS, priced

shares = st.floats(0.0, 1.0)


def after(sidecar: Sidecar, layer: PricedLayer | None = None) -> LayerPhysical:
    return layer_physical(layer or priced(), sidecar)


def test_without_rules_everything_is_zigzags() -> None:
    found = after(Sidecar("x"))
    assert (found.latency_cycles, found.energy_pj) == (PRICE.latency_cycles, PRICE.energy_pj)
    assert found.traffic_bits["dram"]["I"] == {"read": 6 * 11 * 15 * 16, "write": 0.0}
    assert found.traffic_bits["dram"]["O"] == {"read": 0.0, "write": SUMS * 16}
    assert found.traffic_bits["buffer"]["O"] == {"read": 6 * SUMS * 32 + SUMS * 16, "write": 6 * SUMS * 32}


def test_a_pass_is_a_new_set_of_what_stays_longest() -> None:
    """The weights: six sets of channels."""
    assert passes(priced()) == 6


def test_skew_is_what_scale_sim_has_per_fold() -> None:
    """SCALE-Sim's cycles are folds x (2 rows + columns - 2 + steps of a fold) - 1."""
    folds, rows, columns = 6, 3, 5
    expected = folds * (2 * rows + columns - 2 + STEPS // folds) - 1
    stalling = PRICE.latency_cycles - STEPS - folds * rows  # more than the rows of weights take
    assert after(Sidecar("x", systolic_skew=("D1", "D2"))).latency_cycles == expected + stalling


def test_between_passes_a_stated_number_of_cycles() -> None:
    assert after(Sidecar("x", pass_overhead_cycles=11)).latency_cycles == PRICE.latency_cycles + 6 * 11


def test_pads_are_filled_with_what_all_units_hold_together() -> None:
    """Weights: 3 x 3 x 4 of 8 b at 64 b a cycle. Inputs: 3 taps of 2 x 4 + 3 rows of 16 b at 16 b a cycle."""
    rates = {"w_pad": 64.0, "i_pad": 16.0}
    assert filling_cycles(priced(), rates) == ceil(3 * 3 * 4 * 8 / 64) + 3 * 11
    assert after(Sidecar("x", pass_filling=rates)).cycles_lost.between_passes == 6 * (5 + 33)


def test_a_dram_below_its_rate_is_waited_for() -> None:
    """Inputs, weights and outputs over one port of 32 b: more than the array takes, at half the rate."""
    moved = ceil((6 * 11 * 15 * 16 + 6 * 4 * 9 * 8 + SUMS * 16) / 32)
    assert after(Sidecar("x", dram_efficiency=0.5)).latency_cycles == moved / 0.5
    assert after(Sidecar("x", dram_efficiency=1.0)).latency_cycles == max(PRICE.latency_cycles, moved)


def test_a_memory_that_is_not_pipelined_serves_one_access_after_another() -> None:
    """Words of 32 b, as wide as the port of the DRAM, or of 48 b, take 7 cycles each."""
    bits = 6 * 11 * 15 * 16 + 6 * 4 * 9 * 8 + SUMS * 16
    assert after(Sidecar("x", access_cycles={"dram": 7})).latency_cycles == 7 * ceil(bits / 32)
    found = after(Sidecar("x", access_cycles={"dram": 7}, access_bits={"dram": 48}))
    assert found.latency_cycles == found.access_cycles == 7 * ceil(bits / 48)
    assert found.cycles_lost.accesses == found.latency_cycles - PRICE.latency_cycles


@given(st.integers(1, 512), st.integers(1, 512), st.integers(1, 40), st.integers(1, 40))
def test_wider_words_and_faster_accesses_never_take_longer(one: int, other: int, fast: int, slow: int) -> None:
    narrow, wide = sorted((one, other))
    few, many = sorted((fast, slow))
    quick = after(Sidecar("x", access_cycles={"dram": few}, access_bits={"dram": wide}))
    long = after(Sidecar("x", access_cycles={"dram": many}, access_bits={"dram": narrow}))
    assert PRICE.latency_cycles <= quick.latency_cycles <= long.latency_cycles


def test_copies_of_a_memory_work_side_by_side() -> None:
    """Each of 15 pads is read for its own operations, and written with its own taps; both pass one port of 16 b."""
    moved = (OPERATIONS + 6 * 7 * 15 * 3) * 16
    assert after(Sidecar("x", access_cycles={"i_pad": 2})).latency_cycles == 2 * ceil(moved / 15 / 16)


def test_an_access_a_cycle_is_the_full_rate_of_a_port() -> None:
    pipelined = after(Sidecar("x", dram_efficiency=1.0))
    assert after(Sidecar("x", access_cycles={"dram": 1})).latency_cycles == pipelined.latency_cycles


def test_the_layers_of_a_path_share_a_slow_memory() -> None:
    """Inputs come from the path; weights and outputs wait until its accesses are over."""
    moved = ceil((6 * 4 * 9 * 8 + SUMS * 16) / 32)
    path = PathTime(700.0, 0.0, access_cycles=690.0)
    found = after(Sidecar("x", access_cycles={"dram": 3}), priced(role=Role(arriving=("I",), path=path)))
    assert found.latency_cycles == 690 + 3 * moved - 700


def test_a_buffer_with_padding_holds_and_reads_it() -> None:
    """11 x 15 inputs of which a row on each side and the last column are padding. The pads' 3 taps hold no axis whole
    but the rows."""
    whole = priced()
    layer = replace(whole, layer=replace(whole.layer, padding={"IY": (1, 1), "IX": (0, 1)}))
    plain, found = (after(Sidecar("x", padded=memories), layer) for memories in ((), ("buffer",)))
    was, now = plain.traffic_bits["buffer"]["I"], found.traffic_bits["buffer"]["I"]
    assert now["write"] == pytest.approx(was["write"] * 11 / 9 * 15 / 14)
    assert now["read"] == pytest.approx(was["read"] * 11 / 9)
    assert {**plain.traffic_bits["buffer"], "I": now} == found.traffic_bits["buffer"]
    assert found.traffic_bits["dram"] == plain.traffic_bits["dram"]
    added = 20.0 * (11 / 9 * 15 / 14 - 1) + 80.0 * (11 / 9 - 1)
    assert found.energy_pj == pytest.approx(PRICE.energy_pj + added)
    assert found.saved_pj["padded"] == pytest.approx(-added)


@given(*(st.integers(0, 3) for _ in range(6)))
def test_the_more_padding_the_more_a_buffer_moves(
    top: int, bottom: int, left: int, right: int, more_rows: int, more_columns: int
) -> None:
    whole = priced()
    paddings = (top, bottom, left, right), (top + more_rows, bottom, left, right + more_columns)
    layers = [
        replace(whole, layer=replace(whole.layer, padding={"IY": rows, "IX": columns}))
        for rows, columns in ((one[:2], one[2:]) for one in paddings)
    ]
    without = after(Sidecar("x"), layers[0])
    less, more = (after(Sidecar("x", padded=("buffer",)), layer) for layer in layers)
    assert without.energy_pj <= less.energy_pj + 1e-6
    assert less.energy_pj <= more.energy_pj + 1e-6
    for way, bits in less.traffic_bits["buffer"]["I"].items():
        assert without.traffic_bits["buffer"]["I"][way] <= bits + 1e-6
        assert bits <= more.traffic_bits["buffer"]["I"][way] + 1e-6


def test_without_padding_nothing_grows() -> None:
    assert after(Sidecar("x", padded=("buffer",))) == after(Sidecar("x"))


def folded(columns: int) -> PricedLayer:
    """The rows of outputs on fewer columns than there are rows."""
    whole = priced()
    array = {**whole.hierarchy.array, "D2": columns}
    return replace(whole, hierarchy=replace(whole.hierarchy, array=array))


@pytest.mark.parametrize(("columns", "parts"), [(3, 2), (2, 3), (1, 5)])
def test_parts_of_a_folded_loop_get_what_they_share_each(columns: int, parts: int) -> None:
    """5 rows of outputs, stride 2 and 3 taps, read 11 rows of inputs, or 5 / parts at a time."""
    more = parts * ((5 / parts - 1) * 2 + 3) / 11
    layer = folded(columns)
    together, apart = (after(Sidecar("x", folds_apart=memories), layer) for memories in ((), ("buffer",)))
    was, now = together.traffic_bits["buffer"]["I"], apart.traffic_bits["buffer"]["I"]
    assert now["read"] == pytest.approx(was["read"] * more)
    assert {**apart.traffic_bits, "buffer": together.traffic_bits["buffer"]} == together.traffic_bits
    assert now["write"] == was["write"]
    rates = {"w_pad": 64.0, "i_pad": 16.0}
    assert filling_cycles(layer, rates, ("buffer",)) - filling_cycles(layer, rates) == ceil(33 * more) - 33


def test_the_more_parts_a_loop_is_folded_in_the_more_is_sent() -> None:
    columns = (5, 3, 2, 1)  # one part, two, three and five
    sent = [
        after(Sidecar("x", folds_apart=("buffer",)), folded(one)).traffic_bits["buffer"]["I"]["read"] for one in columns
    ]
    assert sent == sorted(sent)
    assert sent[0] == after(Sidecar("x")).traffic_bits["buffer"]["I"]["read"] < sent[-1]


def test_what_is_not_folded_is_sent_once() -> None:
    assert after(Sidecar("x", folds_apart=("buffer",))) == after(Sidecar("x"))
    rates = {"i_pad": 16.0}
    assert filling_cycles(priced(), rates, ("buffer",)) == filling_cycles(priced(), rates)


def test_windows_that_slide_bring_only_what_is_new() -> None:
    """A row of 7 outputs with 3 taps and stride 2 reads 15 inputs in place of 21."""
    found = after(Sidecar("x", sliding_window=("i_pad",)))
    assert found.traffic_bits["buffer"]["I"]["read"] == pytest.approx(6 * 11 * 15 * 16)
    assert found.traffic_bits["i_pad"]["I"]["read"] == OPERATIONS * 16
    assert found.traffic_bits["dram"]["I"]["read"] == 6 * 11 * 15 * 16
    assert found.saved_pj == {"sliding_window": pytest.approx((80.0 + 9.0) * 6 / 21)}


def test_a_buffer_that_slides_hands_on_only_what_is_new() -> None:
    one, other = after(Sidecar("x", sliding_window=("i_pad",))), after(Sidecar("x", sliding_window=("buffer",)))
    assert one.traffic_bits == other.traffic_bits


def test_a_sum_that_begins_is_not_read() -> None:
    found = after(Sidecar("x", fresh_sums=("buffer",)))
    assert found.traffic_bits["buffer"]["O"]["read"] == 5 * SUMS * 32 + SUMS * 16
    assert found.traffic_bits["o_pad"]["O"]["write"] == pytest.approx((OPERATIONS + 5 * SUMS) * 32)
    assert found.traffic_bits["buffer"]["O"]["write"] == 6 * SUMS * 32


def test_zeros_gate_what_is_behind_their_reading() -> None:
    """The input is read to be looked at; a weight, a sum and a product are left out."""
    found = after(Sidecar("x", zero_gating=("I1",)), priced({"I": 0.25}))
    assert found.energy_pj == pytest.approx(PRICE.energy_pj - 0.75 * (756.0 + 75.6 + 60.0 + 61.0))
    assert found.latency_cycles == PRICE.latency_cycles
    assert found.traffic_bits["i_pad"]["I"]["read"] == OPERATIONS * 16


def test_of_two_gating_operands_the_first_is_always_read() -> None:
    found = after(Sidecar("x", zero_gating=("I", "W")), priced({"I": 0.5, "W": 0.25}))
    saved = 0.5 * 75.6 + (1 - 0.125) * (756.0 + 60.0 + 61.0)
    assert found.energy_pj == pytest.approx(PRICE.energy_pj - saved)


def test_coded_tensors_of_a_memory() -> None:
    found = after(Sidecar("x", coding={"dram": "rlc"}), priced({"I": 0.3, "O": 0.6}))
    assert found.traffic_bits["dram"]["I"]["read"] == pytest.approx(6 * 11 * 15 * 16 * 0.4)  # 4/3 x 0.3
    assert found.traffic_bits["dram"]["O"]["write"] == pytest.approx(SUMS * 16 * 0.8)
    assert found.traffic_bits["dram"]["W"]["read"] == 6 * 4 * 9 * 8
    assert found.traffic_bits["buffer"] == after(Sidecar("x")).traffic_bits["buffer"]


def test_idle_power_is_drawn_for_as_long_as_the_layer_takes() -> None:
    found = after(Sidecar("x", clock_mhz=200, idle_mw=30, pass_overhead_cycles=10))
    microseconds = (PRICE.latency_cycles + 60) / 200
    assert found.idle_energy_pj == pytest.approx(30e-3 * microseconds * 1e-6 * 1e12)
    assert found.energy_pj == pytest.approx(PRICE.energy_pj + 30 * microseconds * 1e3)


def test_in_an_output_path_nothing_passes_a_memory_twice() -> None:
    made = after(Sidecar("x"), priced(role=Role(handed_on=True)))
    assert made.traffic_bits["dram"]["O"]["write"] == 0.0
    assert made.traffic_bits["buffer"]["O"]["read"] == 6 * SUMS * 32
    riding = after(Sidecar("x"), priced(role=Role(arriving=("I",), path=PathTime(100.0, 20.0))))
    assert {sum(of["I"].values()) for of in riding.traffic_bits.values() if "I" in of} == {0.0}
    assert riding.latency_cycles == STEPS - 100.0
    hidden = PathTime(9e9, 20.0)
    assert after(Sidecar("x"), priced(role=Role(arriving=("I",), path=hidden))).latency_cycles == 0.0


def test_what_passes_the_port_in_an_output_path_is_added_up() -> None:
    """Weights and outputs of the layer, after what the layers before it have moved."""
    own = ceil((6 * 4 * 9 * 8 + SUMS * 16) / 32)
    found = after(Sidecar("x", dram_efficiency=0.5), priced(role=Role(arriving=("I",), path=PathTime(700.0, 400.0))))
    assert found.latency_cycles == (400 + own) / 0.5 - 700


@pytest.mark.parametrize(
    ("coding", "density", "width", "row", "share"),
    [
        ("rlc", 0.5, 16, 9, 2 / 3),  # three values of 16 b in 64 b
        ("rlc", 0.25, 8, 9, 0.25 * 2),  # four of 8 b, each 16 b with what goes with it
        ("rlc", 0.9, 16, 9, 1.0),  # larger than it was: sent as it is
        ("rlc", 0.1, 60, 9, 1.0),  # not one value fits beside its run
        ("bitmap", 0.5, 16, 9, 0.5 + 1 / 16),
        ("bitmap", 1.0, 8, 9, 1.0),
        ("rlc_rows", 0.0, 16, 13, 64 / (13 * 16)),  # a row of zeros is a word
        ("rlc_rows", 1.0, 16, 13, 1.0),
        ("rlc_term", 0.0, 16, 13, 64 / (13 * 16)),
        ("rlc_term", 1.0, 16, 12, 1.0),
        ("rlc", 0.5, 0, 9, 1.0),  # an operand that is not there
    ],
)
def test_coding_by_hand(coding: Coding, density: float, width: int, row: int, share: float) -> None:
    assert coded_share(coding, density, width, row) == pytest.approx(share)


@given(st.integers(2, 12), st.sampled_from((8, 16)), st.floats(0.05, 0.95))
def test_a_row_takes_the_words_that_all_its_patterns_take_on_average(row: int, width: int, density: float) -> None:
    values = {8: 4, 16: 3}[width]
    others = row - 1
    words = sum(
        comb(others, n) * density**n * (1 - density) ** (others - n) * ceil((n + 1) / values) for n in range(row)
    )
    assert coded_share("rlc_rows", density, width, row) == pytest.approx(min(1.0, words * 64 / (row * width)))


@pytest.mark.parametrize(("row", "width", "density"), [(2, 16, 0.7), (5, 16, 0.3), (7, 8, 0.45), (9, 16, 0.2)])
def test_a_row_that_ends_with_its_last_value_is_coded_pattern_by_pattern(row: int, width: int, density: float) -> None:
    """Every row of zeros and others, written as pairs of a run and a value, as many in a word as fit."""
    values = {8: 4, 16: 3}[width]
    words = 0.0
    for pattern in product((0, 1), repeat=row):
        pairs = sum(1 for element in pattern if element)
        chance = prod(density if element else 1 - density for element in pattern)
        words += chance * max(1, ceil(pairs / values))
    assert coded_share("rlc_term", density, width, row) == pytest.approx(min(1.0, words * 64 / (row * width)))


@given(shares, st.sampled_from((8, 16)), st.integers(1, 60))
def test_a_code_without_zeros_at_its_end_is_the_shorter_one(density: float, width: int, row: int) -> None:
    assert coded_share("rlc_term", density, width, row) <= coded_share("rlc_rows", density, width, row) + 1e-9


@given(
    st.sampled_from(("rlc", "rlc_rows", "rlc_term", "bitmap")), shares, shares, st.integers(1, 40), st.integers(1, 300)
)
def test_a_code_is_never_larger_and_grows_with_what_is_not_zero(
    coding: Coding, one: float, other: float, width: int, row: int
) -> None:
    sparse, dense = sorted((one, other))
    less, more = coded_share(coding, sparse, width, row), coded_share(coding, dense, width, row)
    assert 0.0 <= less <= more + 1e-9
    assert more <= 1.0


def every_rule(density: float, overhead: float, efficiency: float) -> Sidecar:
    return Sidecar(
        "x",
        systolic_skew=("D1", "D2"),
        pass_overhead_cycles=overhead,
        pass_filling={"w_pad": 64.0},
        zero_gating=("I",),
        coding={"dram": "rlc"},
        sliding_window=("i_pad",),
        fresh_sums=("buffer",),
        dram_efficiency=efficiency,
        access_cycles={"dram": 1.0 + overhead},
    )


@given(shares, shares, st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0.01, 1.0))
def test_time_is_never_below_zigzags_and_energy_never_above(
    one: float, other: float, some: float, more: float, efficiency: float
) -> None:
    """And both move with what they are made of."""
    sparse, dense = sorted((one, other))
    short, long = sorted((some, more))
    less = after(every_rule(sparse, short, 1.0), priced({"I": sparse, "O": sparse}))
    full = after(every_rule(dense, long, efficiency), priced({"I": dense, "O": dense}))
    assert PRICE.latency_cycles <= less.latency_cycles <= full.latency_cycles + 1e-6
    assert 0.0 <= less.energy_pj <= full.energy_pj + 1e-6
    assert full.energy_pj <= PRICE.energy_pj
    zigzags = after(Sidecar("x")).traffic_bits
    for memory, operands in full.traffic_bits.items():
        for operand, ways in operands.items():
            for way, bits in ways.items():
                assert less.traffic_bits[memory][operand][way] <= bits + 1e-6
                assert bits <= zigzags[memory][operand][way] + 1e-6


@given(st.sampled_from(("rlc", "bitmap")), shares)
def test_the_parts_of_each_rule_add_up(coding: Coding, density: float) -> None:
    sidecar = Sidecar(
        "x", zero_gating=("I",), coding={"dram": coding}, sliding_window=("i_pad",), clock_mhz=1, idle_mw=2
    )
    found = after(sidecar, priced({"I": density}))
    assert found.energy_pj == pytest.approx(PRICE.energy_pj - sum(found.saved_pj.values()) + 2e3 * PRICE.latency_cycles)
    assert found.latency_cycles == PRICE.latency_cycles + found.cycles_lost.total
    assert prod(found.density.values()) == density
