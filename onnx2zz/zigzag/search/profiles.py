"""What each memory level holds, under one of the two unrollings (mapping/mapping.py:121-302).

ZigZag prices energy with the fractional unrolling and latency with the integer one. Its sizes are rounded products of
floats, in which each loop of a partial axis is replaced by a growth in size and one in reuse
(mapping/mapping_assist_funcs.py:12-160). Where every true size is a whole number the rounding recovers it exactly;
elsewhere the products are formed in ZigZag's order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats, Ints, at
from .footprint import Tables, grow
from .nest import Operand, PartialAxis, Unrolled, Unrolling
from .orderings import Orderings


@dataclass(frozen=True)
class Profile:
    """One operand under one unrolling; level 0 is the operational array, level k + 1 the k-th memory. Entries (N,).

    elements[k]: held by one unit of level k. Of the output also partial[k]: whether level k holds sums that are still
    added to (psum_flag); and read_back[k]: whether ZigZag counts any element that memory k returns for that (:413-452).
    """

    elements: tuple[Floats, ...]
    partial: tuple[Flags, ...] = ()
    read_back: tuple[Flags, ...] = ()


@dataclass(frozen=True)
class Product:
    """The loops of one level multiplied as ZigZag does, each (N,): size, reuse, and whether any loop reuses."""

    size: Floats
    reuse: Floats
    reused: Flags


def profile(
    operand: Operand, unrolling: Unrolling, tables: Tables, cuts: Sequence[Ints], orderings: Orderings
) -> Profile:
    """cuts: after merge-down; tables: of this unrolling."""
    if tables:
        held = [table.take(at(orderings.below, cut)) for table, cut in zip(tables, cuts, strict=True)]
    else:
        held = _rounded(operand, unrolling, cuts, orderings)
    elements = (np.ones(len(orderings)), *held)
    if not operand.is_output:
        return Profile(elements)
    # Flags are asked of ZigZag's "1s1t" form, in which the array has its own spatial loops and none in time.
    array = np.zeros(len(orderings), dtype=np.intp)
    levels = list(products(operand, (array, *cuts), unrolling.levels, orderings))
    return Profile(elements, _partial(levels), _read_back(levels, operand.elements))


def _rounded(operand: Operand, unrolling: Unrolling, cuts: Sequence[Ints], orderings: Orderings) -> list[Floats]:
    """:223-237, 275: spatial loops count for the memory right above them ("1s2t")."""
    levels = products(operand, cuts, unrolling.levels, orderings)
    # Accumulated as floats and rounded level by level: rounding each level first would carry its error to those above.
    sizes = np.multiply.accumulate([level.size for level in levels], axis=0)
    return [np.rint(size) for size in sizes]


def _partial(levels: Sequence[Product]) -> tuple[Flags, ...]:
    """:131-144: partial sums lie wherever a level above still reduces."""
    none = np.zeros_like(levels[0].reused)
    above = [none]
    for level in reversed(levels[1:]):
        above.append(above[-1] | level.reused)
    return tuple(reversed(above))


def _read_back(levels: Sequence[Product], elements: float) -> tuple[Flags, ...]:
    """:253-259, 413-421, with the products taken from each level upward."""
    flags: list[Flags] = []
    for level in range(1, len(levels)):
        # ZigZag multiplies from this level upward, one by one (`math.prod`), and fractions round by that order.
        reuse = np.multiply.accumulate([above.reuse for above in levels[level:]], axis=0)[-1]
        flags.append(np.trunc(elements * (reuse - 1)) != 0)
    # ZigZag adds a level without reuse on top (`output_ir_loop_size_caal.extend`): nothing comes back from above.
    return (*flags, np.zeros_like(flags[0]))


def products(
    operand: Operand, cuts: Sequence[Ints], spatial: Sequence[Unrolled], orderings: Orderings
) -> Iterator[Product]:
    """Per level: the temporal loops from the last cut to this one, then these spatial loops."""
    floor = np.zeros(len(orderings), dtype=np.intp)
    # Only loops of a partial axis change size and reuse by ratios that are no whole numbers.
    walk = _PartialWalk(operand, orderings) if operand.partial else _Walk(operand, orderings)
    for cut, unrolled in zip(cuts, spatial, strict=False):
        product = walk.temporal(floor, cut)
        for dim, factor in unrolled:
            product = walk.spatial(product, dim, factor)
        yield product
        floor = cut


class _Walk:
    """Multiplies an operand's loops level by level; of an operand without partial axes the whole numbers are exact."""

    def __init__(self, operand: Operand, orderings: Orderings):
        self.operand = operand
        # Of whole numbers below 2^46, so that the quotients below are exact.
        self.relevant = orderings.loops.product_over(operand.relevant).take(orderings.below)
        self.irrelevant = orderings.loops.product_over(operand.irrelevant).take(orderings.below)

    def temporal(self, floor: Ints, cut: Ints) -> Product:
        reuse = at(self.irrelevant, cut) / at(self.irrelevant, floor)
        return Product(at(self.relevant, cut) / at(self.relevant, floor), reuse, reuse > 1)

    def spatial(self, product: Product, dim: int, factor: float) -> Product:
        if dim in self.operand.relevant:
            return _times(product, factor, 1.0)
        return _times(product, 1.0, factor) if dim in self.operand.irrelevant else product


