"""Products of the temporal loops below a border, at places of a lattice."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .arrays import Element, Flags, Floats
from .lattice import Ladder, View


class Place:
    """At the places of a view; arrays in the shape of the lattice that `ladders` span, candidates last."""

    def __init__(self, ladders: Sequence[Ladder], view: View):
        self.ladders, self.view = ladders, view
        self.below = [self.along(axis, ladder.below) for axis, ladder in enumerate(ladders)]

    def along(self, axis: int, values: NDArray[Element]) -> NDArray[Element]:
        """Values (all places on the axis, C) at those of the view."""
        seen = values[self.view[axis]]
        return seen.reshape(*(len(seen) if other == axis else 1 for other in range(len(self.ladders))), -1)

    def size(self, dim: int) -> Floats:
        """Steps of one dimension."""
        found = np.ones(1)
        # A loop may have several axes, one for each prime.
        for ladder, below in zip(self.ladders, self.below, strict=True):
            if ladder.dim == dim:
                found = found * below
        return found

    @property
    def iterations(self) -> Floats:
        """Steps of all loops together."""
        found = np.ones(1)
        for below in self.below:
            found = found * below
        return found

    def left(self, dims: Sequence[int]) -> Flags:
        """Whether a loop over one of these dimensions lies above."""
        found: Flags = np.zeros(1, dtype=np.bool_)
        for axis, ladder in enumerate(self.ladders):
            if ladder.dim in dims:
                found = found | self.along(axis, ~ladder.complete)
        return found
