"""The bands of a stack: which rows (and columns) of each layer are computed in which turn, and by whom.

The last layer's output is cut in bands of equal height. Of every other layer a turn computes what its readers in the
stack need by then and nobody has computed yet, so that a row is computed once and waits for its last reader: kept
halos. Cores have stripes of rows; of what two stripes need, the later stripe computes it first and sends it, or both
compute it. (Mei et al. 2023, "DeFiNES", on what is kept and what is computed again.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from onnx2zz.system.elements import count
from onnx2zz.system.fused.stack import Stack, bands_along, between, sizes_of
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.reads import Edge
from onnx2zz.system.tile import Box, Range, parts
from onnx2zz.system.tiling import Share


@dataclass(frozen=True)
class Band:
    """The positions of a loop that one turn computes of a stripe: its `own`, and those `again` that are another's."""

    own: Range = (0, 0)
    again: Range = (0, 0)

    @property
    def computed(self) -> Range:
        """Both; they follow each other."""
        # An empty own part says nothing of where the band lies.
        if not self.own[1]:
            return self.again
        return self.own[0], self.own[1] + self.again[1]


Stripes = Sequence[Sequence[Band]]
"""Of one layer: for each stripe its bands, turn by turn."""


def shared_out(graph: LayerGraph, stack: Stack, most_turns: int | None = None) -> dict[int, list[tuple[CoreId, Share]]]:
    """The tiles of each layer of a stack with their cores, turn by turn; `most_turns`: no more than the first bands of
    the last layer, and what they need."""
    loops = bands_along(graph, stack.layers)
    rows = stripes(graph, stack.layers, loops[0], len(stack.cores), stack.rows, stack.recomputes, most_turns)
    across = None
    if stack.columns is not None and len(loops) > 1:
        across = stripes(graph, stack.layers, loops[1], 1, stack.columns)
    return {
        layer: _of_layer(graph, stack, layer, loops, rows[layer], across[layer][0] if across is not None else None)
        for layer in stack.layers
    }


def _of_layer(
    graph: LayerGraph,
    stack: Stack,
    layer: int,
    loops: Sequence[str],
    rows: Stripes,
    columns: Sequence[Band] | None,
) -> list[tuple[CoreId, Share]]:
    """A layer's tiles. A band that is higher than tiles may be is cut in several, one turn each: the first ones are,
    since their readers need rows beyond their own."""
    sizes = sizes_of(graph, layer)
    across = [((loops[1], column.own),) for column in columns if column.own[1]] if columns is not None else [()]
    found: list[tuple[CoreId, Share]] = []
    first = 0
    # Tiles of one turn run at once on all cores, so turns are counted on together: a stripe with fewer tiles rests.
    for turn in range(len(rows[0])):
        for column in across:
            highest = _highest(graph, stack, layer, loops[0], rows, column)
            pieces = [_pieces(stripe[turn], highest) for stripe in rows]
            for place, own in enumerate(pieces):
                for number, (part, recomputed) in enumerate(own):
                    box = _box(sizes, ((loops[0], part), *column), recomputed)
                    found.append((stack.cores[place], Share(place, first + number, box)))
            first += max(map(len, pieces))
    return sorted(found, key=lambda one: (one[1].turn, one[1].place))


