"""The likely cause of wrong values: the one change to a layer that would make them right."""

from collections.abc import Callable, Sequence

import numpy as np

from onnx2zz.ir.layer import Layer
from onnx2zz.proof.variants import variants

Compare = Callable[[Sequence[Layer]], bool]
UNKNOWN = "unknown"
TRIES = 400


def likely_cause(layers: Sequence[Layer], got: np.ndarray, expected: np.ndarray, right: Compare) -> str:
    """What is wrong with a node's layers, whose values `got` are not those expected at the same points.

    `right` tells whether other layers in their place give the expected values.
    """
    tries = 0
    for index, layer in enumerate(layers):
        for kind, variant in variants(layer):
            tries += 1
            # A layer of many axes has thousands of variants, and each is run: the cause is a help, not the verdict.
            if tries > TRIES:
                return _ratio(got, expected)
            if right([*layers[:index], variant, *layers[index + 1 :]]):
                return kind
    return _ratio(got, expected)


def _ratio(got: np.ndarray, expected: np.ndarray) -> str:
    """Whether all values are off by one factor or one amount."""
    finite = np.isfinite(got) & np.isfinite(expected) & (expected != 0)
    if finite.sum() < 2:
        return UNKNOWN
    # A factor says more than an amount, so it is asked first: where all values are equal both would fit.
    factors, amounts = got[finite] / expected[finite], got[finite] - expected[finite]
    if np.ptp(factors) < 1e-3 * abs(factors[0]):
        return f"scale ({factors[0]:.4g} times too much)"
    return f"bias ({amounts[0]:.4g} too much)" if np.ptp(amounts) < 1e-3 * abs(amounts[0]) else UNKNOWN
