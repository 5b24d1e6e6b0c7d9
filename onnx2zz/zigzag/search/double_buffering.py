"""Which memories can prefetch the next tile during this one (cost_model/cost_model.py:441-486, 635-667)."""

from collections.abc import Sequence

import numpy as np

from .arrays import Flags, Floats
from .merge_down import Borders
from .nest import Nest, Operand
from .profiles import Profile
from .python_sum import sum_of_floats


def double_buffered(nest: Nest, profiles: Sequence[Profile], borders: Sequence[Borders]) -> list[list[Flags]]:
    """[operand][memory level] (N,). profiles: of the fractional unrolling.

    A tile may be doubled when its memory is at most half full, or has room left for it; each that takes the room is
    added to what the others see of a shared memory, in the order of operands and levels.
    """
    # Of the fractional unrolling, although latency is priced with the integer one: ZigZag takes utilisation from the
    # mapping that it prices energy with (:441).
    own = [
        [_utilisation(operand, level, profile, border) for level in range(len(operand.levels))]
        for operand, profile, border in zip(nest.operands, profiles, borders, strict=True)
    ]
    shared = _shared(nest, own)
    flags: list[list[Flags]] = []
    for op, operand in enumerate(nest.operands):
        flags.append([])
        for level in range(len(operand.levels)):
            half_empty = shared[op][level] <= 0.5
            takes_room = ~half_empty & (own[op][level] <= 1 - shared[op][level])
            flags[op].append(half_empty | takes_room)
            # The room that this tile takes is gone for the operands that come after it in ZigZag's order. So the order
            # of the loops is part of the result, and they cannot be run as one array operation.
            for other, other_level in _sharers(nest, op, level):
                grown = shared[other][other_level] + own[op][level]
                shared[other][other_level] = np.where(takes_room, grown, shared[other][other_level])
    return flags


def _utilisation(operand: Operand, level: int, profile: Profile, borders: Borders) -> Floats:
    """Share of a memory's capacity that must stay while the rest is replaced: without the topmost relevant loops.

    mapping/mapping.py:280-286, 321-327.
    """
    # Level 0 of a profile is the array, so memories are one further.
    bits = profile.elements[level + 1] * level_precision(operand, profile, level + 1)
    return np.floor(bits / borders.relevant_run[level]) / operand.levels[level].capacity


def level_precision(operand: Operand, profile: Profile, level: int) -> int | Floats:
    """Bits per element at architecture level `level` (mapping/mapping.py:146-161)."""
    if not operand.is_output:
        return operand.precision
    return np.where(profile.partial[level], float(operand.precision), float(operand.final_precision))


def _shared(nest: Nest, own: Sequence[Sequence[Floats]]) -> list[list[Floats]]:
    shared = [list(levels) for levels in own]
    for group in nest.sharing:
        total = sum_of_floats([own[op][level] for op, level in group])  # :465-474
        for op, level in group:
            shared[op][level] = total
    return shared


def _sharers(nest: Nest, op: int, level: int) -> tuple[tuple[int, int], ...]:
    return next((group for group in nest.sharing if (op, level) in group), ())
