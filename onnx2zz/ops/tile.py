"""Tile: a tensor written several times over.

Source: ONNX operator page Tile.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.expand import adds_nothing
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import movement, whole
from onnx2zz.ops.registry import lowers


@lowers(
    "Tile",
    how="one movement layer of the output's volume; a view where it repeats nothing",
    kind="movement",
    view=adds_nothing,
)
def tile(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A loop over the repetitions of each axis (RB, RG, RY, RX ...) and one over its elements."""
    x, out = node.inputs[0], node.outputs[0]
    shape, tiled = graph.shape(x), graph.shape(out)
    loops = tuple(zip(tensor_loops(len(shape)), shape, strict=True))
    repeats = tuple((_repeat(loop), t // e) for (loop, e), t in zip(loops, tiled, strict=True))
    axes = tuple(split((repeat, loop), t) for repeat, loop, t in zip(repeats, loops, tiled, strict=True))
    return (movement((*loops, *repeats), Access(out, axes), whole(graph, x)),)


def _repeat(loop: str) -> str:
    return f"R{loop[1:] if loop.startswith('O') else loop}"
