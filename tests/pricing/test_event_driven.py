"""Event-driven energy: small cases by hand, and bounds for all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.pricing.event_driven import Activity, layer_events, total_events
from onnx2zz.zigzag.layer_price import Direction, LayerPrice, LevelEnergy, Traffic

OPERATIONS = 240
VOLUMES = {"I": 40, "W": 12, "O": 20}
"""20 outputs, each the sum of 12 products, every weight in 20 of them: some product of matrices."""


def level(operand: str, memory: str, *traffic: tuple[Direction, int, float]) -> LevelEnergy:
    passing = tuple(Traffic(direction, elements, energy) for direction, elements, energy in traffic)
    memory_operand = {"I": "I1", "W": "I2", "O": "O"}[operand]
    return LevelEnergy(operand, memory, sum(t.energy_pj for t in passing), memory_operand, passing)


LEVELS = (
    level("I", "sram", ("read_to_low", 240, 24.0), ("write_from_high", 40, 8.0)),
    level("I", "dram", ("read_to_low", 40, 400.0)),
    level("W", "registers", ("read_to_low", 240, 2.4), ("write_from_high", 24, 0.5)),
    level("W", "sram", ("read_to_low", 24, 3.0), ("write_from_high", 12, 2.0)),
    level("W", "dram", ("read_to_low", 12, 120.0)),
    level("O", "registers", ("read_to_low", 240, 6.0), ("write_from_low", 240, 6.0), ("read_to_high", 20, 1.0)),
    level("O", "dram", ("write_from_low", 20, 200.0)),
)
PRICE = LayerPrice(
    energy_pj=sum(level.energy_pj for level in LEVELS) + 480.0,
    latency_cycles=240.0,
    spatial_utilization=1.0,
    spatial_mapping=(),
    temporal_mapping=(),
    operation_energy_pj=480.0,
    memory_energy=LEVELS,
)
SPARSE = Activity({"I": 0.25}, 0.5, ("I",), 10)


def spent(
    activity: Activity, price: LayerPrice = PRICE, volumes: dict[str, int] = VOLUMES
) -> dict[tuple[str, str], float]:
    events = layer_events(price, OPERATIONS, volumes, activity)
    return {(one.operand, one.memory): one.event_pj for one in events.breakdown}


def test_zeros_of_the_activation_are_neither_read_nor_written() -> None:
    energies = spent(SPARSE)
    assert energies["I", "sram"] == pytest.approx(0.25 * 32.0)
    assert energies["I", "dram"] == pytest.approx(0.25 * 400.0)


def test_a_weight_is_read_for_each_executed_operation() -> None:
    """240 operations, 240 reads: half of the operations take place, and half of the reads."""
    from_registers = 0.5 * 2.4
    into_registers = (1 - 0.5**10) * 0.5  # a register that is filled serves ten operations
    assert spent(SPARSE)["W", "registers"] == pytest.approx(from_registers + into_registers)


def test_weights_come_from_their_highest_memory_whatever_happens() -> None:
    assert spent(SPARSE)["W", "dram"] == pytest.approx(120.0)
    assert spent(SPARSE)["W", "sram"] == pytest.approx((1 - 0.5**10) * 3.0 + 2.0)


def test_weights_that_are_fetched_again_are_fetched_for_events() -> None:
    """Only 3 of the 12 passages are first ones; each serves 20 operations."""
    again = spent(SPARSE, volumes={**VOLUMES, "W": 3})["W", "dram"]
    assert again == pytest.approx(120.0 * (3 / 12 + 9 / 12 * (1 - 0.5**20)))


def test_a_sum_is_updated_by_events_and_written_once_in_any_case() -> None:
    read_back, written = 0.5 * 6.0, 6.0 * (20 / 240 + 220 / 240 * 0.5)
    assert spent(SPARSE)["O", "registers"] == pytest.approx(read_back + written + 1.0)
    assert spent(SPARSE)["O", "dram"] == pytest.approx(200.0)


def test_operations_and_network() -> None:
    events = layer_events(PRICE, OPERATIONS, VOLUMES, SPARSE, noc_pj_per_event=2.0)
    assert (events.operations_executed, events.operation_energy_pj) == (120, 240.0)
    assert (events.noc_events, events.noc_energy_pj) == (10, 20.0)
    assert events.memory_energy_pj == pytest.approx(sum(spent(SPARSE).values()))
    assert events.energy_pj == pytest.approx(240.0 + events.memory_energy_pj)
    assert layer_events(PRICE, OPERATIONS, VOLUMES, SPARSE).noc_energy_pj is None
    total = total_events((events, events), 2.0)
    assert (total.operations_executed, total.noc_events, total.noc_energy_pj) == (240, 20, 40.0)
    assert total.energy_pj == 2 * events.energy_pj


def test_nothing_but_zeros_leaves_preloading_and_results() -> None:
    energies = spent(Activity({"I": 0.0}, 0.0, ("I",), 0))
    assert energies == {
        ("I", "sram"): 0.0,
        ("I", "dram"): 0.0,
        ("W", "registers"): 0.0,
        ("W", "sram"): 2.0,
        ("W", "dram"): 120.0,
        ("O", "registers"): pytest.approx(20 / 240 * 6.0 + 1.0),
        ("O", "dram"): 200.0,
    }


def test_a_sum_of_two_inputs_leaves_out_the_zeros_of_each() -> None:
    energies = spent(Activity({"I": 0.25, "W": 0.75}, 0.8, ("I", "W"), 19))
    assert energies["W", "dram"] == pytest.approx(0.75 * 120.0)
    assert energies["W", "registers"] == pytest.approx(0.75 * 2.9)


def test_a_dense_layer_costs_what_zigzag_says() -> None:
    dense = Activity({"I": 0.25}, 1.0, (), 40, "zeros count")
    assert spent(dense) == {(one.operand, one.memory): one.energy_pj for one in LEVELS}
    assert layer_events(PRICE, OPERATIONS, VOLUMES, dense).energy_pj == PRICE.energy_pj


SHARES = st.floats(0.0, 1.0)
ENERGIES = st.floats(0.0, 1e12)


@given(
    executed=st.tuples(SHARES, SHARES).map(sorted),
    density=st.tuples(SHARES, SHARES).map(sorted),
    elements=st.integers(1, 10**9),
    volume=st.integers(1, 10**6),
    energy=ENERGIES,
    skipping=st.sampled_from([("I",), ("I", "W"), ()]),
)
def test_never_above_dense_and_never_less_for_more_events(
    executed: list[float], density: list[float], elements: int, volume: int, energy: float, skipping: tuple[str, ...]
) -> None:
    levels = tuple(
        replace(one, energy_pj=energy * len(one.traffic), traffic=tuple(_scaled(one, elements, energy)))
        for one in LEVELS
    )
    price = replace(PRICE, memory_energy=levels, energy_pj=480.0 + sum(one.energy_pj for one in levels))
    volumes = dict.fromkeys("IWO", volume)
    fewer, more = (
        layer_events(price, OPERATIONS, volumes, Activity({"I": d, "W": d}, e, skipping, 1))
        for e, d in zip(executed, density, strict=True)
    )
    for one in (fewer, more):
        assert one.energy_pj <= price.energy_pj
        assert one.operation_energy_pj <= price.operation_energy_pj
        assert all(0 <= level.event_pj <= level.dense_pj for level in one.breakdown)
    assert fewer.energy_pj <= more.energy_pj * (1 + 1e-9)


def _scaled(one: LevelEnergy, elements: int, energy: float) -> list[Traffic]:
    return [replace(t, elements=t.elements * elements, energy_pj=energy) for t in one.traffic]
