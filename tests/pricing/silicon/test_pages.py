"""Rows of a DRAM: pages that a tile touches against all addresses of all places, and a layer by hand."""

from itertools import product
from math import ceil, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.pricing.physical import layer_physical
from onnx2zz.pricing.silicon.flow import PathTime, Role
from onnx2zz.pricing.silicon.pages import pages_of_tile
from onnx2zz.sidecar.figures import Pages, Sidecar
from tests.pricing.silicon.by_hand import PRICE, SUMS, priced

PAGE = 512.0
INPUTS = 1 + (990 * 16 - 16) / PAGE
"""The buffer takes all of 6 x 11 x 15 at once, as they are stored."""
WEIGHTS = 6 * (1 + ((3 * 6 * 9 + 9) * 8 - 8) / PAGE)
"""Six times 9 neighbours of each of 4 filters, 6 x 9 apart: shorter than the rows that they would open one by one."""
OUTPUTS = 1 + (SUMS * 16 - 16) / PAGE


def touched(tile: tuple[tuple[int, int], ...], page: int) -> float:
    """Pages on the average over where the tile begins: every address of every place. In elements."""
    pitches = [prod(whole for _, whole in tile[place + 1 :]) for place in range(len(tile))]
    offsets = [
        sum(at * pitch for at, pitch in zip(place, pitches, strict=True))
        for place in product(*(range(taken) for taken, _ in tile))
    ]
    return sum(len({(begin + offset) // page for offset in offsets}) for begin in range(page)) / page


tiles = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=3).map(
    lambda sizes: tuple((taken, taken + more) for taken, more in sizes)
)


@given(tiles, st.integers(1, 20), st.sampled_from((1, 8, 16)))
def test_never_fewer_pages_than_a_tile_touches(tile: tuple[tuple[int, int], ...], page: int, width: int) -> None:
    found = pages_of_tile(tuple((taken, taken, whole) for taken, whole in tile), width, page * width)
    assert touched(tile, page) <= found + 1e-9
    elements = prod(taken for taken, _ in tile)
    assert elements / page <= found + 1e-9
    assert found <= elements + 1e-9


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6), st.integers(1, 20))
def test_what_lies_side_by_side_is_exact(rows: int, more: int, columns: int, page: int) -> None:
    tile = ((rows, rows + more), (columns, columns))
    assert pages_of_tile(((rows, rows, rows + more), (columns, columns, columns)), 8, page * 8) == pytest.approx(
        touched(tile, page)
    )


def test_a_stride_passes_over_what_lies_between() -> None:
    """Every other one of 9 values, 5 in all: a page of 3 values from anywhere; all of them apart at pages of one."""
    assert pages_of_tile(((5, 9, 9),), 8, 24) == 1 + 8 / 3
    assert pages_of_tile(((5, 9, 9),), 8, 8) == 5


def test_rows_are_opened_transfer_by_transfer() -> None:
    found = layer_physical(priced(), Sidecar("x", dram_pages={"dram": Pages(PAGE, 9.0, 2.5)}))
    assert found.activations == {"dram": pytest.approx(INPUTS + WEIGHTS + OUTPUTS)}
    assert found.activation_energy_pj == pytest.approx(2.5 * found.activations["dram"])
    assert found.energy_pj == pytest.approx(PRICE.energy_pj + 2.5 * found.activations["dram"])
    moved = (990 * 16 + 216 * 8 + SUMS * 16) / 32
    assert found.latency_cycles == found.access_cycles == ceil(moved + 9 * found.activations["dram"])
    assert found.cycles_lost.pages == found.latency_cycles - PRICE.latency_cycles


def test_what_does_not_pass_opens_no_row() -> None:
    """Inputs come straight from the array, and results are handed on."""
    role = Role(arriving=("I",), handed_on=True, path=PathTime(700.0, 0.0, 690.0))
    found = layer_physical(priced(role=role), Sidecar("x", dram_pages={"dram": Pages(PAGE, 30.0, 1.0)}))
    assert found.activations == {"dram": pytest.approx(WEIGHTS)}
    assert found.latency_cycles == 690 + ceil(216 * 8 / 32 + 30 * WEIGHTS) - 700


@given(st.floats(16.0, 1e6), st.floats(1.0, 8.0), st.floats(0.0, 50.0), st.floats(0.0, 50.0))
def test_longer_rows_are_fewer_and_slower_ones_take_longer(page: float, times: float, one: float, more: float) -> None:
    def after(bits: float, cycles: float):
        return layer_physical(priced(), Sidecar("x", dram_pages={"dram": Pages(bits, cycles, cycles)}))

    short, long = after(page, one + more), after(page * times, one)
    assert 3 <= long.activations["dram"] <= short.activations["dram"] + 1e-9
    assert PRICE.latency_cycles <= long.latency_cycles <= short.latency_cycles
    assert PRICE.energy_pj <= long.energy_pj <= short.energy_pj + 1e-9
