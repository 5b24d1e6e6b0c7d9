"""Unrollings that cost the same but for the drain of a systolic array: over array dims of one kind, or with height and
width exchanged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.ranking import reach
from onnx2zz.mapping.space import ArrayDimension, Factors, MappedOperand, Space
from onnx2zz.zigzag.hierarchy import BuiltHierarchy

EXCHANGED = {"OX": "OY", "OY": "OX", "FX": "FY", "FY": "FX"}
"""Width and height."""


@dataclass(frozen=True)
class Alike:
    """Unrollings in groups that cost the same but for the drain: all of them, those that drain sooner first, the first
    of each group by place, and each one's group."""

    every: Factors
    first: NDArray[np.intp]
    group: NDArray[np.intp]

    @property
    def one_of_each(self) -> Factors:
        return self.every[self.first]

    def group_of(self, number: int) -> Factors:
        """All of one group, the cheapest first: ZigZag may change one of them, and take another as it is."""
        return self.every[self.group == number]


def alike(found: Factors, drain: Factors, kinds: Sequence[Sequence[int]], mirror: Sequence[int] | None) -> Alike:
    """Those together that unroll each loop equally often over each kind of array dims; `drain`: cycles that each takes
    at the end, beside what all of a group cost; `mirror`: the order of the loops in which the layer is the same again.
    """
    # 3 x 2 units over one systolic dim take five cycles to drain, over two of them three. The first of a group stands
    # for it, and none of the others is better.
    found = found[np.argsort(drain, kind="stable")]
    rows = _by_kind(found, kinds)
    # The mirror image of an unrolling is another row with its loops exchanged. Each row takes the lesser of the two
    # forms, so that both end in one group.
    if mirror is not None:
        rows = _lesser(rows, _by_kind(found[:, :, list(mirror)], kinds))
    _, first, group = np.unique(_as_one(rows), return_index=True, return_inverse=True)
    return Alike(found, first, group.reshape(-1))


def kinds(space: Space, hierarchy: BuiltHierarchy) -> list[list[int]]:
    """The array dims by place, those together that the same memories serve."""
    found: dict[object, list[int]] = {}
    for dim, (name, _) in enumerate(space.array):
        found.setdefault(reach(name, hierarchy), []).append(dim)
    return list(found.values())


def mirror(entry: WorkloadEntry, space: Space) -> tuple[int, ...] | None:
    """The order of the loops in which width and height are exchanged, if the layer is then the same; else None."""
    names = [EXCHANGED.get(loop, loop) for loop in space.loops]
    # A layer with OX and no OY has nothing to exchange with; one with neither is its own mirror, and gains nothing.
    if set(names) != set(space.loops) or tuple(names) == space.loops:
        return None
    order = tuple(space.loops.index(name) for name in names)
    same_sizes = all(space.sizes[other] == size for other, size in zip(order, space.sizes, strict=True))
    # The extents that ZigZag clips to are no loops: equal loops with other padding make another layer.
    square = len(set(entry.get("pr_loop_sizes") or ())) <= 1
    same = same_sizes and square and all(_same(operand, order) for operand in space.operands)
    return order if same else None


def _same(operand: MappedOperand, order: Sequence[int]) -> bool:
    axes = {_exchanged(axis, order) for axis in operand.axes}
    return {order[loop] for loop in operand.relevant} == set(operand.relevant) and axes == set(operand.axes)


def _exchanged(axis: ArrayDimension, order: Sequence[int]) -> ArrayDimension:
    return ArrayDimension(order[axis.outer], axis.stride, order[axis.inner], axis.dilation, axis.padding)


def _by_kind(found: Factors, kinds: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    products = [found[:, list(dims), :].prod(axis=1) for dims in kinds]
    return np.concatenate(products, axis=1).astype(np.int32) if products else np.ones((len(found), 1), np.int32)


def _lesser(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    """Row by row the one that comes first."""
    first = (one != other).argmax(axis=1)[:, None]
    less = np.take_along_axis(one, first, axis=1) <= np.take_along_axis(other, first, axis=1)
    return np.where(less, one, other)


def _as_one(rows: NDArray[np.int32]) -> NDArray[np.int64] | NDArray[np.void]:
    """A number for each row, equal for equal rows; the bytes of the row where there are too many."""
    codes: NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)
    many = 1
    for column in range(rows.shape[1]):
        distinct = np.flatnonzero(np.bincount(rows[:, column]))
        # One whole number for each row sorts many times faster than its bytes; only the digits that occur are counted,
        # so that it seldom overflows.
        many *= len(distinct)
        if many >= 2**62:
            whole = np.ascontiguousarray(rows)
            return whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).reshape(-1)
        codes = codes * len(distinct) + np.searchsorted(distinct, rows[:, column])
    return codes
