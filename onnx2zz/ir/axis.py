"""One axis of a tensor as loops walk it: fixed, a walk, a window, a split, or blocks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from onnx2zz.ir import stepped

MOST_LOOPS = 64  # numpy has no arrays of more axes


@dataclass(frozen=True, slots=True)
class Axis:
    """The element of one tensor axis that a loop point touches: `sum(coefficient * loop) + offset`.

    `extent` is the axis' length in the ONNX tensor; a read outside 0..extent-1 gives the layer's padding value.
    `shared_by` neighbouring positions read one element (the scales of a blocked quantisation): the sum is divided by
    it, rounding down. Only what a step reads may be shared; an operand that ZigZag sees stays affine.
    What kind of axis it is, a fixed one, a walk, a window, a split or blocks, its type says; `Axis` itself is none.
    """

    terms: tuple[tuple[str, int], ...]
    extent: int
    offset: int = 0
    shared_by: int = 1
    walked_by: ClassVar[range] = range(0)

    def __post_init__(self) -> None:
        if len(self.terms) not in self.walked_by:
            raise ValueError(f"{len(self.terms)} loops walk a {type(self).__name__} axis")
        twice = len(self.terms) > 1 and len(dict(self.terms)) < len(self.terms)
        if self.extent < 0 or self.shared_by < 1 or twice:
            raise ValueError(f"no axis: {self}")

    def reach(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The lowest and highest element that the loops touch, padding included."""
        low = high = self.offset
        for loop, coefficient in self.terms:
            span = coefficient * (sizes[loop] - 1)
            if span < 0:
                low += span
            else:
                high += span
        return (low, high) if self.shared_by == 1 else (low // self.shared_by, high // self.shared_by)

    def padding(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """How far the loops reach below 0 and beyond the last element."""
        low, high = self.reach(sizes)
        return -low if low < 0 else 0, high - self.extent + 1 if high >= self.extent else 0

    def touched(self, sizes: Mapping[str, int]) -> int:
        """The number of distinct elements of the axis (padding excluded) that the loops touch."""
        if len(self.terms) <= 1 and self.shared_by == 1 and self.padding(sizes) == (0, 0):
            return sizes[self.terms[0][0]] if self.terms and self.terms[0][1] else 1
        if self._gapless(sizes):
            low, high = self.reach(sizes)
            return max(0, min(high, self.extent - 1) - max(low, 0) + 1)
        return self._count(sizes, 0, self.extent - 1)

    def reached(self, sizes: Mapping[str, int]) -> int:
        """The number of distinct elements that the loops reach, those outside the axis included."""
        return self._count(sizes, *self.reach(sizes))

    def _count(self, sizes: Mapping[str, int], low: int, high: int) -> int:
        steps = [(coefficient, sizes[loop]) for loop, coefficient in self.terms]
        if self.shared_by == 1:
            return stepped.count(self.offset, steps, low, high)
        shared = {element // self.shared_by for element in stepped.elements(self.offset, steps)}
        return sum(low <= element <= high for element in shared)

    def _gapless(self, sizes: Mapping[str, int]) -> bool:
        """Whether the loops touch every element between the lowest and the highest: none steps over what the smaller
        steps cover together."""
        covered = 1
        for step, size in sorted((abs(coefficient), sizes[loop]) for loop, coefficient in self.terms):
            if size > 1 and step > covered:
                return False
            covered += step * (size - 1)
        return True


class Fixed(Axis):
    """An axis that no loop walks."""

    __slots__ = ()
    walked_by = range(1)


class Walk(Axis):
    """An axis that one loop walks, in steps of its coefficient."""

    __slots__ = ()
    walked_by = range(1, 2)


class Window(Axis):
    """An axis that a window slides along: the loop that moves it, then the loop inside it."""

    __slots__ = ()
    walked_by = range(2, 3)


class Split(Axis):
    """An axis that several loops cover together, outermost first."""

    __slots__ = ()
    walked_by = range(MOST_LOOPS)


class Blocks(Axis):
    """An axis of which neighbouring positions of a loop share an element."""

    __slots__ = ()
    walked_by = range(1, MOST_LOOPS)


def affine(terms: tuple[tuple[str, int], ...], extent: int, offset: int = 0) -> Axis:
    """An axis that none, one or several loops walk together; no window (`window`)."""
    kind = (Fixed, Walk)[len(terms)] if len(terms) < 2 else Split
    return kind(terms, extent, offset)


@lru_cache(maxsize=512)
def along(loop: str, extent: int, offset: int = 0, step: int = 1) -> Walk:
    """An axis that one loop walks: `step * loop + offset`."""
    return Walk(((loop, step),), extent, offset)


def blocks(loop: str, extent: int, block: int) -> Blocks:
    """An axis of blocks: `block` neighbouring positions of the loop read one element."""
    return Blocks(((loop, 1),), extent, shared_by=block)


def fixed(extent: int = 1, at: int = 0) -> Fixed:
    """An axis that no loop walks: the element `at` is read throughout (a broadcast axis of extent 1, say)."""
    return Fixed((), extent, at)


@lru_cache(maxsize=512)
def window(loop: str, filter_loop: str, extent: int, stride: int = 1, dilation: int = 1, pad: int = 0) -> Window:
    """The sliding window of Conv and Pool: `stride * loop + dilation * filter_loop - pad`."""
    return Window(((loop, stride), (filter_loop, dilation)), extent, -pad)


def split(loops: Iterable[tuple[str, int]], extent: int) -> Split:
    """An axis that several loops (outermost first, with their sizes) cover together, as in `g * K + k`."""
    terms: list[tuple[str, int]] = []
    stride = 1
    for loop, size in reversed(list(loops)):
        terms.insert(0, (loop, stride))
        stride *= size
    return Split(tuple(terms), extent)