def _highest(
    graph: LayerGraph, stack: Stack, layer: int, loop: str, rows: Stripes, column: Sequence[tuple[str, Range]]
) -> int:
    """Rows of the highest tile of a layer in some columns."""
    usual = stack.rows
    # The first band of a layer is higher than the others by the halo of its readers: that one is cut, so that no tile
    # is larger than those of the steady course.
    if layer != stack.layers[-1]:
        usual = max((band.computed[1] for stripe in rows for band in stripe[1:]), default=0)
        # With one turn there is no steady course.
        usual = usual or max(band.computed[1] for stripe in rows for band in stripe)
    if stack.most_bits is None:
        return usual
    told = graph.layers[layer]
    row = count(told.told("O", told.ranges({**dict(column), loop: (0, 1)}))) * told.placed.widths.O_final
    return max(1, min(usual, int(stack.most_bits // row)))


def _pieces(band: Band, highest: int) -> list[tuple[Range, bool]]:
    """A band in tiles of a height that may be, and whether each is computed elsewhere, too."""
    return [
        ((start + at, min(highest, size - at)), recomputed)
        for (start, size), recomputed in ((band.own, False), (band.again, True))
        for at in range(0, size, highest)
    ]


def _box(sizes: Mapping[str, int], cut: Sequence[tuple[str, Range]], recomputed: bool) -> Box:
    return Box(tuple((loop, part) for loop, part in cut if part != (0, sizes[loop])), recomputed=recomputed)


def stripes(
    graph: LayerGraph,
    layers: Sequence[int],
    loop: str,
    number: int,
    height: int,
    recomputes: bool = False,
    most_turns: int | None = None,
) -> dict[int, Stripes]:
    """The bands of every layer along one loop: `number` stripes, `height` positions of the last layer to a turn."""
    readers = between(graph, layers)
    last = [_bands(part, height) for part in parts(sizes_of(graph, layers[-1])[loop], number)]
    all_turns = max(map(len, last))
    turns = min(all_turns, most_turns or all_turns)
    found: dict[int, Stripes] = {layers[-1]: [_filled(bands, all_turns)[:turns] for bands in last]}
    # From the last layer backwards: what a layer computes in a turn is what its readers need in it.
    for layer in reversed(layers[:-1]):
        size = sizes_of(graph, layer)[loop]
        if readers[layer]:
            needed = [_needed(graph, readers[layer], loop, found, stripe, turns) for stripe in range(len(last))]
            found[layer] = _of_needs(needed, size, recomputes, turns == all_turns)
        else:
            # A layer that nobody in the stack reads (its output leaves it) has no readers to keep in step with.
            even = [[Band(one) for one in _even(part, all_turns)] for part in parts(size, len(last))]
            # One with fewer rows than there are stripes has none in the last of them.
            even += [[] for _ in last[len(even) :]]
            found[layer] = [_filled(bands, all_turns)[:turns] for bands in even]
    return found


def _bands(stripe: Range, height: int) -> list[Band]:
    start, size = stripe
    return [Band((at, min(height, start + size - at))) for at in range(start, start + size, height)]


def _filled(bands: Sequence[Band], turns: int) -> list[Band]:
    """The bands of a stripe that has fewer than others, with empty ones behind."""
    return [*bands, *[Band()] * (turns - len(bands))]


def _even(stripe: Range, turns: int) -> list[Range]:
    return [(stripe[0] + start, size) for start, size in parts(stripe[1], turns)]


def _needed(
    graph: LayerGraph,
    readers: Sequence[Edge],
    loop: str,
    found: Mapping[int, Stripes],
    stripe: int,
    turns: int,
) -> list[Range | None]:
    """From which to before which position each turn of a stripe reads a layer; None where it reads nothing."""
    needed: list[Range | None] = []
    for turn in range(turns):
        reads = [
            read
            for edge in readers
            if (part := found[edge.reader][stripe][turn].computed)[1]
            and (read := reach(graph, edge, loop, part)) is not None
        ]
        needed.append((min(low for low, _ in reads), max(high for _, high in reads)) if reads else None)
    return needed


def reach(graph: LayerGraph, edge: Edge, loop: str, part: Range) -> Range | None:
    """From which to before which position of its producer's loop a part of a reader's loop reads."""
    # Stacks of all sizes that are thought of read the same rows, and going back to the producer takes long.
    asked = (edge.producer, edge.reader, edge.operand, loop, part)
    if asked not in graph.reached:
        graph.reached[asked] = _reach(graph, edge, loop, part)
    return graph.reached[asked]


def _reach(graph: LayerGraph, edge: Edge, loop: str, part: Range) -> Range | None:
    told, producer = graph.layers[edge.reader], graph.layers[edge.producer]
    access = told.placed.layer.inputs[OPERANDS.index(edge.operand)]
    at = producer.indices("O").index(loop)
    boxes, _ = edge.needed(told.seen(access, told.ranges({loop: part})))
    touched = [made[at] for box in boxes for made in producer.written(box)[0]]
    if not touched:
        return None
    return min((one & -one).bit_length() - 1 for one in touched), max(one.bit_length() for one in touched)


def _of_needs(needed: Sequence[Sequence[Range | None]], size: int, recomputes: bool, whole: bool) -> Stripes:
    """The bands of a layer of which turns of each stripe need so much; the last takes what nobody needs if they are the
    `whole` layer."""
    starts = [0]
    for stripe in needed[1:]:
        first = min((read[0] for read in stripe if read is not None), default=size)
        # A stripe begins where its own readers do, but never before the stripe above: each row has one owner, who
        # sends it.
        starts.append(max(starts[-1], first))
    return [
        _of_stripe(stripe, start, end, recomputes, whole)
        for stripe, (start, end) in zip(needed, pairwise([*starts, size]), strict=True)
    ]


def _of_stripe(needed: Sequence[Range | None], start: int, end: int, recomputes: bool, whole: bool) -> list[Band]:
    """The bands of the stripe from `start` to before `end`."""
    found: list[Band] = []
    at = start
    for turn, read in enumerate(needed):
        until = max(at, read[1] if read is not None else at)
        # Rows that no reader needs (a stride that stops short) are the layer's work all the same.
        if whole and turn == len(needed) - 1:
            until = max(until, end)
        # Beyond its end lie rows of the next stripe: computed again, or else waited for.
        own = min(at, end), max(0, min(until, end) - min(at, end))
        again = (max(at, end), until - max(at, end)) if recomputes and until > max(at, end) else (0, 0)
        found.append(Band(own, again))
        # Rows that an earlier turn has computed are kept and not computed again.
        at = until
    return found
