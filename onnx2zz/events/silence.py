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
    # A left-out zero adds nothing to a sum; in a product or a minimum it would have decided the result.
    if layer.reduce not in ("none", "sum") and not (layer.reduce == "max" and lowest >= 0):
        return ()
    if len(layer.inputs) < 2:
        return ("I",) if _is_zero(layer.combine, np.zeros(1)) else ()
    # First with I alone as zero: a product is silent then whatever W is, which is the stronger claim.
    if _is_zero(layer.combine, np.zeros_like(PROBES), PROBES):
        return ("I",)
    return ("I", "W") if _is_zero(layer.combine, np.zeros(1), np.zeros(1)) else ()


def _is_zero(combine: Step, *operands: np.ndarray) -> bool:
    extra = () if combine.operand is None else (PROBES[: len(operands[0])],)
    found = combine.function(*operands, *extra, *combine.parameters)
    # 0 / 0 is NaN, but nobody divides by it: what a probe makes NaN says nothing against the others.
    return bool(np.all((found == 0) | np.isnan(found)))
