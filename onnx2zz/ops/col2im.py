"""Col2Im: overlapping blocks added up to an image, one Pooling layer for each sub-pixel phase.

Blocks overlap as the taps of a transposed convolution do. Every element of every block has one place only, so a phase
reads (tap, block) pairs, each once. Where pads cut pairs off, the phase is cut into runs of positions that lie under
the same taps: what lies in the pads is neither read nor added.

Source: ONNX operator page Col2Im.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, product

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, window
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.conv_transpose import MOST_PHASES, Phase, phases
from onnx2zz.ops.known_values import known_value
from onnx2zz.ops.loops import filter_loops, in_order, output_loops
from onnx2zz.ops.registry import lowers


@lowers("Col2Im", how="for each sub-pixel phase one Pooling layer that adds up its blocks; more where pads cut blocks")
def col2im(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (N, C * prod(block), blocks) -> (N, C, image...); the blocks' number is a product over the axes, too."""
    value = known_value(node, graph, 2, "window")
    block, image = [int(b) for b in np.ravel(value)], graph.shape(node.outputs[0])[2:]
    rank = len(block)
    strides, dilations = (node.integers(name) or [1] * rank for name in ("strides", "dilations"))
    pads = node.integers("pads") or [0] * (2 * rank)
    reach = [d * (b - 1) + 1 for d, b in zip(dilations, block, strict=True)]
    counts = [(image[i] + pads[i] + pads[i + rank] - reach[i]) // strides[i] + 1 for i in range(rank)]
    # Blocks overlap: an element of the image is the sum over those that reach it, and how many these are changes with
    # the element's place. Within one phase of the stride, and one run of elements that the same taps reach, the number
    # is fixed: each such part is a plain loop nest. The parts of the axes multiply.
    each_axis = [
        [
            run
            for phase in phases(strides[i], dilations[i], block[i], image[i], pads[i])
            for run in runs(phase, counts[i])
        ]
        for i in range(rank)
    ]
    if (layers := int(np.prod([len(axis) for axis in each_axis]))) > MOST_PHASES:
        raise ValueError(f"its strides and pads cut it into {layers:,} layers, more than {MOST_PHASES:,}")
    return tuple(_phase_layer(node, graph, combined, block, counts) for combined in product(*each_axis))


def runs(phase: Phase, count: int) -> Iterator[Phase]:
    """The phase, cut so that every part adds up only blocks (of `count`) that there are.

    Whole where every tap meets every block: the windows at its ends then reach past the blocks, as those of a padded
    pool do.
    """
    if phase.start + phase.spread * (phase.taps - 1) <= 0 and phase.start + phase.positions >= count:
        yield phase
        return
    taps = [_taps_inside(phase, position, count) for position in range(phase.positions)]
    for inside, group in groupby(range(phase.positions), key=taps.__getitem__):
        positions = list(group)
        first = inside.start if inside else 0
        yield replace(
            phase,
            offset=phase.offset + phase.stride * positions[0],
            positions=len(positions),
            taps=len(inside),
            last=phase.last - phase.step * first,
            start=phase.start + positions[0] + phase.spread * first,
        )


def _taps_inside(phase: Phase, position: int, count: int) -> range:
    """The taps under which there is a block."""
    found = [j for j in range(phase.taps) if 0 <= position + phase.spread * j + phase.start < count]
    return range(found[0], found[-1] + 1) if found else range(0)


def _phase_layer(
    node: Node, graph: Graph, combined: Sequence[Phase], block: Sequence[int], counts: Sequence[int]
) -> Layer:
    """The sum of the blocks that overlap in one phase of every axis; a fill with zeros where none does."""
    x, out = node.inputs[0], node.outputs[0]
    n, channels, *image = graph.shape(out)
    spatial = tuple(zip(combined, output_loops(len(image)), filter_loops(len(image)), strict=True))
    kept = (along("B", n), along("G", channels))
    within = (along(f, b, p.last, -p.step) for (p, _, f), b in zip(spatial, block, strict=True))
    number = (
        window(o, f, count, dilation=p.spread, pad=-p.start) for (p, o, f), count in zip(spatial, counts, strict=True)
    )
    written = (along(o, extent, p.offset, p.stride) for (p, o, _), extent in zip(spatial, image, strict=True))
    walked = ((o, p.positions) for p, o, _ in spatial)
    taps = ((f, p.taps) for p, _, f in spatial)
    return Layer(
        operator_type="Pooling",
        loops=in_order((("B", n), ("G", channels), *walked, *taps)),
        output=Access(out, (*kept, *written)),
        inputs=(Access(x, (*kept, *within, *number)),),
        combine=Step(functions.IDENTITY),
        reduce="sum",
    )
