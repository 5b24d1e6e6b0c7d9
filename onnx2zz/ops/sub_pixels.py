"""SpaceToDepth and DepthToSpace: blocks of pixels become channels, and back.

Source: ONNX operator pages SpaceToDepth, DepthToSpace (modes DCR and CRD).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import along, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.movement import movement
from onnx2zz.ops.registry import lowers

HOW = "one movement layer"


def _same_shape(node: Node, graph: Graph) -> bool:
    return node.integer("blocksize") == 1


@lowers("SpaceToDepth", how=HOW, kind="movement", view=_same_shape)
def space_to_depth(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """(N, C, H*b, W*b) -> (N, b*b*C, H, W): the place in the block is the channel's outermost digit."""
    deep, shallow = node.outputs[0], node.inputs[0]
    loops, deep_access, shallow_access = _rearrangement(graph, deep, shallow, ("PY", "PX", "G"))
    return (movement(loops, deep_access, shallow_access),)


@lowers("DepthToSpace", how=HOW, kind="movement", view=_same_shape)
def depth_to_space(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """(N, b*b*C, H, W) -> (N, C, H*b, W*b): the place in the block is the channel's outermost or innermost digit."""
    deep, shallow = node.inputs[0], node.outputs[0]
    digits = ("G", "PY", "PX") if node.text("mode", "DCR") == "CRD" else ("PY", "PX", "G")
    loops, deep_access, shallow_access = _rearrangement(graph, deep, shallow, digits)
    return (movement(loops, shallow_access, deep_access),)


def _rearrangement(
    graph: Graph, deep: str, shallow: str, digits: tuple[str, ...]
) -> tuple[tuple[tuple[str, int], ...], Access, Access]:
    """Loops over both tensors, PY and PX within a block; `digits` make up the deep tensor's channel."""
    n, depth, height, width = graph.shape(deep)
    channels, rows, columns = graph.shape(shallow)[1:]
    block = rows // height
    sizes = {"B": n, "G": channels, "OX": width, "OY": height, "PX": block, "PY": block}
    channel = split(((digit, sizes[digit]) for digit in digits), depth)
    y, x = split((("OY", height), ("PY", block)), rows), split((("OX", width), ("PX", block)), columns)
    return (
        tuple(sizes.items()),
        Access(deep, (along("B", n), channel, along("OY", height), along("OX", width))),
        Access(shallow, (along("B", n), along("G", channels), y, x)),
    )
