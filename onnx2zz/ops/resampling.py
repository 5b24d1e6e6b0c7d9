"""Where each element of a resized axis comes from: positions, windows and weights, all known before the run.

Source: ONNX operator pages Resize (coordinate_transformation_mode, nearest_mode, cubic_coeff_a, exclude_outside,
antialias) and Upsample.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from onnx2zz.ops.tabulated import within_reason


@dataclass(frozen=True)
class Resizing:
    """One axis: `extent` elements become `out`, `scale` times as many; `roi` is its (start, end) for a crop."""

    extent: int
    out: int
    scale: float
    roi: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Taps:
    """Output element o is the sum over j of weights[o][j] * element[starts[o] + j], indices held at the borders."""

    starts: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Grid:
    """Starts that repeat: output elements `period` apart read windows `stride` apart. `offsets`: the first starts."""

    period: int
    stride: int
    offsets: tuple[int, ...]


def positions(axis: Resizing, mode: str) -> np.ndarray:
    """The input coordinate of every output element (coordinate_transformation_mode).

    An axis whose scale is 1 stays as it is, as in onnxruntime: half a pixel or a crop would mix its neighbours.
    """
    within_reason(axis.out, of="positions")
    o, extent, out, scale = np.arange(axis.out, dtype=np.float64), axis.extent, axis.out, axis.scale
    if scale == 1:
        return o
    # One branch for each formula of the operator page; they differ in what they hold fixed (the corners, the first
    # pixel's edge, the centre), so no common formula would be shorter or easier to compare with the page.
    if mode == "align_corners":
        return o * (extent - 1) / max(1, out - 1)
    if mode == "asymmetric":
        return o / scale
    if mode == "tf_half_pixel_for_nn":
        return (o + 0.5) / scale
    if mode == "tf_crop_and_resize":
        start, end = axis.roi
        step = (end - start) * (extent - 1) / (out - 1) if out > 1 else 0.0
        return (start if out > 1 else 0.5 * (start + end)) * (extent - 1) + o * step
    if mode == "pytorch_half_pixel" and out == 1:
        return np.zeros(1)
    shift = extent / 2 * (1 - out / (scale * extent)) if mode == "half_pixel_symmetric" else 0.0
    return shift + (o + 0.5) / scale - 0.5


NEAREST: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


def nearest(axis: Resizing, mode: str, rounding: str) -> tuple[int, ...]:
    """The input element that every output element is a copy of; a hair's breadth off an integer counts as it."""
    exact = positions(axis, mode)
    near = np.round(exact * 2) / 2
    x = np.where(np.abs(exact - near) < 1e-6, near, exact)
    return tuple(int(i) for i in np.clip(NEAREST[rounding](x), 0, axis.extent - 1))


def linear_weight(distance: float) -> float:
    """The triangle of linear interpolation."""
    return max(0.0, 1.0 - abs(distance))


def cubic_weight(a: float) -> Callable[[float], float]:
    """The kernel of cubic interpolation with coefficient `a` (Keys, 1981)."""

    def weight(distance: float) -> float:
        d = abs(distance)
        if d <= 1:
            return (a + 2) * d**3 - (a + 3) * d**2 + 1
        return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0

    return weight


def taps(
    axis: Resizing, mode: str, weight: Callable[[float], float], radius: int, antialias: bool, inside_only: bool
) -> Taps:
    """The windows of an interpolation whose kernel reaches `radius` elements (stretched when it smooths)."""
    stretch = max(1.0, 1.0 / axis.scale) if antialias else 1.0
    reach = radius * stretch
    count = 2 * radius if stretch == 1 else math.ceil(2 * reach) + 1
    within_reason(axis.out, count, of="weights")
    starts: list[int] = []
    rows: list[tuple[float, ...]] = []
    # The window begins at the first element that the kernel reaches and has the same number of taps everywhere, because
    # a loop has one size; taps that the kernel does not reach weigh 0. Weights are divided by their sum, so that taps
    # left out at the border do not darken it.
    for x in positions(axis, mode):
        start = math.floor(x) - radius + 1 if stretch == 1 else math.floor(x - reach) + 1
        row = [weight((start + j - x) / stretch) for j in range(count)]
        if inside_only:
            row = [w if 0 <= start + j < axis.extent else 0.0 for j, w in enumerate(row)]
        starts.append(min(max(start, 1 - count), axis.extent - 1))  # beyond, every tap is held at one element anyway
        rows.append(tuple(w / (sum(row) or 1.0) for w in row))
    return Taps(tuple(starts), tuple(rows))


def grid(axis: Resizing, starts: Sequence[int]) -> Grid:
    """How the starts repeat, with the shortest period found; at the worst the whole axis is one period."""
    numerator = Fraction(axis.scale).limit_denominator(max(axis.extent, axis.out)).numerator
    for period in (1, numerator):
        if 0 < period < axis.out and axis.out % period == 0:
            stride = starts[period] - starts[0]
            if all(starts[o] == starts[o % period] + o // period * stride for o in range(axis.out)):
                return Grid(period, stride, tuple(starts[:period]))
    return Grid(axis.out, 1, tuple(starts))


def rough_grid(axis: Resizing) -> Grid:
    """A regular stand-in for starts that move irregularly: as many windows, over the same axis."""
    return Grid(1, max(1, axis.extent // axis.out), (0,))
