"""What the user may choose about a lowering."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Precision:
    """Bits of float tensors: constants W, graph inputs I, partial sums O, everything a layer has finished O_final.

    `native` takes the widths of the tensor types instead. Quantised tensors always keep their own width.
    """

    W: int = 8
    I: int = 8  # noqa: E741 - ZigZag's name
    O: int = 16  # noqa: E741 - ZigZag's name
    O_final: int = 8
    native: bool = False


@dataclass(frozen=True)
class LoweringOptions:
    """`unsupported`: what to do with nodes that have no lowering. `movement`: whether moving data costs."""

    precision: Precision = Precision()
    unsupported: Literal["error", "host"] = "error"
    movement: Literal["auto", "free", "cost"] = "auto"
