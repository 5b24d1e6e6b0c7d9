"""Which operands of a layer may leave their zeros out without changing the result.

Found out by asking the layer's own function, so that a new one needs no entry in a list.
"""

import numpy as np

from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer

PROBES = np.array([-2.75, -0.5, 0.0, 0.25, 3.5])
"""Values of the other operand; 0 / 0 is no number, and nobody divides by it."""


def skippable(layer: Layer, lowest: float) -> tuple[str, ...]:
    """The operands, of I and W, whose zeros are no events; () where a zero counts like any other value.

    A product skips where I is zero, a sum where both operands are. A maximum may leave zeros out if nothing is below
    them: `lowest` is the smallest value of I in the run.
    """
    if layer.reduce not in ("none", "sum") and not (layer.reduce == "max" and lowest >= 0):
        return ()
    if len(layer.inputs) < 2:
        return ("I",) if _is_zero(layer.combine, np.zeros(1)) else ()
    if _is_zero(layer.combine, np.zeros_like(PROBES), PROBES):
        return ("I",)
    return ("I", "W") if _is_zero(layer.combine, np.zeros(1), np.zeros(1)) else ()


def _is_zero(combine: Step, *operands: np.ndarray) -> bool:
    extra = () if combine.operand is None else (PROBES[: len(operands[0])],)
    found = combine.function(*operands, *extra, *combine.parameters)
    return bool(np.all((found == 0) | np.isnan(found)))
