"""Which boxes of elements meet which others, and in how many elements, for many boxes at once."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from onnx2zz.system.elements import Elements, Positions


class Meeting:
    """What boxes of two kinds (say, those made and those read) have in common.

    A box is one set of positions for each axis, and few different sets occur on an axis: what each pair of them has in
    common is counted once, and what two boxes have in common is the product over their axes.
    """

    def __init__(self, first: Sequence[Elements], second: Sequence[Elements]):
        axes = range(len(next(iter((*first[:1], *second[:1])), ())))
        # Each axis' first set is empty, so that a row of zeros is a box without elements.
        self._first = [_numbered((0, *(box[axis] for box in first))) for axis in axes]
        self._second = [_numbered(box[axis] for box in second) for axis in axes]
        self._common = [
            np.array([[(mine & theirs).bit_count() for theirs in ys] for mine in xs], dtype=np.int64).reshape(
                len(xs), len(ys)
            )
            for xs, ys in zip(self._first, self._second, strict=True)
        ]

    @property
    def axes(self) -> int:
        return len(self._common)

    def of_first(self, boxes: Iterable[Elements]) -> np.ndarray:
        """Boxes of the first kind as rows: the number of each axis' set."""
        return self._rows(boxes, self._first)

    def of_second(self, boxes: Iterable[Elements]) -> np.ndarray:
        return self._rows(boxes, self._second)

    def counts(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """How many elements the boxes of each row have in common: of each with each, if the rows are shaped so."""
        found = np.ones(np.broadcast_shapes(first.shape[:-1], second.shape[:-1]), dtype=np.int64)
        for axis, table in enumerate(self._common):
            found = found * table[first[..., axis], second[..., axis]]
        return found

    def meet(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether the boxes of each row have an element in common, shaped as `counts`."""
        found = np.ones(np.broadcast_shapes(first.shape[:-1], second.shape[:-1]), dtype=np.bool_)
        for axis, table in enumerate(self._common):
            found &= (table > 0)[first[..., axis], second[..., axis]]
        return found

    def _rows(self, boxes: Iterable[Elements], numbers: Sequence[Mapping[Positions, int]]) -> np.ndarray:
        rows = [[own[axis] for axis, own in zip(box, numbers, strict=True)] for box in boxes]
        return np.array(rows, dtype=np.int64).reshape(len(rows), self.axes)


def _numbered(sets: Iterable[Positions]) -> dict[Positions, int]:
    return {axis: number for number, axis in enumerate(dict.fromkeys(sets))}
