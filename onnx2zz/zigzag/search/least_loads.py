"""Cycles at least before the array can begin and after it has ended: the smallest tile that the lowest memory may hold
takes each link's narrower port (loading.py hides no more than the rest)."""

from collections.abc import Sequence

import numpy as np

from .arrays import Floats
from .nest import READ_TO_HIGH, READ_TO_LOW, WRITE_FROM_HIGH, WRITE_FROM_LOW, PhysicalPort, Transfer
from .spread import Spread, narrowest
from .whole_unrolling import Ground


def first_tiles(spread: Spread) -> Floats:
    """(C,): of inputs on their way down. A link of which one port is shared may be replaced by another one."""
    found = np.zeros(len(spread.given.sizes))
    nest = spread.ground.nest
    for op in nest.inputs:
        ends = [((op, level, WRITE_FROM_HIGH), (op, level + 1, READ_TO_LOW)) for level in range(nest.operands[op].top)]
        # See `_input_parts` in loading.py: of half-shared links only the last counts, which need not be this one.
        whole = [link for link in _ports(spread.ground, ends) if link[0].shared_by_inputs == link[1].shared_by_inputs]
        # The two inputs may load side by side, so the slower one counts and not the sum.
        found = np.maximum(found, _taken(spread, op, whole))
    return found


def last_tile(spread: Spread) -> Floats:
    """(C,): of results on their way up, one link after the other."""
    top = spread.ground.nest.output.top
    ends = [((0, level, READ_TO_HIGH), (0, level + 1, WRITE_FROM_LOW)) for level in range(top)]
    return _taken(spread, 0, _ports(spread.ground, ends))


def _ports(ground: Ground, links: Sequence[tuple[Transfer, Transfer]]) -> list[tuple[PhysicalPort, PhysicalPort]]:
    """Both ports of each link; none of a link that a memory has no port for."""
    port, ports = ground.port, ground.nest.ports
    return [(ports[port[low]], ports[port[high]]) for low, high in links if low in port and high in port]


def _taken(spread: Spread, op: int, links: Sequence[tuple[PhysicalPort, PhysicalPort]]) -> Floats:
    bits = spread.smallest_tile(op) * narrowest(spread.ground.nest.operands[op])
    return sum((np.ceil(bits / min(low.width, high.width)) for low, high in links), np.zeros_like(bits))
