"""What joins the units of an array, as a sidecar file says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wires:
    """What joins the units of the array: array dims across which results are summed up; memory operand -> array dims
    across which one read reaches all units; pairs of array dims over which a window may slide."""

    adder_trees: tuple[str, ...] = ()
    multicast: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    diagonals: tuple[tuple[str, str], ...] = ()
