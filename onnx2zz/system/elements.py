"""Sets of elements of a tensor: for each axis the positions that belong to it, all combinations of which are meant.

An axis' set is an integer used as bits: bit i stands for position i. That makes a union, an intersection and a count
one machine operation for each 30 positions, which is what most of a schedule's making is.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import starmap

from onnx2zz.ir import stepped
from onnx2zz.ir.axis import Axis

Positions = int
"""The positions of one axis, as bits."""
Elements = tuple[Positions, ...]
"""One set for each axis; of a tensor without axes, its one element."""
Run = tuple[int, int, int]
"""First position, how many, and the step between them."""


def interval(start: int, size: int) -> Positions:
    """`size` neighbouring positions from `start`."""
    return ((1 << size) - 1) << start


def touched(axis: Axis, ranges: Mapping[str, tuple[int, int]]) -> Positions:
    """The positions of a tensor's axis that loops in `ranges` (first value, how many) touch; padding is none."""
    steps = tuple((coefficient, ranges[loop][1]) for loop, coefficient in axis.terms if coefficient)
    offset = axis.offset + sum(coefficient * ranges[loop][0] for loop, coefficient in axis.terms)
    return stepped_positions(offset, steps, axis.extent, axis.shared_by)


@lru_cache(maxsize=1 << 16)
def stepped_positions(offset: int, steps: tuple[tuple[int, int], ...], extent: int, shared_by: int = 1) -> Positions:
    """The positions `(offset + sum(step * i)) // shared_by`, 0 <= i < size for each (step, size), of 0..extent-1."""
    if shared_by == 1 and all(step == 1 for step, _ in steps):
        first = max(0, offset)
        last = min(extent - 1, offset + sum(size - 1 for _, size in steps))
        return interval(first, last - first + 1) if last >= first else 0
    found = 0
    for element in set(stepped.elements(offset, steps)):
        if 0 <= element // shared_by < extent:
            found |= 1 << (element // shared_by)
    return found


def count(elements: Elements) -> int:
    """How many elements there are."""
    return math.prod(axis.bit_count() for axis in elements)


def meet(first: Elements, second: Elements) -> bool:
    """Whether two sets have an element in common."""
    # No generator of our own: of large schedules this is asked for millions of pairs.
    return all(starmap(int.__and__, zip(first, second, strict=True)))


def common(first: Elements, second: Elements) -> Elements:
    """The elements of both."""
    return tuple(mine & theirs for mine, theirs in zip(first, second, strict=True))


def holds(outer: Elements, inner: Elements) -> bool:
    """Whether every element of `inner` is one of `outer`."""
    return not all(inner) or all(not mine & ~theirs for mine, theirs in zip(inner, outer, strict=True))


def without(wanted: Iterable[Elements], parts: Iterable[Elements]) -> list[Elements]:
    """The elements of `wanted` that none of `parts` has, as sets that are disjoint where those of `wanted` are."""
    left = [one for one in wanted if all(one)]
    for part in parts:
        if not left:
            break
        left = [piece for one in left for piece in _less(one, part)]
    return left


def _less(one: Elements, part: Elements) -> Iterator[Elements]:
    """What is left of a set without a part: for each axis what lies beside the part there, and within it before."""
    if not meet(one, part):
        yield one
        return
    for at, (mine, theirs) in enumerate(zip(one, part, strict=True)):
        if beside := mine & ~theirs:
            yield (*common(one[:at], part[:at]), beside, *one[at + 1 :])


def positions(axis: Positions) -> list[int]:
    """The positions of one axis, in order."""
    found: list[int] = []
    while axis:
        lowest = axis & -axis
        found.append(lowest.bit_length() - 1)
        axis ^= lowest
    return found


def of_positions(numbers: Iterable[int]) -> Positions:
    """The set of these positions."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def runs(axis: Positions) -> list[Run]:
    """The positions of one axis as few evenly stepped runs."""
    left, found = positions(axis), list[Run]()
    while left:
        step = left[1] - left[0] if len(left) > 1 else 1
        length = 1
        while length < len(left) and left[length] == left[0] + step * length:
            length += 1
        if length == 2 and step > 1:  # two positions apart are rather the ends of two runs
            length, step = 1, 1
        found.append((left[0], length, step))
        left = left[length:]
    return found


def cells(whole: Elements, parts: Sequence[Elements]) -> dict[int, list[Elements]]:
    """`whole` cut so that each piece lies in the same `parts` throughout: which parts (as bits) -> the pieces.

    Each axis falls into few groups of positions that the same parts hold; a piece is one group for each axis. A part
    holds the piece if it holds every axis' group. Pieces of the same parts that differ in one axis only are joined.
    """
    pieces: dict[Elements, int] = {(): (1 << len(parts)) - 1}
    for number, axis in enumerate(whole):
        groups = _groups(axis, tuple(part[number] for part in parts))
        grown: dict[Elements, int] = {}
        for piece, live in pieces.items():
            joined: dict[int, int] = {}
            for held, group in groups.items():
                joined[live & held] = joined.get(live & held, 0) | group
            for held, group in joined.items():
                grown[(*piece, group)] = held
        pieces = grown
    found: dict[int, list[Elements]] = {}
    for piece, held in pieces.items():
        found.setdefault(held, []).append(piece)
    return found


@lru_cache(maxsize=1 << 14)
def _groups(axis: Positions, parts: tuple[Positions, ...]) -> dict[int, Positions]:
    """The positions of one axis by the parts (as bits) that hold them."""
    groups = {0: axis} if axis else {}
    for number, part in enumerate(parts):
        grown: dict[int, Positions] = {}
        for held, group in groups.items():
            if inside := group & part:
                grown[held | 1 << number] = inside
            if outside := group & ~part:
                grown[held] = outside
        groups = grown
    return groups
