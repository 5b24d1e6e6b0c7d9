"""What passes each memory in each direction, period by period (mapping/mapping.py:361-452, 502-641, 670-677).

Between two neighbouring levels (the array is level 0, memory k level k + 1) data moves in tiles of the lower one. So a
memory's traffic to below and its traffic from above are the same formula, one level apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .arrays import Floats
from .merge_down import Borders
from .nest import (
    FROM_ABOVE,
    READ_TO_LOW,
    WRITE_FROM_LOW,
    DataDirection,
    Nest,
    Operand,
    Transfer,
    Unrolling,
)
from .profiles import Profile


@dataclass(frozen=True)
class Flow:
    """A periodic transfer, each (N,): bits in a period, cycles of a period, number of periods; 0 where none flows."""

    bits: Floats
    period: Floats
    count: Floats


Flows: TypeAlias = dict[Transfer, Flow]


def cycles_per_level(operand: Operand, borders: Borders, keeps_at_output: bool) -> tuple[Floats, ...]:
    """The period in which each architecture level is refilled, the array first (:460-474)."""
    stays = keeps_at_output and not operand.is_output
    # An input may stay at the memory's output register for as long as no loop moves it; a result leaves in every cycle.
    array = borders.stationary if stays else np.ones_like(borders.stationary)
    return (array, *borders.cycles)


def flows(
    nest: Nest, unrollings: Sequence[Unrolling], profiles: Sequence[Profile], cycles: Sequence[Sequence[Floats]]
) -> Flows:
    """All transfers under one of the two unrollings; those beyond an operand's top memory do not count (:670-677)."""
    result: Flows = {}
    for op, operand in enumerate(nest.operands):
        for level in range(len(operand.levels)):
            # Seen from the memory above, which serves several units below it; the second time the unit below sees its
            # own tile only.
            tile = profiles[op].elements[level] * unrollings[op].boost[level]
            for direction, flow in _across(operand, level, tile, profiles[op], cycles[op]):
                result[op, level, direction] = flow
            if level < operand.top:
                tile = profiles[op].elements[level + 1]
                for direction, flow in _across(operand, level + 1, tile, profiles[op], cycles[op]):
                    result[op, level, FROM_ABOVE[direction]] = flow
    return result


def _across(
    operand: Operand, level: int, tile: Floats, profile: Profile, cycles: Sequence[Floats]
) -> Iterator[tuple[DataDirection, Flow]]:
    """The traffic between architecture level `level` and the memory above it, named from that memory's side."""
    period = cycles[level]
    count = cycles[-1] / period
    if not operand.is_output:
        yield READ_TO_LOW, Flow(tile * operand.precision, period, count)
        return
    # An output goes up in the width of partial sums only where it comes back to be added to; else it is final and
    # leaves in its final width. What comes back down is always partial.
    read_back, partial = profile.read_back[level], profile.partial[level]
    written = np.where(read_back, float(operand.precision), float(operand.final_precision))
    yield WRITE_FROM_LOW, Flow(tile * written, period, count)
    yield READ_TO_LOW, Flow(tile * operand.precision * (partial & read_back), period * partial, count * partial)
