"""Which elements of a tensor a layer touches in all its loops, counted element by element."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, Window
from onnx2zz.ir.interpreter import elements_of


def count(access: Access, sizes: Mapping[str, int]) -> int:
    """The number of distinct elements inside the tensor, or outside it where something stands in for them.

    Axes whose windows meet nothing but padding count one: ZigZag divides by what is touched (layer_node.py:347).
    """
    return math.prod(max(1, len(_counted(_part(access, group), sizes))) for group in _sharing(access.axes))


def _counted(access: Access, sizes: Mapping[str, int]) -> np.ndarray:
    """What counts of some axes: beyond the ends of a window's axis lies padding, whatever stands in elsewhere."""
    whole = access.outside is not None and not any(isinstance(axis, Window) for axis in access.axes)
    return _reached(access, sizes) if whole else _rows(access, sizes)


def places(access: Access, sizes: Mapping[str, int]) -> tuple[np.ndarray, ...]:
    """Index arrays, one an axis and to be broadcast, of the elements that are touched."""
    # Axes without a common loop are independent, so that counts multiply: a table of all elements would not fit any
    # memory.
    groups = _sharing(access.axes)
    found: dict[int, np.ndarray] = {}
    for number, group in enumerate(groups):
        rows = _rows(_part(access, group), sizes)
        shape = [-1 if other == number else 1 for other in range(len(groups))]
        found |= {i: rows[:, column].reshape(shape) for column, i in enumerate(group)}
    return tuple(found[i] for i in range(len(access.axes)))


def inside(access: Access, sizes: Mapping[str, int]) -> bool:
    """Whether no loop leads out of the tensor."""
    return all(axis.padding(sizes) == (0, 0) for axis in access.axes)


def _sharing(axes: Sequence[Axis]) -> list[list[int]]:
    """The axes in groups that have a loop in common (the diagonal of a matrix); most stand alone."""
    groups: list[list[int]] = []
    for index, axis in enumerate(axes):
        # One axis may join several groups that had nothing in common before.
        mine = [group for group in groups if any(_loops(axis) & _loops(axes[other]) for other in group)]
        groups = [group for group in groups if group not in mine]
        groups.append([index, *(other for group in mine for other in group)])
    return groups


def _loops(axis: Axis) -> set[str]:
    return {loop for loop, coefficient in axis.terms if coefficient}


def _part(access: Access, axes: Sequence[int]) -> Access:
    return replace(access, axes=tuple(access.axes[i] for i in axes))


def _rows(access: Access, sizes: Mapping[str, int]) -> np.ndarray:
    """The distinct element tuples of an access, those outside the tensor left out."""
    rows = _reached(access, sizes)
    extents = np.array([axis.extent for axis in access.axes])
    return rows[((rows >= 0) & (rows < extents)).all(axis=1)]


def _reached(access: Access, sizes: Mapping[str, int]) -> np.ndarray:
    """The distinct element tuples of an access."""
    loops = sorted(access.loops)
    ranges = np.meshgrid(*(np.arange(sizes[loop]) for loop in loops), indexing="ij")
    grid = {loop: values.ravel() for loop, values in zip(loops, ranges, strict=True)}
    count = len(next(iter(grid.values()))) if grid else 1
    columns = [np.broadcast_to(element, (count,)) for element in elements_of(access, grid)]
    if len(columns) == 1:  # most axes stand alone, and plain numbers are sorted far faster than rows
        return np.unique(columns[0])[:, None]
    return np.unique(np.stack(columns, axis=1), axis=0)
