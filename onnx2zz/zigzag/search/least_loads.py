"""Cycles at least before the array can begin and after it has ended: the smallest tile that the lowest memory may hold
takes each link's narrower port (loading.py hides no more than the rest)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .arrays import Floats
from .border import Ends
from .nest import READ_TO_HIGH, READ_TO_LOW, WRITE_FROM_HIGH, WRITE_FROM_LOW, DataDirection, PhysicalPort
from .spread import Spread, narrowest
from .whole_unrolling import Ground


@dataclass(frozen=True)
class Link:
    """Between two memories, over border `level`: the ports at its lower and its upper end, and their numbers."""

    level: int
    low: PhysicalPort
    high: PhysicalPort
    ends: Ends

    @property
    def width(self) -> int:
        """Of the narrower port."""
        return min(self.low.width, self.high.width)


def loads_of(spread: Spread, op: int, level: int, tile: Floats, periods: Floats) -> dict[Ends, Floats]:
    """Cycles of an operand's links at least, as far as the tile below border `level` decides them: before the
    computation for an input, after it for results. `tile`: elements at some places; `periods`: how often one passes."""
    links = links_of(spread.ground, op)
    bits = tile * narrowest(spread.ground.nest.operands[op])
    if level > 1:
        return _beyond_the_lowest(spread, op, level, bits, periods, links)
    # Of what is hidden only the lowest memory's tile is known to remain, for every link (loading.py).
    found: dict[Ends, Floats] = {}
    for above, link in links.items():
        taken = np.ceil(bits / link.width)
        # What passes more than once is not hidden, and the memory above serves several units at once.
        if above == 1:
            served = np.ceil(bits * spread.boost(op, 1) / link.high.width)
            taken = np.where(periods > 1, np.maximum(taken, served), taken)
        found[link.ends] = found.get(link.ends, 0.0) + taken
    return found


def _beyond_the_lowest(
    spread: Spread, op: int, level: int, bits: Floats, periods: Floats, links: Mapping[int, Link]
) -> dict[Ends, Floats]:
    """What a link takes that is not hidden, beside the lowest memory's tile, however large that is."""
    if level not in links:
        return {}
    link = links[level]
    taken = np.maximum(np.ceil(bits / link.low.width), np.ceil(bits * spread.boost(op, level) / link.high.width))
    lowest = np.minimum(bits, spread.ground.nest.operands[op].levels[0].capacity)
    rest = taken - np.ceil(lowest / link.width)
    return {link.ends: np.where(periods > 1, np.maximum(rest, 0.0), 0.0)}


def first_tiles(spread: Spread) -> Floats:
    """(C,): of inputs on their way down."""
    found = np.zeros(len(spread.given.sizes))
    for op in spread.ground.nest.inputs:
        # The two inputs may load side by side, so the slower one counts and not the sum.
        found = np.maximum(found, _taken(spread, op))
    return found


def last_tile(spread: Spread) -> Floats:
    """(C,): of results on their way up, one link after the other."""
    return _taken(spread, 0)


def is_loaded(ground: Ground, op: int, level: int) -> bool:
    """Whether the cycles of this link count before or after the computation, as far as they are not hidden."""
    return level in links_of(ground, op)


def flows_back(op: int, way: DataDirection) -> bool:
    """Partial sums on their way down, of which no load counts."""
    return op == 0 and way in (READ_TO_LOW, WRITE_FROM_HIGH)


def links_of(ground: Ground, op: int) -> dict[int, Link]:
    """Border -> link, of the links whose cycles add up; none where a memory has no port."""
    down, up = (READ_TO_HIGH, WRITE_FROM_LOW) if op == 0 else (WRITE_FROM_HIGH, READ_TO_LOW)
    ports, found = ground.nest.ports, dict[int, Link]()
    for level in range(ground.nest.operands[op].top):
        low, high = ground.port.get((op, level, down)), ground.port.get((op, level + 1, up))
        if low is not None and high is not None:
            found[level + 1] = Link(level + 1, ports[low], ports[high], (low, high))
    if op == 0:
        return found
    # See `_input_parts` in loading.py: of links of which one port is shared by both inputs only the last counts; an
    # input that is alone is not asked for what it loads through ports that are shared at all.
    half = [level for level, one in found.items() if one.low.shared_by_inputs != one.high.shared_by_inputs]
    alone = len(ground.nest.inputs) == 1
    both = [level for level, one in found.items() if one.low.shared_by_inputs and one.high.shared_by_inputs]
    left_out = {*half, *both} if alone else set(half[:-1])
    return {level: link for level, link in found.items() if level not in left_out}


def _taken(spread: Spread, op: int) -> Floats:
    bits = spread.smallest_tile(op) * narrowest(spread.ground.nest.operands[op])
    links = links_of(spread.ground, op).values()
    return sum((np.ceil(bits / link.width) for link in links), np.zeros_like(bits))
