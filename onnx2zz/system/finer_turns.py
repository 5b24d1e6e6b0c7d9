"""Layers of a schedule cut in turns that memory does not ask for, so that readers begin sooner.

Where memory is short, layers go in turns anyway, and then one may begin before another has ended; what has more room
is not to be slower for it. These turns depend on nothing but the layer.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from onnx2zz.system.candidates import CHANNELS, ROWS
from onnx2zz.system.improvement import Found
from onnx2zz.system.operands import Told
from onnx2zz.system.tiling import Pieces, Tiling

FINER = (2, 4)
"""Turns that each part of a layer is cut in, along its rows or columns, or its channels if it has neither."""
STARTS = 4
"""Schedules whose layers are cut so: the best ones of different splits."""


def in_turns(told: Told, tiling: Tiling, number: int) -> Tiling:
    """The tiling in so many turns along the first of its rows and columns that is long enough, or, of a layer without
    any (a Gemm of one row), of its channels: work begins when the first of their weights are there. As it is where none
    is, or where it is in as many turns already."""
    layer = told.placed.layer
    may = [loop for loop in (*ROWS, *CHANNELS) if loop in layer.output.loops and loop != layer.recurrent]
    rows = [loop for loop in may if loop in ROWS and layer.sizes[loop] > 1]
    along = rows or [loop for loop in may if loop in CHANNELS]
    if math.prod(turns for loop, turns in tiling.turns if loop in along) >= number:
        return tiling
    loop = next((loop for loop in along if layer.sizes[loop] // tiling.pieces(loop)[0] >= number), None)
    if loop is None:
        return tiling
    # Channels that memory asks turns of stay slowest, so that the weights of a turn still come once. Turns along the
    # rows are made anew along one loop: more in all than there were.
    others = tuple((other, turns) for other, turns in tiling.turns if other not in along)
    return replace(tiling, turns=(*others, (loop, number)))


def of_different_splits(made: Sequence[Found], most: int = STARTS) -> list[Found]:
    """The first few schedules that do not share out all layers as one before does."""
    found: dict[tuple[tuple[int, Pieces], ...], Found] = {}
    for one in made:
        # The first of each split is its best, since they come sorted.
        found.setdefault(tuple(sorted((layer, used.tiling.split) for layer, used in one.tilings.items())), one)
    return list(found.values())[:most]
