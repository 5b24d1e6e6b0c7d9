"""Quantised operands for the tests: integers with their scales and zero points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Quantised:
    """Integers, float32 scale, zero point; the last two scalars or one for each channel."""

    values: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray


def quantised(
    rng: np.random.Generator,
    shape: Sequence[int],
    dtype: type[np.int8] | type[np.uint8] = np.uint8,
    per: tuple[int, ...] = (),
    zero: bool = True,
) -> Quantised:
    """Integers over the range of `dtype`; scales and zero points of shape `per`.

    int8 keeps to 7 bits: without VNNI, ONNX Runtime adds pairs of uint8*int8 products in 16 bits, which saturate.
    """
    info = np.iinfo(dtype)
    values = rng.integers(info.min, info.max + 1, shape)
    values = (values // 2 if info.min else values).astype(dtype)
    scale = rng.uniform(0.004, 0.03, per).astype(np.float32)
    zero_point = rng.integers(info.min // 4, info.max // 4 + 1, per) if zero else np.zeros(per)
    return Quantised(values, scale, zero_point.astype(dtype))


def parameters(**operands: Quantised) -> dict[str, np.ndarray]:
    """`x` gives x_scale and x_zero."""
    scales = {f"{name}_scale": operand.scale for name, operand in operands.items()}
    return scales | {f"{name}_zero": operand.zero_point for name, operand in operands.items()}
