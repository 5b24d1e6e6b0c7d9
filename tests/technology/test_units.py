"""Energies of multiply-accumulates: the table's own figures at 45 nm, and how others lie between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.technology.dram import dram_access
from onnx2zz.technology.scaling import node
from onnx2zz.technology.units import is_unit, unit_costs


@pytest.mark.parametrize(
    ("unit", "energy", "area"),
    [("int8", 0.2 + 0.1, 282 + 137), ("int32", 3.1 + 0.1, 3495 + 137), ("fp16", 1.1 + 0.4, 1640 + 1360),
     ("fp32", 3.7 + 0.9, 7700 + 4184)],
)  # fmt: skip
def test_the_table_at_its_own_node(unit: str, energy: float, area: float) -> None:
    found = unit_costs(unit, node(45))
    assert (found.energy.value, found.area.value) == (pytest.approx(energy), pytest.approx(area))
    assert "scaled" not in found.energy.source and found.area.source.endswith("lectures")


def test_16_bit_as_the_source_interpolates() -> None:
    """0.002994791667 b^2 + 0.001041666667 b, the coefficients that the settings of QKeras have."""
    found = unit_costs("int16", node(45)).energy
    assert found.value - 0.1 == pytest.approx(0.002994791667 * 256 + 0.001041666667 * 16)
    assert "between its 8 and 32 bit" in found.source


@given(st.integers(1, 31), st.floats(7, 90))
def test_more_bits_cost_more(bits: int, nanometres: float) -> None:
    fewer, more = unit_costs(f"int{bits}", node(nanometres)), unit_costs(f"int{bits + 1}", node(nanometres))
    assert 0 < fewer.energy.value < more.energy.value and 0 < fewer.area.value < more.area.value


def test_what_is_no_unit() -> None:
    assert [name for name in ("int0", "int33", "fp8", "8", "int8 ", "uint8") if is_unit(name)] == []
    assert all(map(is_unit, ("int1", "int32", "fp16", "fp32")))


def test_an_access_of_a_dram() -> None:
    assert dram_access("ddr3", 64).value == 1300
    assert dram_access("hbm2", 96).value == pytest.approx(3.9 * 96)