class _PartialWalk(_Walk):
    """The same for an operand with partial axes, whose loops grow size and reuse by ratios of floats."""

    def __init__(self, operand: Operand, orderings: Orderings):
        self.operand = operand
        self.orderings = orderings
        ones = np.ones(len(orderings))
        self.swept = dict.fromkeys(operand.partial, (ones, ones))

    def temporal(self, floor: Ints, cut: Ints) -> Product:
        position = np.arange(int(self.orderings.loop.shape[1]))
        inside = (position >= floor[:, None]) & (position < cut[:, None])
        size = self.orderings.sizes_over(self.operand.relevant)
        reuse = self.orderings.sizes_over(self.operand.irrelevant)
        for axis in self.operand.partial:
            # A loop of a window's axis is relevant and irrelevant at once: part of its steps reach new elements, the
            # rest reuse.
            growth, regrowth = self._sweep(axis, floor, cut)
            size, reuse = size * growth, reuse * regrowth
        reused = np.logical_or.reduce(inside & (reuse > 1), axis=1)
        return Product(_in_order(size, inside), _in_order(reuse, inside), reused)

    def _sweep(self, axis: PartialAxis, floor: Ints, cut: Ints) -> tuple[Floats, Floats]:
        """(N, L) each: by what factor each loop grows the axis' size and its reuse."""
        first, second = (
            grow(start, floor, self.orderings.sizes_over((dim,)))
            for start, dim in zip(self.swept[axis], (axis.first, axis.second), strict=True)
        )
        self.swept[axis] = at(first, cut), at(second, cut)
        size = axis.size(first, second)
        reuse = first * second / size
        return size[:, 1:] / size[:, :-1], reuse[:, 1:] / reuse[:, :-1]

    def spatial(self, product: Product, dim: int, factor: float) -> Product:
        product = super().spatial(product, dim, factor)
        for axis in self.operand.partial:
            if dim in (axis.first, axis.second):
                product = self._unroll(product, axis, dim, factor)
        return product

    def _unroll(self, product: Product, axis: PartialAxis, dim: int, factor: float) -> Product:
        first, second = self.swept[axis]
        size = axis.size(first, second)
        swept = (first * factor, second) if dim == axis.first else (first, second * factor)
        grown = axis.size(*swept)
        self.swept[axis] = swept
        return _times(product, grown / size, (swept[0] * swept[1] / grown) / (first * second / size))


def _times(product: Product, size: float | Floats, reuse: float | Floats) -> Product:
    return Product(product.size * size, product.reuse * reuse, product.reused | (np.asarray(reuse) > 1))


def _in_order(steps: Floats, inside: Flags) -> Floats:
    """(N,): product of the steps inside, innermost first."""
    return np.multiply.accumulate(np.where(inside, steps, 1.0), axis=1)[:, -1]
