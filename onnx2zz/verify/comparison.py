"""How near a run's values must come to onnxruntime's: what rounding explains, and nothing more."""

import numpy as np

ROUNDINGS = 1000  # units in the last place of onnxruntime's type, relative to a value and to the values' usual size
A_STEP = 1.0  # quantised numbers are rounded once, and the two sides of a tie may part
TIES = 0.02  # of the values


def differing(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """A mask of the values that differ; both flat, `expected` in onnxruntime's own type. NaN differs from all."""
    wanted = expected.astype(np.float64)
    error = np.abs(got - wanted)
    error[(got == wanted) | (np.isnan(got) & np.isnan(wanted))] = 0.0
    error = np.where(np.isnan(error), np.inf, error)
    if expected.dtype.kind == "f":
        return error > _tolerance(expected.dtype, wanted)
    ties = (error > 0) & (error <= A_STEP) if expected.dtype.itemsize == 1 and expected.dtype != bool else error < 0
    return (error > 0) & ~ties if ties.sum() <= max(1, TIES * len(ties)) else error > 0


def _tolerance(dtype: np.dtype, wanted: np.ndarray) -> np.ndarray:
    finite = wanted[np.isfinite(wanted)]
    usual = float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0
    step = min(ROUNDINGS * float(np.finfo(dtype).eps), 2e-2)
    return step * (np.abs(np.where(np.isfinite(wanted), wanted, 0.0)) + usual)
