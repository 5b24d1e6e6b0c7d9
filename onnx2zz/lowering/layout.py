"""How a view lies in the memory of the tensor behind it: for every axis, the (size, stride) digits that make it up.

An axis of at most one digit can be walked by one loop; numpy's rule for a reshape without a copy is the same. A digit
of stride 0 repeats the same elements (Expand): a loop over it moves nothing.
"""

import math
from dataclasses import dataclass

Digit = tuple[int, int]  # size, stride in elements of the tensor behind the view


@dataclass(frozen=True)
class Layout:
    """Digits of each axis, outermost first; axes of size 1 have none."""

    axes: tuple[tuple[Digit, ...], ...]

    @property
    def affine(self) -> bool:
        """Whether every axis is one stride, repeats apart: a reader can take the view into its access map."""
        return all(sum(stride > 0 for _, stride in axis) <= 1 for axis in self.axes)

    def transposed(self, order: tuple[int, ...]) -> "Layout":
        """The view with its axes in another order."""
        return Layout(tuple(self.axes[i] for i in order))

    def expanded(self, shape: tuple[int, ...]) -> "Layout":
        """The view broadcast to a larger shape, aligned at the last axis: new elements repeat old ones."""
        axes = ((),) * (len(shape) - len(self.axes)) + self.axes
        grown = (axis or (((size, 0),) if size > 1 else ()) for axis, size in zip(axes, shape, strict=True))
        return Layout(tuple(grown))

    def reshaped(self, shape: tuple[int, ...]) -> "Layout | None":
        """The view under another shape; None if an axis would have to be cut where its digits do not allow it."""
        digits = list(_merged([digit for axis in self.axes for digit in axis]))
        axes = []
        for size in reversed(shape):
            taken = _take(digits, size)
            if taken is None:
                return None
            axes.append(_merged(taken))
        return Layout(tuple(reversed(axes)))

    def resized(self, axis: int, size: int, dropped: bool) -> "Layout | None":
        """The view with only `size` elements of an axis (or the axis gone)."""
        if len(self.axes[axis]) > 1:
            return None
        digits = tuple((size, stride) for _, stride in self.axes[axis] if size > 1)
        return Layout((*self.axes[:axis], *(() if dropped else (digits,)), *self.axes[axis + 1 :]))


def contiguous(shape: tuple[int, ...]) -> Layout:
    """A tensor as it is stored: row-major."""
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    return Layout(tuple(((s, stride),) if s > 1 else () for s, stride in zip(shape, strides, strict=True)))


def _take(digits: list[Digit], size: int) -> list[Digit] | None:
    """Takes the innermost digits that make up `size` off the list, cutting one where needed."""
    taken: list[Digit] = []
    while size > 1:
        if not digits:
            return None
        inner, stride = digits.pop()
        if size % inner == 0:
            taken.insert(0, (inner, stride))
            size //= inner
        elif inner % size == 0:
            digits.append((inner // size, stride * size))
            taken.insert(0, (size, stride))
            size = 1
        else:
            return None
    return taken


def _merged(digits: list[Digit]) -> tuple[Digit, ...]:
    """Neighbouring digits that follow each other in memory become one."""
    merged: list[Digit] = []
    for size, stride in digits:
        if merged and merged[-1][1] == size * stride:
            merged[-1] = (merged[-1][0] * size, stride)
        else:
            merged.append((size, stride))
    return tuple(merged)
