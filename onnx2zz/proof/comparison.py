"""How near a run's values must come to onnxruntime's: what rounding explains, and nothing more."""

import numpy as np

ROUNDINGS = 1000  # units in the last place of onnxruntime's type, relative to a value and to the values' usual size
A_STEP = 1.0  # quantised numbers are rounded once, and the two sides of a tie may part
TIES = 0.02  # of the values
WIDE = 8  # bytes


def differing(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """A mask of the values that differ; both flat, `expected` in onnxruntime's own type. NaN differs from all but NaN.

    Integers wrap where they overflow; an infinity may stand where the largest number does.
    """
    wanted = expected.astype(np.float64)
    got = _in_range(got, expected.dtype)
    error = _distance(got, wanted, expected.dtype)
    # Equal infinities have a NaN for their difference, which would count as wrong.
    error[(got == _in_range(wanted, expected.dtype)) | (np.isnan(got) & np.isnan(wanted))] = 0.0
    error = np.where(np.isnan(error), np.inf, error)
    if expected.dtype.kind in "iub":
        # A product that ends halfway between two steps is rounded to either by equally good kernels. Many such are no
        # accident: then all count as wrong.
        ties = (error > 0) & (error <= A_STEP) & is_byte(expected.dtype)
        return (error > 0) & ~ties if ties.sum() <= max(1, TIES * len(ties)) else error > 0
    return error > _tolerance(expected.dtype, wanted)


def is_byte(dtype: np.dtype) -> bool:
    """Whether values of a type are quantised numbers of one byte."""
    return dtype.kind in "iu" and dtype.itemsize == 1


def _in_range(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.kind in "iu" and dtype.itemsize < WIDE:
        # onnxruntime's integers wrap; layers compute in doubles, which do not.
        low, count = float(np.iinfo(dtype).min), 2.0 ** (8 * dtype.itemsize)
        return np.mod(values - low, count) + low
    if dtype == np.float32 or dtype == np.float16:
        return np.clip(values, np.finfo(dtype).min, np.finfo(dtype).max)
    return values


def _distance(got: np.ndarray, wanted: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The difference; of 64-bit integers the shorter way round, since doubles do not hold their ends."""
    error = np.abs(got - wanted)
    return np.minimum(error, 2.0**64 - error) if dtype.kind in "iu" and dtype.itemsize == WIDE else error


def _tolerance(dtype: np.dtype, wanted: np.ndarray) -> np.ndarray:
    finite = wanted[np.isfinite(wanted)]
    # A value near 0 may be the difference of large ones, whose rounding it has. Relative to itself alone it could never
    # be right.
    usual = float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0
    # Of short floats a thousand units would be more than the value itself.
    step = min(ROUNDINGS * _unit(dtype), 2e-2)
    return step * (np.abs(np.where(np.isfinite(wanted), wanted, 0.0)) + usual) + _smallest(dtype)


def _smallest(dtype: np.dtype) -> float:
    """The smallest normal number of a type: what lies below may be lost on the way (a long product)."""
    return float(np.finfo(dtype).tiny) if _is_numpys_float(dtype) else 0.0


def _is_numpys_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f" and dtype.isbuiltin == 1


def _unit(dtype: np.dtype) -> float:
    """The unit in the last place of 1; of types that numpy does not know, of the coarsest."""
    return float(np.finfo(dtype).eps) if _is_numpys_float(dtype) else 1.0
