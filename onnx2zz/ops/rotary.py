"""Rotary embeddings: each pair of channels is turned by an angle that grows with the position.

Source: ONNX operator page RotaryEmbedding; ONNX Runtime's ContribOperators page (com.microsoft.RotaryEmbedding).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.gather import picked_rows
from onnx2zz.ops.heads import LOOP_OF, Heads, Terms, of_shape
from onnx2zz.ops.loops import in_order
from onnx2zz.ops.movement import movement
from onnx2zz.ops.registry import lowers

PAIR, TURNED = "OZ", Step(functions.MUL, Table("OZ", (-1.0, 1.0)))
MUL, ADD = Step(functions.MUL), Step(functions.ADD)
HOW = "copies of the rows of both tables that the ids name, then x * cos, turned x * sin, their sum"


@dataclass(frozen=True)
class Angles:
    """Tables of cosines and sines (B, S, half) or (S, half) as a rotation reads them, and the layers before it.

    `half`: pairs of channels that turn; `interleaved`: whether a pair's channels are neighbours or half a head apart.
    """

    cos: Access
    sin: Access
    half: int
    interleaved: bool
    layers: tuple[Layer, ...] = ()


@lowers("RotaryEmbedding", how=HOW)
def rotary_embedding(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (B, N, S, D) or (B, S, N * D), cos and sin (rows, half) with position_ids, or (B, S, half) without."""
    heads = of_shape(node.inputs[0], graph.shape(node.inputs[0]), node.integer("num_heads", 0))
    half = graph.shape(node.inputs[1])[-1]
    out = replace(heads, tensor=node.outputs[0])
    angles = angles_of(node, graph, node.outputs[0], (node.inputs[1], node.inputs[2]), node.input(3), heads, half)
    return (*angles.layers, *rotated(heads, out, angles, node.outputs[0]))


@lowers("com.microsoft.RotaryEmbedding", how=HOW)
def microsoft_rotary_embedding(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (B, N, S, D) or (B, S, N * D), position_ids (B, S) or the first one, cos and sin (rows, half)."""
    half = graph.shape(node.inputs[2])[-1]
    count = node.integer("num_heads", 0)
    shape = graph.shape(node.inputs[0])
    heads = of_shape(node.inputs[0], shape, count or shape[-1] // (2 * half))
    out = replace(heads, tensor=node.outputs[0])
    angles = angles_of(node, graph, node.outputs[0], (node.inputs[2], node.inputs[3]), node.inputs[1], heads, half)
    return (*angles.layers, *rotated(heads, out, angles, node.outputs[0]))


def angles_of(
    node: Node, graph: Graph, base: str, tables: tuple[str, str], ids: str, heads: Heads, half: int
) -> Angles:
    """The tables' rows for each position: as they stand without ids, else copied where (B, S) ids name them, or from
    the one id on."""
    batch, position = along("B", heads.batch), along("OY", heads.length)
    if not ids:
        cos, sin = (Access(table, (batch, position, along("OX", half))) for table in tables)
        return Angles(cos, sin, half, is_interleaved(node))
    if graph.shape(ids) == (heads.batch, heads.length):
        return picked(node, graph, base, tables, Access(ids, (batch, position)), (batch, position))
    start = Access(ids, tuple(fixed() for _ in graph.shape(ids)), (Step(functions.ADD, Position((("OY", 1),))),))
    return picked(node, graph, base, tables, start, (position,))


def picked(node: Node, graph: Graph, base: str, tables: tuple[str, str], ids: Access, over: tuple[Axis, ...]) -> Angles:
    """The rows that `ids` name, copied for each point of the loops of `over`."""
    loops = tuple((axis.terms[0][0], axis.extent) for axis in over)
    layers: list[Layer] = []
    read: list[Access] = []
    # The rows are copied out once, for both halves of every head: read in place, each element of the query would look
    # up its angle anew.
    for table, part in zip(tables, ("cos", "sin"), strict=True):
        height, half = graph.shape(table)
        target = Access(f"{base}/{part}", (*over, along("OX", half)))
        source = Access(table, (picked_rows(loops, height), along("OX", half)), picks=(0, ids))
        layers.append(movement((*loops, ("OX", half)), target, source, (ids.tensor,)))
        read.append(target)
    return Angles(read[0], read[1], graph.shape(tables[0])[1], is_interleaved(node), tuple(layers))


def is_interleaved(node: Node) -> bool:
    """Whether the two channels of a pair are neighbours."""
    return bool(node.integer("interleaved", 0) or node.integer("rotary_interleaved", 0))


def rotated(x: Heads, target: Heads, angles: Angles, base: str) -> tuple[Layer, ...]:
    """x * cos + turned x * sin, where a pair (a, b) turned is (-b, a); channels beyond the pairs are copied."""
    sizes = {**x.sizes, "d": angles.half}
    loops = in_order([*((LOOP_OF[letter], size) for letter, size in sizes.items()), (PAIR, 2)])
    walks: dict[str, Terms] = {letter: ((loop, 1),) for letter, loop in LOOP_OF.items()}
    apart, along_pairs = (1, 2) if angles.interleaved else (angles.half, 1)
    straight = {**walks, "d": ((PAIR, apart), ("OX", along_pairs))}
    turned = {**walks, "d": ((PAIR, -apart), ("OX", along_pairs))}
    axes = tuple(along(loop, size) for loop, size in loops)
    kept, moved = Access(f"{base}/straight", axes), Access(f"{base}/turned", axes)
    swapped = replace(x.at(turned, {"d": apart}), prepare=(TURNED,))
    layers = (
        Layer("Add", loops, kept, (x.at(straight), angles.cos), MUL),
        Layer("Add", loops, moved, (swapped, angles.sin), MUL),
        Layer("Add", loops, target.at(straight), (kept, moved), ADD),
    )
    return (*layers, *_rest(x, target, 2 * angles.half))


def _rest(x: Heads, target: Heads, turning: int) -> tuple[Layer, ...]:
    """The channels that do not turn."""
    if x.width == turning:
        return ()
    left = tuple((loop, size - turning if loop == "OX" else size) for loop, size in x.loops)
    beyond: Mapping[str, int] = {"d": turning}
    return (movement(left, target.whole(beyond), x.whole(beyond)),)
