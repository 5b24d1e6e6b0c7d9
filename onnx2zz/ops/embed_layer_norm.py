"""EmbedLayerNormalization: rows of two or three tables, their sum, a LayerNormalization.

Source: ONNX Runtime's ContribOperators page (com.microsoft.EmbedLayerNormalization).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise, loops_over, spread
from onnx2zz.ops.gather import picked_rows
from onnx2zz.ops.layer_norm import FULL, name_of, normalised
from onnx2zz.ops.movement import movement
from onnx2zz.ops.reduction import reduced, without_axes
from onnx2zz.ops.registry import lowers


@lowers("com.microsoft.EmbedLayerNormalization", how=f"a copy of the rows of each table, sums, then {FULL}")
def embed_layer_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Ids (B, S) into tables (rows, H) of words, positions and segments; the mask's sums are a second output."""
    out, total = node.outputs[0], name_of(node, 2, "sum")
    words, positions, segments = f"{out}/words", f"{out}/positions", f"{out}/segments"
    layers = [rows(node, graph, words, 2, 0)]
    terms = [spread(words, graph.shape(out), graph.shape(out))]
    if node.input(8):
        layers.append(rows(node, graph, positions, 3, 8))
        terms.append(spread(positions, graph.shape(out), graph.shape(out)))
    else:
        terms.append(first_rows(node, graph))
    if node.input(1) and node.input(4):
        layers.append(rows(node, graph, segments, 4, 1))
        terms.append(spread(segments, graph.shape(out), graph.shape(out)))
    layers += running_sum(total, graph.shape(out), terms)
    layers += normalised(node, graph, total, (node.input(5), node.input(6)), (f"{out}/mean", f"{out}/inverse"))
    return (*layers, *mask_sums(node, graph))


def rows(node: Node, graph: Graph, out: str, table: int, ids: int) -> Layer:
    """The rows of a table that (B, S) ids name."""
    loops = loops_over(graph.shape(node.outputs[0]))
    height, width = graph.shape(node.inputs[table])
    target = Access(out, tuple(along(loop, size) for loop, size in loops))
    index = Access(node.inputs[ids], tuple(along(loop, size) for loop, size in loops[:2]))
    axes = (picked_rows(loops[:2], height), along(loops[2][0], width))
    source = Access(node.inputs[table], axes, picks=(0, index))
    return movement(loops, target, source, (node.inputs[ids],))


def first_rows(node: Node, graph: Graph) -> Access:
    """Without ids, position s of every sentence takes row s of the table."""
    _, position, channel = loops_over(graph.shape(node.outputs[0]))
    height, width = graph.shape(node.inputs[3])
    return Access(node.inputs[3], (along(position[0], height), along(channel[0], width)))


def running_sum(out: str, shape: tuple[int, ...], terms: list[Access]) -> list[Layer]:
    """n terms are n-1 layers, left to right."""
    left, layers = terms[0], list[Layer]()
    for index, right in enumerate(terms[1:], 1):
        target = out if index == len(terms) - 1 else f"{out}/{index}"
        layers.append(elementwise(target, shape, (left, right), Step(functions.ADD)))
        left = spread(target, shape, shape)
    return layers


def mask_sums(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """The number of ones in each sentence's mask, where it is asked for and there is a mask."""
    out = node.outputs[1] if len(node.outputs) > 1 else ""
    if not out or not node.input(7):
        return ()
    layer = reduced(out, node.input(7), graph.shape(node.input(7)), frozenset({1}), "sum")
    return (without_axes(layer, frozenset({1})),)
