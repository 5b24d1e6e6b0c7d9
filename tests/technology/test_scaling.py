"""Scaling from node to node, against the example on the page of the law's authors and what any such law holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.technology.scaling import FITS, Node, area_factor, energy_factor, node, scaled_by

NODES = st.floats(7, 90)
VOLTS = st.floats(0.5, 1.3)


def test_the_authors_own_example() -> None:
    """1 pJ in 65 nm at 1.3 V is 0.1755 pJ in 32 nm at 0.9 V (the page of the paper, with its correction)."""
    assert energy_factor(Node(65, 1.3), Node(32, 0.9)) == pytest.approx(0.1755, abs=1e-4)


@given(NODES, NODES, NODES)
def test_the_way_does_not_matter(first: float, second: float, third: float) -> None:
    a, b, c = node(first), node(second), node(third)
    for factor in (energy_factor, area_factor):
        assert factor(a, a) == 1
        assert factor(a, b) * factor(b, c) == pytest.approx(factor(a, c))


@given(NODES, NODES)
def test_a_newer_node_costs_less(first: float, second: float) -> None:
    older, newer = node(max(first, second)), node(min(first, second))
    assert energy_factor(older, newer) <= 1 + 1e-9 and area_factor(older, newer) <= 1 + 1e-9


@given(st.sampled_from(sorted(FITS)), VOLTS, VOLTS)
def test_less_voltage_costs_less_and_never_nothing(nanometres: float, first: float, second: float) -> None:
    lower, higher = Node(nanometres, min(first, second)), Node(nanometres, max(first, second))
    assert 0 < energy_factor(higher, lower) <= 1 + 1e-9


@given(NODES)
def test_between_two_nodes_lies_between_their_figures(nanometres: float) -> None:
    at = node(nanometres)
    below, above = max(n for n in FITS if n <= nanometres), min(n for n in FITS if n >= nanometres)
    assert energy_factor(at, Node(below, at.volts)) <= 1 + 1e-9 <= energy_factor(at, Node(above, at.volts)) + 2e-9
    assert (" between " in scaled_by(node(45), at)) == (nanometres not in FITS)
