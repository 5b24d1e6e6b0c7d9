"""How a view lies in the memory of the tensor behind it: for every axis, the (size, stride) digits that make it up.

The algebra that every view goes through: `contiguous` is the identity, each kind of view states its own layout
(view_chain.py), and `then` puts one view behind another. An axis of at most one digit can be walked by one loop;
numpy's rule for a reshape without a copy is the same. A digit of stride 0 repeats the same elements (Expand): a loop
over it moves nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Digit = tuple[int, int]  # size, stride in elements of the tensor behind the view


@dataclass(frozen=True)
class Layout:
    """Digits of each axis, outermost first (axes of size 1 have none), and the position of the view's first element."""

    axes: tuple[tuple[Digit, ...], ...]
    offset: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The view's shape."""
        return tuple(math.prod(size for size, _ in axis) for axis in self.axes)

    @property
    def affine(self) -> bool:
        """Whether every axis is one stride, repeats apart: a reader can take the view into its access map."""
        return all(sum(stride != 0 for _, stride in axis) <= 1 for axis in self.axes)

    @property
    def repeats(self) -> bool:
        """Whether some element of the tensor behind is seen several times."""
        return any(stride == 0 for axis in self.axes for _, stride in axis)

    def transposed(self, order: tuple[int, ...]) -> "Layout":
        """The view with its axes in another order."""
        return Layout(tuple(self.axes[i] for i in order), self.offset)

    def expanded(self, shape: tuple[int, ...]) -> "Layout":
        """The view broadcast to a larger shape, aligned at the last axis: new elements repeat old ones."""
        axes = ((),) * (len(shape) - len(self.axes)) + self.axes
        grown = (axis or (((size, 0),) if size > 1 else ()) for axis, size in zip(axes, shape, strict=True))
        return Layout(tuple(grown), self.offset)

    def reshaped(self, shape: tuple[int, ...]) -> "Layout | None":
        """The view under another shape; None if an axis would have to be cut where its digits do not allow it."""
        return self.then(contiguous(shape))

    def then(self, view: "Layout") -> "Layout | None":
        """The layout of a view of this view; None where no digits describe it.

        `view` is laid out in this view's own row-major order.
        """
        return _composed(self, view)


@dataclass(frozen=True, slots=True)
class Move:
    """Part of a walk: `size` positions, each `steps` further on one digit (by its index; -1: it stays in place)."""

    size: int
    digit: int
    steps: int


@dataclass(frozen=True, slots=True)
class DigitWalk:
    """Where a walk starts on each digit, and for each of its steps the moves that it consists of, outermost first."""

    start: tuple[int, ...]
    moves: tuple[tuple[Move, ...], ...]


def walk_digits(digits: Sequence[Digit], offset: int, steps: Sequence[tuple[int, int]]) -> DigitWalk | None:
    """How nested steps (size, stride) from `offset` on move over an axis that digits make up.

    Strides and offset count positions of the axis, not elements of the tensor behind. None where a step runs from one
    digit into the next within its stride, or where the steps together do: then no digit is walked evenly.
    """
    sizes = [size for size, _ in digits]
    units = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    if not 0 <= offset < math.prod(sizes):
        return None
    start = tuple(offset // unit % size for unit, size in zip(units, sizes, strict=True))
    moves: list[tuple[Move, ...]] = []
    for size, stride in steps:
        found = _moves(size, stride, sizes, units)
        if found is None:
            return None
        moves.append(found)
    # Each step fits its digits alone; together they may still overflow one, and then carry into the next digit, which
    # no sum of loops can express. The extremes decide: all steps that go down, and all that go up.
    for digit, (at, size) in enumerate(zip(start, sizes, strict=True)):
        spans = [m.steps * (m.size - 1) for group in moves for m in group if m.digit == digit]
        if at + sum(s for s in spans if s < 0) < 0 or at + sum(s for s in spans if s > 0) >= size:
            return None
    return DigitWalk(start, tuple(moves))


def _moves(size: int, stride: int, sizes: Sequence[int], units: Sequence[int]) -> tuple[Move, ...] | None:
    """One step of a walk, cut at the borders of the digits that it runs over."""
    if size == 1:
        return ()
    if stride == 0:
        return (Move(size, -1, 0),)
    length, sign = abs(stride), 1 if stride > 0 else -1
    # The outermost digit whose unit the stride is not below: smaller digits are skipped as a whole.
    digit = next((i for i, unit in enumerate(units) if unit <= length), None)
    if digit is None or length % units[digit]:
        return None
    steps = length // units[digit]
    if steps * (size - 1) < sizes[digit]:
        return (Move(size, digit, sign * steps),)
    # The step is longer than its digit, so it is cut in two: an inner step that fills the digit, and an outer one that
    # goes on in the digit above. That works only if the digit and the number of steps divide without rest.
    within, left = divmod(sizes[digit], steps)
    if left or within < 2 or size % within or digit == 0:
        return None
    outer = _moves(size // within, stride * within, sizes, units)
    return None if outer is None else (*outer, Move(within, digit, sign * steps))


@lru_cache(maxsize=512)
def _composed(before: Layout, view: Layout) -> Layout | None:
    """Networks repeat their views."""
    # The view counts positions of the tensor before it, in row-major order, and those are what the digits of `before`
    # make up. So each step of the view is a walk over these digits, and each digit's stride in memory is known already.
    digits = _merged([digit for axis in before.axes for digit in axis])
    steps = [step for axis in view.axes for step in axis]
    walk = walk_digits(digits, view.offset, steps)
    if walk is None:
        return None
    moved = iter(walk.moves)
    axes = [[move for _ in axis for move in next(moved)] for axis in view.axes]
    strides = [stride for _, stride in digits] + [0]
    laid = [_merged([(m.size, m.steps * strides[m.digit]) for m in axis]) for axis in axes]
    start = sum(at * stride for at, (_, stride) in zip(walk.start, digits, strict=True))
    return Layout(tuple(laid), before.offset + start)


@lru_cache(maxsize=512)
def contiguous(shape: tuple[int, ...]) -> Layout:
    """A tensor as it is stored: row-major."""
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    return Layout(tuple(((s, stride),) if s > 1 else () for s, stride in zip(shape, strides, strict=True)))


def _merged(digits: Sequence[Digit]) -> tuple[Digit, ...]:
    """Neighbouring digits that follow each other in memory become one."""
    merged: list[Digit] = []
    for size, stride in digits:
        if merged and merged[-1][1] == size * stride:
            merged[-1] = (merged[-1][0] * size, stride)
        else:
            merged.append((size, stride))
    return tuple(merged)
