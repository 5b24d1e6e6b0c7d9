"""Col2Im: overlapping blocks added up to an image, one axis after the other.

Blocks of one axis overlap as the taps of a transposed convolution do, so each pass has its sub-pixel phases; what it
leaves of the other axes' blocks, the next pass adds up.

Source: ONNX operator page Col2Im.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from onnx2zz import functions
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.layer import Access, Axis, Layer, Step, along, window
from onnx2zz.ops.conv_transpose import Phase, phases
from onnx2zz.ops.loops import filter_loops, in_order, output_loops
from onnx2zz.ops.registry import lowers


@lowers("Col2Im", how="for each spatial axis one Pooling layer a sub-pixel phase, which adds up its blocks")
def col2im(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (N, C * prod(block), blocks) -> (N, C, image...); the blocks' number is a product over the axes, too."""
    block = graph.value(node.inputs[2])
    assert block is not None, f"the blocks of {node.label} are unknown, and its shape is not"
    return tuple(_passes(node, graph, [int(b) for b in np.ravel(block)]))


def _passes(node: Node, graph: Graph, block: list[int]) -> Iterator[Layer]:
    out, rank = node.outputs[0], len(block)
    image = graph.shape(out)[2:]
    strides, dilations = (node.attribute(name, None) or [1] * rank for name in ("strides", "dilations"))
    pads = node.attribute("pads", None) or [0] * (2 * rank)
    reach = [d * (b - 1) + 1 for d, b in zip(dilations, block, strict=True)]
    counts = [(image[i] + pads[i] + pads[i + rank] - reach[i]) // strides[i] + 1 for i in range(rank)]
    names = [node.inputs[0], *(f"{out}/axis{i}" for i in range(rank - 1)), out]
    for i, (source, target) in enumerate(pairwise(names)):
        axes = _PassAxes(graph.shape(out)[:2], image[: i + 1], block[i:], counts[i:])
        for phase in phases(strides[i], dilations[i], block[i], image[i], pads[i]):
            yield axes.layer(phase, source, target)


class _PassAxes:
    """One pass: tensors are (N, C, finished axes..., block's axes..., numbers of blocks...)."""

    def __init__(self, channels: tuple[int, ...], image: tuple[int, ...], block: list[int], counts: list[int]):
        rank = len(image) + len(block) - 1
        outer, taps = output_loops(rank), filter_loops(rank)
        self.walked, self.tap = outer[len(image) - 1], taps[len(image) - 1]
        self.finished = tuple(zip(outer, image[:-1], strict=False))
        rest = [f"P{loop[1:]}" for loop in outer[len(image) :]]
        self.blocks = tuple(zip(rest, block[1:], strict=True))
        self.numbers = tuple(zip(outer[len(image) :], counts[1:], strict=True))
        self.channels = tuple(zip("BG", channels, strict=True))
        self.extent, self.block, self.count = image[-1], block[0], counts[0]

    def layer(self, phase: Phase, source: str, target: str) -> Layer:
        """The sum of the blocks that overlap in one phase's elements."""
        kept, rest = (*self.channels, *self.finished), (*self.blocks, *self.numbers)
        within = along(self.tap, self.block, phase.last, -phase.step)
        number = window(self.walked, self.tap, self.count, dilation=phase.spread, pad=-phase.start)
        written = along(self.walked, self.extent, phase.offset, phase.stride)
        blocks, numbers, before, after = (_along(loops) for loops in (self.blocks, self.numbers, kept, rest))
        return Layer(
            operator_type="Pooling",
            loops=in_order((*kept, (self.walked, phase.positions), *rest, (self.tap, phase.taps))),
            output=Access(target, (*before, written, *after)),
            inputs=(Access(source, (*before, within, *blocks, number, *numbers)),),
            combine=Step(functions.IDENTITY),
            reduce="sum",
        )


def _along(loops: tuple[tuple[str, int], ...]) -> tuple[Axis, ...]:
    return tuple(along(loop, size) for loop, size in loops)
