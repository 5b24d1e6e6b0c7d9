"""Ways to share out a layer, drawn: tilings as the search has them, and boxes that no search would cut."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from onnx2zz.ir.layer import Layer
from onnx2zz.system.network import CoreId
from onnx2zz.system.tile import Box, Range
from onnx2zz.system.tiling import Share, Tiling, placed

Placed = Sequence[tuple[CoreId, Share]]


def loops_to_cut(layer: Layer) -> list[str]:
    """The loops along which outputs lie apart."""
    return [loop for loop, size in layer.loops if size > 1 and loop in layer.output.loops]


@st.composite
def tilings(draw: st.DrawFn, layer: Layer, most: int = 4) -> Tiling:
    """Splits, turns and grains along up to two loops each."""
    loops = loops_to_cut(layer)
    if not loops:
        return Tiling()
    chosen = draw(st.lists(st.sampled_from(loops), unique=True, max_size=2))
    in_turns = draw(st.lists(st.sampled_from(loops), unique=True, max_size=2))
    split = tuple((loop, draw(st.integers(2, most))) for loop in chosen)
    turns = tuple((loop, draw(st.integers(2, 3))) for loop in in_turns)
    grain = tuple((loop, draw(st.integers(1, 3))) for loop in dict.fromkeys((*chosen, *in_turns)))
    return Tiling(split, turns, grain)


@st.composite
def by_tiling(draw: st.DrawFn, layer: Layer, cores: int) -> Placed:
    """Tiles of a tiling; cores as drawn, one perhaps several times."""
    tiling = draw(tilings(layer))
    used = draw(st.lists(st.integers(0, cores - 1), min_size=tiling.cores, max_size=tiling.cores))
    return placed(layer, tiling, used)


@st.composite
def by_cuts(draw: st.DrawFn, layer: Layer, cores: int) -> Placed:
    """Boxes of unequal sizes, each on any core in any turn."""
    boxes = [Box()]
    for loop in draw(st.lists(st.sampled_from(loops_to_cut(layer) or ["B"]), unique=True, max_size=2)):
        if loop in layer.sizes:
            ranges = draw(cuts(layer.sizes[loop]))
            boxes = [Box((*box.ranges, (loop, part))) for box in boxes for part in ranges]
    places = [(draw(st.integers(0, cores - 1)), draw(st.integers(0, 2)), box) for box in boxes]
    return sorted(((core, Share(core, turn, box)) for core, turn, box in places), key=lambda tile: tile[1].turn)


@st.composite
def cuts(draw: st.DrawFn, size: int) -> list[Range]:
    """A loop in up to four parts of any sizes."""
    inside = draw(st.sets(st.integers(1, max(1, size - 1)), max_size=3))
    ends = sorted({0, size, *(n for n in inside if n < size)})
    return [(start, end - start) for start, end in pairwise(ends)]


def sharings(layer: Layer, cores: int) -> st.SearchStrategy[Placed]:
    """Either of both."""
    return st.one_of(by_tiling(layer, cores), by_cuts(layer, cores))
