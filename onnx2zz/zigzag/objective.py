"""What is minimised. OBJECTIVES is the only list: the command line, Python, sweeps, the search for mappings and the
temporal search all read it, so that an objective that is added here is there everywhere.

An objective is an expression of a layer's energy (pJ) and latency (cycles) that rises with both. ZigZag keeps the least
by one of its reducers (stages/results/reduce_stages.py), which may have a second quantity decide between equals; for
what it has no reducer for, ours does the same (reducer.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, get_args

ObjectiveName = Literal["latency", "energy", "EDP"]


class Quantity(Protocol):
    """Numbers, or arrays of them."""

    def __mul__(self, other: Any, /) -> Any: ...


Q = TypeVar("Q", bound=Quantity)


class Combined(Protocol):
    """Energy (pJ) and latency (cycles) as one quantity: of numbers a number, of arrays an array."""

    def __call__(self, energy: Q, latency: Q, /) -> Q: ...


def _energy(energy: Q, latency: Q, /) -> Q:
    return energy


def _latency(energy: Q, latency: Q, /) -> Q:
    return latency


def _product(energy: Q, latency: Q, /) -> Q:
    return latency * energy


@dataclass(frozen=True)
class Objective:
    """`value` is what is minimised, in `unit`. `reducer` is the stage of ZigZag that minimises it, None where it has
    none; of equals that keeps the one with less `tie`, without `tie` the first. `second` ranks candidates for a mapping
    whose values are equal.

    `is_latency`: it is the latency and nothing else, so that the fewest cycles that the hardware allows bound it.
    `annealed`: ZigZag's simulated annealing (salsa) can minimise it.
    """

    name: ObjectiveName
    unit: str
    value: Combined
    tie: Combined | None
    second: Combined
    reducer: str | None
    annealed: bool = True

    @property
    def is_latency(self) -> bool:
        return self.value is _latency

    @property
    def is_energy(self) -> bool:
        """It is the energy and nothing else."""
        return self.value is _energy

    @property
    def of_all(self) -> str:
        """What the sum over the layers is called: of energy and latency it is the network's, of a product it is not."""
        return self.name if self.is_energy or self.is_latency else f"{self.name} summed over the layers"

    def criteria(self, energy: Q, latency: Q) -> tuple[Q, ...]:
        """What ZigZag's reducer compares, the first that differs decides."""
        value = self.value(energy, latency)
        return (value,) if self.tie is None else (value, self.tie(energy, latency))


OBJECTIVES: Sequence[Objective] = (
    Objective("latency", "cycles", _latency, _energy, _energy, "MinimalLatencyStage"),
    Objective("energy", "pJ", _energy, _latency, _latency, "MinimalEnergyStage"),
    Objective("EDP", "pJ x cycles", _product, None, _latency, "MinimalEDPStage", annealed=False),
)
"""The first is the one that holds unless told otherwise."""
NAMES: tuple[ObjectiveName, ...] = get_args(ObjectiveName)
LATENCY: ObjectiveName = "latency"


def objective(name: ObjectiveName) -> Objective:
    """The objective of this name."""
    return next(one for one in OBJECTIVES if one.name == name)
