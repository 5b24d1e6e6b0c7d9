"""Which loops of an ordering each memory holds, for all orderings at once (opt/loma/memory_allocator.py).

Memories are filled bottom up. At each one, every operand is cut somewhere above its previous cut; of all combinations
that fit together, the one with the fewest accesses to the memories above wins, the later one in a tie (:307).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from .arrays import Flags, Floats, Ints, at
from .footprint import Tables, ordered_tiles
from .nest import AllocatedMemory, Nest, Operand
from .orderings import Orderings
from .runs import runs_over

COMBINATIONS_AT_ONCE = 1 << 17
"""Bounds the arrays over (orderings x combinations of cuts) to 1 MB each, which stays in the cache."""


@dataclass(frozen=True)
class Allocation:
    """cuts[operand][level] (N,): how many loops lie at or below that memory; valid (N,): whether everything fits."""

    valid: Flags
    cuts: tuple[tuple[Ints, ...], ...]


@dataclass(frozen=True)
class Options:
    """Where one operand may be cut at one memory: M choices for each ordering, in ZigZag's order.

    cut and accesses (N, M); bits (N, M) is infinite where a cut is not allowed; start (N,) is the operand's previous
    cut, last (N,) the outermost that fits on its own; possible (N,) says whether the operand fits at all.
    """

    cut: Ints
    bits: Floats
    accesses: Floats
    start: Ints
    last: Ints
    possible: Flags

    def rows(self, rows: Ints | slice) -> "Options":
        return Options(
            self.cut[rows], self.bits[rows], self.accesses[rows], self.start[rows], self.last[rows], self.possible[rows]
        )


def allocate(nest: Nest, tables: Sequence[Tables], orderings: Orderings, even: bool) -> Allocation:
    """MemoryAllocator.run (:83-99) over all orderings; even: operands at a memory are cut alike."""
    cuts: list[list[Ints]] = [[] for _ in nest.operands]
    valid = np.ones(len(orderings), dtype=np.bool_)
    for memory in nest.memories:
        if not memory.operands:
            continue
        # ZigZag measures every operand before it chooses any cut (:114), so none sees what the others take just
        # now.
        options = [
            _options(nest.operands[op], tables[op], cuts[op], memory, op in memory.top_of, orderings)
            for op in memory.operands
        ]
        chosen, fits = best_combination(options, memory.capacity, even)
        valid &= fits
        for op, cut in zip(memory.operands, chosen, strict=True):
            cuts[op].append(cut)
            # All or nothing, and here it was not all: ZigZag raises MemoryHierarchyTooSmallException and drops the
            # ordering (:148).
            if op in memory.top_of:
                valid &= cut == orderings.loops.length
    return Allocation(valid, tuple(tuple(levels) for levels in cuts))


def _options(
    operand: Operand,
    tables: Tables,
    cuts: Sequence[Ints],
    memory: AllocatedMemory,
    is_top: bool,
    orderings: Orderings,
) -> Options:
    if is_top and tables and not memory.double_buffered and orderings.cuttable is None:
        # All or nothing, and tiles only grow outward: where all of the tensor fits no other cut is looked at.
        whole = tables[len(cuts)][-1] * _bits_each(operand, cuts, orderings)
        if (whole <= memory.capacity).all():
            rows = len(orderings)
            bits, last = np.broadcast_to(whole, (rows,)), np.full(rows, orderings.loops.length)
            every = np.ones(rows, dtype=np.bool_)
            return Options(last[:, None], bits[:, None], np.zeros((rows, 1)), _start(cuts, orderings), last, every)
    return cut_options(tile_bits(operand, tables, cuts, orderings), cuts, is_top, memory, orderings)


def cut_options(
    bits: Floats, cuts: Sequence[Ints], is_top: bool, memory: AllocatedMemory, orderings: Orderings
) -> Options:
    """calc_size_slices (:180-225), and the accesses of :264-282; bits (N, L + 1) lie below each cut."""
    start = _start(cuts, orderings)
    if memory.double_buffered:
        whole = bits[:, -1:]
        bits = np.where(bits < whole, bits * 2, bits)  # only slices smaller than the whole are doubled (:205-207)
    position = np.arange(int(bits.shape[1]))
    reachable = position >= start[:, None]
    if orderings.cuttable is not None:
        reachable = reachable & orderings.cuttable
    # ZigZag stops at the first slice that does not fit, even where a later one would: the whole is not doubled and may
    # be smaller than twice a part of it. So a cut is allowed only if all cuts before it are.
    fits = np.logical_and.accumulate(~reachable | (bits <= memory.capacity), axis=1)
    allowed = fits & reachable
    possible = at(allowed, start)
    last = np.where(possible, np.where(allowed, position, -1).max(axis=1), start)
    if is_top:  # all or nothing: the outermost cut that fits is the only choice (:257-262)
        return Options(last[:, None], at(bits, last)[:, None], np.zeros((len(last), 1)), start, last, possible)
    iterations = orderings.iterations
    # With the doubled bits where tiles are held twice: ZigZag counts accesses by the sizes that it compared (:264-282).
    accesses = iterations[:, -1:] / iterations * bits
    cut = np.broadcast_to(position, bits.shape)
    return Options(cut, np.where(allowed, bits, np.inf), accesses, start, last, possible)


def tile_bits(operand: Operand, tables: Tables, cuts: Sequence[Ints], orderings: Orderings) -> Floats:
    """(N, L + 1): bits below each cut, at the precision of :156-178."""
    # One division of the tables serves all orderings; only fractions need each ordering's own factors.
    if tables:
        elements = tables[len(cuts)].take(orderings.below)
    else:
        elements = ordered_tiles(operand, operand.fractional, cuts, orderings)
    return elements * _bits_each(operand, cuts, orderings)[:, None]


def _bits_each(operand: Operand, cuts: Sequence[Ints], orderings: Orderings) -> Floats:
    """(N,), or (1,) where they are the same for all: bits of an element."""
    # Where both widths are one there is nothing to ask of each ordering.
    if not operand.is_output or operand.precision == operand.final_precision:
        return np.full(1, float(operand.precision))
    return output_precision(operand, cuts, orderings)


def _start(cuts: Sequence[Ints], orderings: Orderings) -> Ints:
    return cuts[-1] if cuts else np.zeros(len(orderings), dtype=np.intp)


def output_precision(operand: Operand, cuts: Sequence[Ints], orderings: Orderings) -> Floats:
    """(N,): partial sums need full precision while a reduction loop is left above, temporal or spatial (:163-175)."""
    # A loop above the cut that the output does not depend on means that these values are added to again later, so they
    # must keep the width of partial sums.
    above = operand.fractional.levels[len(cuts) + 1 :]
    reduced_in_space = any(dim in operand.irrelevant for loops in above for dim, _ in loops)
    # From the previous cut on: ZigZag settles the precision before it has chosen this one (:192).
    partial = runs_over(orderings, operand.irrelevant).outermost >= _start(cuts, orderings)
    return np.where(partial | reduced_in_space, float(operand.precision), float(operand.final_precision))


def best_combination(options: Sequence[Options], capacity: int, even: bool) -> tuple[list[Ints], Flags]:
    """find_best_loop_combination (:237-310): each operand's cut (N,), and whether the smallest fits.

    Where every operand's outermost cut fits beside the others' and costs it the fewest accesses, that combination is
    the best: sums of floats are monotone, and it comes last. All others are tried out.
    """
    possible = np.logical_and.reduce([option.possible for option in options])
    # ZigZag gives up only where the very first combination is too large (:300); a later one is passed over.
    fits = possible & (sum(at(option.bits, _first(option)) for option in options) <= capacity)
    chosen = [option.last.copy() for option in options]
    rest = np.flatnonzero(fits & ~_outermost_is_best(options, capacity, even))
    # The grid has an entry for every ordering and every combination: of three operands and nine loops a thousand each.
    block = max(1, COMBINATIONS_AT_ONCE // prod(option.bits.shape[1] for option in options))
    for first in range(0, len(rest), block):
        rows = rest[first : first + block]
        for cut, best in zip(chosen, try_all([option.rows(rows) for option in options], capacity, even), strict=True):
            cut[rows] = best
    return chosen, fits


def _first(option: Options) -> Ints:
    """Index of the first allowed choice."""
    # At an operand's highest memory there is one choice, and its column is no position in the ordering.
    return option.start if option.cut.shape[1] > 1 else np.zeros_like(option.start)


def _outermost_is_best(options: Sequence[Options], capacity: int, even: bool) -> Flags:
    total = sum(at(option.bits, _last(option)) for option in options)
    best = np.asarray(total <= capacity)
    for option in options:
        # Among the allowed cuts only: beyond them accesses fall further, and no outermost cut would ever be the best.
        least = np.where(np.isinf(option.bits), np.inf, option.accesses).min(axis=1)
        best &= at(option.accesses, _last(option)) == least
    if even:
        # Cut alike, the outermost cuts are one combination only where all that move end at the same place.
        innermost = np.minimum.reduce([option.last for option in options])
        for option in options:
            best &= (option.last == option.start) | (option.last == innermost)
    return best


def _last(option: Options) -> Ints:
    return option.last if option.cut.shape[1] > 1 else np.zeros_like(option.last)


def try_all(options: Sequence[Options], capacity: int, even: bool) -> list[Ints]:
    """The best of all combinations of cuts; nothing is allocated where none is allowed (:289, :308)."""
    shape = tuple(int(option.bits.shape[1]) for option in options)
    bits = _sum_over_grid([option.bits for option in options])
    accesses = _sum_over_grid([option.accesses for option in options])
    allowed = bits <= capacity
    if even:
        allowed &= _cut_alike(options)
    # In C order the last operand varies fastest, as ZigZag counts combinations (:296): the tie below depends on it.
    accesses = np.where(allowed, accesses, np.inf).reshape(len(bits), -1)
    # ZigZag compares with `<=`, so the last of equal combinations wins; argmin gives the first, hence the reversed
    # order.
    best: Ints = int(accesses.shape[1]) - 1 - accesses[:, ::-1].argmin(axis=1)
    found = at(allowed.reshape(len(bits), -1), best)
    indices = np.unravel_index(best, shape)
    return [
        np.where(found, at(option.cut, index), option.start) for option, index in zip(options, indices, strict=True)
    ]


def _on_grid(values: np.ndarray, axis: int, axes: int) -> np.ndarray:
    """(N, M) to (N, 1, ..., M, ..., 1) with `axes` axes after the first."""
    return values.reshape(len(values), *(values.shape[1] if other == axis else 1 for other in range(axes)))


def _sum_over_grid(values: Sequence[Floats]) -> Floats:
    grids = [_on_grid(value, axis, len(values)) for axis, value in enumerate(values)]
    # Added from the left, one operand after the other, as ZigZag adds them: float sums in another order differ in the
    # last bit, and with it the winner of a tie.
    total = grids[0]
    for grid in grids[1:]:
        total = total + grid
    return total


def _cut_alike(options: Sequence[Options]) -> Flags:
    """:320-342: no loop that one operand takes here may stay above another's cut: new cuts are at the lowest of all."""
    cuts = [_on_grid(option.cut, axis, len(options)) for axis, option in enumerate(options)]
    starts = [option.start.reshape(-1, *(1 for _ in options)) for option in options]
    lowest = cuts[0]
    for cut in cuts[1:]:
        lowest = np.minimum(lowest, cut)
    alike = np.asarray(True)
    for cut, start in zip(cuts, starts, strict=True):
        alike = alike & ((cut == start) | (cut == lowest))
    return alike
