"""Repeated blocks of a network: stretches of layers that follow each other again and again, found by what they are.

Names and places do not count. A block is told once in tables; sums over a network are still made layer by layer.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

LOOK_AHEAD = 4
"""How many of the next layers of its kind a layer is compared with, to find how far apart repetitions are."""
MOST_PERIODS = 64
"""Distances that are tried, those that occur most often."""
FEWEST_SPARED = 2
"""Layers that must be told again without a block, for one to be worth a word."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Block:
    """`times` stretches of `layers` layers each, one behind the other; `first` is the place of the first layer."""

    first: int
    layers: int
    times: int

    @property
    def end(self) -> int:
        """The place behind the last layer of the last stretch."""
        return self.first + self.layers * self.times

    def __str__(self) -> str:
        return f"{self.times} x block of {self.layers} layer{'s' * (self.layers != 1)}"


def blocks_of(kinds: Sequence[Hashable]) -> tuple[Block, ...]:
    """The blocks of a network whose layers, in order, are of these kinds; equal ones are the same layer.

    The blocks that cover most come first, and of what is left the others; none overlaps another.
    """
    numbers = _numbered(kinds)
    found = sorted(
        (block for period in _periods(numbers) for block in _runs(numbers, period)),
        # Of blocks that cover equally much the one with the shorter period: three times four layers is told in fewer
        # lines than two times six that hold the same.
        key=lambda block: (-block.layers * block.times, block.layers, block.first),
    )
    taken = bytearray(len(numbers))
    kept: list[Block] = []
    for block in found:
        if not any(taken[block.first : block.end]):
            taken[block.first : block.end] = b"\1" * (block.end - block.first)
            kept.append(block)
    return tuple(sorted(kept, key=lambda block: block.first))


def _numbered(kinds: Sequence[Hashable]) -> list[int]:
    """A small number for each kind: they are compared again and again."""
    known: dict[Hashable, int] = {}
    return [known.setdefault(kind, len(known)) for kind in kinds]


def _periods(numbers: Sequence[int]) -> list[int]:
    """How far apart repetitions may be: the distances of layers of one kind."""
    places: dict[int, list[int]] = {}
    distances: Counter[int] = Counter()
    for place, number in enumerate(numbers):
        before = places.setdefault(number, [])
        # Each layer with all of its kind would be quadratic: a network may have thousands of equal layers.
        distances.update(place - one for one in before[-LOOK_AHEAD:])
        before.append(place)
    return [distance for distance, _ in distances.most_common(MOST_PERIODS)]


def _runs(numbers: Sequence[int], period: int) -> Iterator[Block]:
    """The longest stretches in which each layer is the one a period before it."""
    begin = 0
    # One step past the last comparison, so that a run which reaches the end of the network is closed like any other.
    for place in range(len(numbers) - period + 1):
        if place + period < len(numbers) and numbers[place] == numbers[place + period]:
            continue
        times = (place - begin) // period + 1
        if (times - 1) * period >= FEWEST_SPARED:
            yield Block(begin, period, times)
        begin = place + 1


def shown_once(items: Sequence[Item], blocks: Sequence[Block]) -> Iterator[tuple[Block | None, Sequence[Item]]]:
    """The items, one for each layer, in order: the first stretch of each block with it, and what lies between."""
    place = 0
    for block in blocks:
        if place < block.first:
            yield None, items[place : block.first]
        yield block, items[block.first : block.first + block.layers]
        place = block.end
    if place < len(items):
        yield None, items[place:]


def as_document(block: Block) -> Mapping[str, int]:
    """The block as JSON has it."""
    return {"first": block.first, "layers": block.layers, "times": block.times}
