"""What ZigZag's allocator cannot choose because it takes what it can get.

Of all cuts that fit a memory it takes those with the fewest accesses, the outermost of equals
(opt/loma/memory_allocator.py:237-310). One more loop below a cut costs no access: a tile grows by no more than the loop
is long. So wherever the tile of an operand fits with the next loop, beside the whole tensors of the others, the cut
does not lie below that loop.
"""

from collections.abc import Sequence
from math import gcd

import numpy as np
from zigzag.mapping.temporal_mapping import TemporalMappingType

from .arrays import Floats
from .nest import AllocatedMemory
from .spread import widest
from .whole_unrolling import Ground


def taken_for_sure(ground: Ground, whole: Sequence[Sequence[Floats]]) -> dict[tuple[int, int], Floats]:
    """Operand and memory -> bits (C,) up to which a tile is taken for sure; -inf where nothing is known. `whole`: per
    operand and memory the elements (C,) that it holds if all loops run below it."""
    sure: dict[tuple[int, int], Floats] = {}
    seen = [0] * len(whole)
    for memory in ground.nest.memories:
        known = _takes_what_fits(ground, memory)
        bits = {op: whole[op][seen[op]] * widest(ground.nest.operands[op]) for op in memory.operands}
        for op in memory.operands:
            others = sum((taken for other, taken in bits.items() if other != op), np.zeros(1))
            sure[op, seen[op]] = memory.capacity - others if known else np.full(1, -np.inf)
            seen[op] += 1
    return sure


def _takes_what_fits(ground: Ground, memory: AllocatedMemory) -> bool:
    # Operands that are cut alike, and tiles that are held twice, may stay smaller than they could be. A window with
    # holes in it grows by more than a loop is long, so that it may cost accesses.
    alike = ground.mapping_type != TemporalMappingType.UNEVEN
    swept = [axis for op in memory.operands for axis in ground.nest.operands[op].partial]
    holes = any(axis.second_stride > gcd(axis.first_stride, axis.second_stride) for axis in swept)
    return not (alike or memory.double_buffered or holes)
