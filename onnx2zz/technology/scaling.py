"""From one technology node to another: Stillmaker and Baas' fits to circuit simulations, 180 to 7 nm.

An energy goes with EnergyFactor(node, V) = a V^2 + b V + c, an area with a factor of its own.

Source: A. Stillmaker, B. Baas, Scaling equations for the accurate prediction of CMOS device performance from 180 nm to
7 nm, Integration 58, 2017, pp. 74-81; the coefficients as github.com/wromaszkan/nodeScale (nodeScale.py) has them, of
which those of 32 and 65 nm agree with the authors' own page. High-performance transistors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

LAW = "Stillmaker and Baas, Integration 58, 2017"
NEWEST_NM, OLDEST_NM = 7.0, 90.0


@dataclass(frozen=True)
class Fit:
    """One node: coefficients of the energy, area relative to 45 nm, and the supply that is taken if nobody says (V).

    The supplies are assumed: those that the predictive transistor models were made for, and 0.9 V at 45 nm, which is
    the supply of the table that is scaled (units.py).
    """

    a: float
    b: float
    c: float
    area: float
    volts: float

    def energy(self, volts: float) -> float:
        return self.a * volts**2 + self.b * volts + self.c


FITS: Mapping[float, Fit] = {
    90: Fit(4.762, -4.781, 2.092, 2.8, 1.2),
    65: Fit(3.755, -4.398, 1.975, 1.5, 1.1),
    45: Fit(1.018, -0.3107, 0.1539, 1.0, 0.9),
    32: Fit(0.8367, -0.4341, 0.1701, 0.46, 0.9),
    20: Fit(0.373, -0.1582, 0.04104, 0.21, 0.9),
    16: Fit(0.2958, -0.1241, 0.03024, 0.19, 0.85),
    14: Fit(0.2363, -0.09675, 0.02239, 0.17, 0.8),
    10: Fit(0.2068, -0.09311, 0.02375, 0.1, 0.75),
    7: Fit(0.1776, -0.09097, 0.02447, 0.059, 0.7),
}
LEAST_VOLTS, MOST_VOLTS = 0.5, 1.3
"""Where the fits are taken to hold: a parabola goes anywhere beyond."""


@dataclass(frozen=True)
class Node:
    """A technology node in nm and its supply in V. Raises nothing: `problems` of the API has checked both."""

    nanometres: float
    volts: float

    def __post_init__(self) -> None:
        assert NEWEST_NM <= self.nanometres <= OLDEST_NM and LEAST_VOLTS <= self.volts <= MOST_VOLTS

    def __str__(self) -> str:
        return f"{self.nanometres:g} nm at {self.volts:g} V"


def node(nanometres: float, volts: float | None = None) -> Node:
    """The node with its supply; without `volts` the one that is assumed for it."""
    if volts is not None:
        return Node(nanometres, volts)
    below, above = _neighbours(nanometres)
    share = 0.0 if below == above else (nanometres - below) / (above - below)
    return Node(nanometres, FITS[below].volts + share * (FITS[above].volts - FITS[below].volts))


def energy_factor(of: Node, to: Node) -> float:
    """What an energy at the first node is multiplied with to be one at the second."""
    return _energy(to) / _energy(of)


def area_factor(of: Node, to: Node) -> float:
    """The same for an area; the supply has no say in it."""
    return _area(to) / _area(of)


def scaled_by(of: Node, to: Node) -> str:
    """How a scaled figure is told."""
    between = [nanometres for nanometres in (of.nanometres, to.nanometres) if nanometres not in FITS]
    told = "".join(
        f", {nanometres:g} nm between {above:g} and {below:g} nm"
        for nanometres in between
        for below, above in [_neighbours(nanometres)]
    )
    return f"scaled from {of} to {to} by {LAW}{told}"


def _neighbours(nanometres: float) -> tuple[float, float]:
    """The nearest nodes that have a fit, the newer one first; twice the same where it has one itself."""
    return max(one for one in FITS if one <= nanometres), min(one for one in FITS if one >= nanometres)


def _energy(of: Node) -> float:
    below, above = _neighbours(of.nanometres)
    return _between(of.nanometres, (below, FITS[below].energy(of.volts)), (above, FITS[above].energy(of.volts)))


def _area(of: Node) -> float:
    below, above = _neighbours(of.nanometres)
    return _between(of.nanometres, (below, FITS[below].area), (above, FITS[above].area))


def _between(nanometres: float, first: tuple[float, float], second: tuple[float, float]) -> float:
    """A power law through two points: from one node to the next, energies and areas shrink by about the same share."""
    if first == second:
        return first[1]
    share = log(nanometres / first[0]) / log(second[0] / first[0])
    return exp(log(first[1]) + share * (log(second[1]) - log(first[1])))
