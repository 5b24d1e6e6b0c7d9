"""How many elements of an operand lie below a cut, for every cut of every ordering (opt/loma/memory_allocator.py:227).

Unrollings that do not divide a dimension are fractions, and ZigZag truncates products of them (workload/layer_node.py
:278): the last bit, hence the order of the factors, counts. Then the products are formed in ZigZag's order, level by
level; with whole numbers every order is exact, and one table over the multisets of loops does.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from .arrays import Floats, Ints, at
from .nest import Operand, Unrolled, Unrolling
from .orderings import Loops, Orderings

Tables: TypeAlias = tuple[Floats, ...]
"""Per memory level (multisets,): elements in one unit when that multiset of loops lies below. Empty: not integral."""


def tile_tables(operand: Operand, unrolling: Unrolling, loops: Loops) -> Tables:
    # A product of fractions depends on the order of its factors in the last bit, and a table has no order.
    if not unrolling.integral(operand.dims):
        return ()
    sizes = {dim: loops.dim_size(dim) for dim in operand.dims}
    tables: list[Floats] = []
    for unrolled in unrolling.levels[: len(operand.levels)]:
        # The allocator sees the spatial loops up to this level: those of a level above are spread over other units.
        for dim, factor in unrolled:
            if dim in sizes:
                sizes[dim] = sizes[dim] * factor
        tables.append(np.broadcast_to(operand.tensor_size(sizes), loops.multiset_iterations.shape))
    return tuple(tables)


def ordered_tiles(operand: Operand, unrolling: Unrolling, cuts: Sequence[Ints], orderings: Orderings) -> Floats:
    """(N, L + 1): elements in one unit of memory level len(cuts), given the cuts of the levels below it.

    The order of the factors is the allocator's: spatial loops of a level, then its temporal loops. Valid from the last
    cut outward.
    """
    sizes = {dim: orderings.loops.dim_size(dim).take(orderings.below) for dim in operand.dims}
    floor = np.zeros(len(orderings), dtype=np.intp)
    for unrolled, cut in zip(unrolling.levels, (floor, *cuts), strict=False):
        sizes = unroll(sizes, unrolled, cut, orderings)
    return operand.tensor_size(sizes)


def unroll(sizes: Mapping[int, Floats], unrolled: Unrolled, cut: Ints, orderings: Orderings) -> dict[int, Floats]:
    """Sizes (N, L + 1) of each dimension below each cut, once these spatial loops stand at `cut`."""
    grown = {
        dim: grow(at(sizes[dim], cut) * factor, cut, orderings.sizes_over((dim,)))
        for dim, factor in unrolled
        if dim in sizes
    }
    return {**sizes, **grown}


def grow(start: Floats, cut: Ints, steps: Floats) -> Floats:
    """(N, L + 1): start (N,) at the cut, multiplied by steps (N, L) one after the other from there outward."""
    # Loops below the cut are in `start` already. ZigZag multiplies the others one by one, and `accumulate` does so in
    # the same order: rounding is the same.
    above = np.arange(int(steps.shape[1])) >= cut[:, None]
    return np.multiply.accumulate(np.column_stack((start, np.where(above, steps, 1.0))), axis=1)
