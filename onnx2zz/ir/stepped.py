"""How many elements loops of constant step reach, without walking them all."""

import math
from collections.abc import Iterator, Sequence
from itertools import product

from onnx2zz.errors import InputError, Problem

MOST_POINTS = 1 << 20
"""What is walked after all: a network's window has a few dozen elements."""
Loop = tuple[int, int]
"""Step and number of iterations."""


def count(offset: int, loops: Sequence[Loop], low: int, high: int) -> int:
    """The distinct numbers `offset + sum(step * i)`, 0 <= i < size, from `low` to `high`.

    The loop of most iterations is not walked: from each start that the others make, it reaches an interval of one
    residue class of its step. Raises InputError where that leaves too many starts (`elements`).
    """
    steps = [(step, size) for step, size in loops if step and size > 1]
    if not steps:
        return int(low <= offset <= high)
    longest = max(range(len(steps)), key=lambda n: steps[n][1])
    step, size = steps.pop(longest)
    offset, step = (offset, step) if step > 0 else (offset + step * (size - 1), -step)
    intervals: dict[int, list[tuple[int, int]]] = {}
    for start in elements(offset, steps):
        residue, first = start % step, start // step
        bounds = max(first, -((residue - low) // step)), min(first + size - 1, (high - residue) // step)
        intervals.setdefault(residue, []).append(bounds)
    return sum(map(_union, intervals.values()))


def elements(offset: int, loops: Sequence[Loop]) -> Iterator[int]:
    """The numbers `offset + sum(step * i)`, some of them several times. Raises InputError if they are too many."""
    points = math.prod(size for _, size in loops)
    if points > MOST_POINTS:
        what = f"reaches elements of an axis in {points:,} ways"
        raise InputError(Problem("a layer", what, "no network's window is so large: look at strides and dilations"))
    return (offset + sum(step * i for (step, _), i in zip(loops, point, strict=True)) for point in _points(loops))


def _points(loops: Sequence[Loop]) -> Iterator[tuple[int, ...]]:
    return product(*(range(size) for _, size in loops))


def _union(intervals: list[tuple[int, int]]) -> int:
    """The whole numbers in closed intervals; one that ends before it begins is empty."""
    covered, end = 0, None
    for first, last in sorted(intervals):
        first = first if end is None else max(first, end + 1)
        if last >= first:
            covered, end = covered + last - first + 1, last
    return covered
