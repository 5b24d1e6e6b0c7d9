"""The places of a lattice at which the cheapest chain may lie."""

import numpy as np
from numpy.typing import NDArray

from .crossings import Crossings
from .lattice import EVERY, NEVER, Ladder


def farthest(crossings: Crossings, levels: int | None) -> NDArray[np.intp]:
    """(axes, C): the place on each axis up to which the cheapest chain of the lowest `levels` borders need be sought;
    else it lies at the end of the axis.

    Farther out only borders of operands can lie that the loop does not move. Such a border costs least above all of the
    loop, and so do those that are farther out still."""
    found = np.zeros((len(crossings.ladders), len(crossings.given.sizes)), dtype=np.intp)
    for axis, ladder in enumerate(crossings.ladders):
        view = tuple(EVERY if other == axis else NEVER for other in range(len(crossings.ladders)))
        for op, operand in enumerate(crossings.operands):
            for level in range(1, min(len(operand.levels), levels or len(operand.levels))):
                if axis in crossings.moving(op) and not crossings.settled(op, level):
                    fits = crossings.fits(op, level - 1, view).reshape(len(ladder.below), -1)
                    found[axis] = np.maximum(found[axis], fits.sum(axis=0) - 1)
    return found


def trimmed(crossings: Crossings, far: NDArray[np.intp]) -> Crossings:
    """On the lattice with these places of each axis, and its end."""
    found: list[Ladder] = []
    for ladder, places in zip(crossings.ladders, far, strict=True):
        end = len(ladder.below) - 1
        found.append(ladder.places([*range(min(int(places.max()) + 1, end)), end]))
    return Crossings(crossings.ground, crossings.given, found, greedy=crossings.greedy)
