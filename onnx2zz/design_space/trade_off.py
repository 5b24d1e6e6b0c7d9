"""What each run of a front buys and what it pays, beside the one that takes the least of what is scarcest."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx2zz.design_space.factors import Row

SCARCE = ("area", "cores")
"""What a design has least of, the scarcest first."""


@dataclass(frozen=True)
class TradeOff:
    """A run of the front beside `base`."""

    row: Row
    base: Row

    def times(self, objective: str) -> float | None:
        """How many times as much as the base it takes; None where that takes nothing."""
        return self.row[objective] / self.base[objective] if self.base[objective] else None

    def more(self, objective: str) -> float:
        """What it takes more than the base."""
        return self.row[objective] - self.base[objective]


def trade_offs(front: Sequence[Row], objectives: Sequence[str]) -> list[TradeOff]:
    """Each run of a front beside that with the least area, or the fewest cores, or the least of the last objective."""
    if not front:
        return []
    scarce = next((name for name in SCARCE if name in objectives), objectives[-1])
    base = min(front, key=lambda row: row[scarce])
    return [TradeOff(row, base) for row in front if row is not base]
