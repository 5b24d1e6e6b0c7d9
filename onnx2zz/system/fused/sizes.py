"""The sizes that tiles of a stack may have, from few large ones to many small ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from onnx2zz.system.fused.stack import Stack, bands_along, sizes_of
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId

COLUMNS = (1, 2, 4, 8)
"""Into how many parts the columns may be cut."""
LARGEST_SHARES = (None, 1 / 16)
"""The share of a core's memory that the output of one tile may take, where bands are cut once more."""


def of_every_height(graph: LayerGraph, layers: tuple[int, ...], cores: tuple[CoreId, ...]) -> Iterator[Stack]:
    """A stack with tiles of each height that there is, all columns wide; halos kept, and computed again."""
    loops = bands_along(graph, layers)
    if not loops or sizes_of(graph, layers[-1])[loops[0]] < len(cores):
        return
    for rows in range(1, -(-sizes_of(graph, layers[-1])[loops[0]] // len(cores)) + 1):
        yield from _kept_or_not(Stack(layers, cores, rows))


def _kept_or_not(stack: Stack) -> Iterator[Stack]:
    """Halos between stripes kept, and, where there are stripes, computed by both."""
    yield stack
    if len(stack.cores) > 1 and len(stack.layers) > 1:
        yield replace(stack, recomputes=True)


def from_large_to_small(
    graph: LayerGraph, layers: tuple[int, ...], cores: tuple[CoreId, ...], capacity: float
) -> list[Stack]:
    """A stack in tiles of several sizes, those that make few tiles first."""
    loops = bands_along(graph, layers)
    if not loops:
        return []
    last = sizes_of(graph, layers[-1])
    stripe = last[loops[0]] // len(cores)
    if not stripe:
        return []
    heights = _parts(last[loops[0]] // len(cores), 2 ** stripe.bit_length())
    widths: Sequence[int | None] = [None]
    if len(loops) > 1:
        widths = [None, *(w for w in dict.fromkeys(-(-last[loops[1]] // n) for n in COLUMNS) if w < last[loops[1]])]
    stacks = [
        Stack(layers, cores, rows, columns, None if share is None else capacity * share)
        for rows, columns, share in product(heights, widths, LARGEST_SHARES)
    ]
    return sorted(stacks, key=lambda stack: tiles_of(graph, stack, loops))


def _parts(size: int, most: int) -> list[int]:
    """A size in one part, two, four and so on, each once."""
    found: dict[int, None] = {}
    number = 1
    while number <= most:
        found[-(-size // number)] = None
        number *= 2
    return list(found)


def tiles_of(graph: LayerGraph, stack: Stack, loops: Sequence[str]) -> float:
    """About how many tiles a stack has on each core."""
    last = sizes_of(graph, stack.layers[-1])
    turns = -(-last[loops[0]] // (len(stack.cores) * stack.rows))
    turns *= 1 if stack.columns is None else -(-last[loops[1]] // stack.columns)
    found = 0.0
    for layer in stack.layers:
        bits = graph.layers[layer].output_bits / (turns * len(stack.cores))
        rows = max(1.0, sizes_of(graph, layer)[loops[0]] / (turns * len(stack.cores)))
        found += turns * (1.0 if stack.most_bits is None else min(rows, max(1.0, bits / stack.most_bits)))
    return found
