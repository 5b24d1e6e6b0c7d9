"""Gather: rows of a table.

Source: ONNX operator page Gather.
"""

import math

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, along, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import Loops, tensor_loops
from onnx2zz.ops.movement import copy_layer
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.slicing import by_positions, part_copy


@lowers("Gather", how="a view where positions are known and regular, else one copy of the rows taken", kind="movement")
def gather(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """As many rows of the table as there are indices; which ones, only a run can tell."""
    out = node.outputs[0]
    if by_positions(node, graph):
        return (part_copy(node, graph, out),)
    table, indices = node.inputs[:2]
    shape, picked = graph.shape(table), len(graph.shape(indices))
    axis = node.integer("axis", 0) % len(shape)
    loops = tensor_loops(len(graph.shape(out)))
    index = tuple(zip(loops[axis : axis + picked], graph.shape(indices), strict=True))
    rows = picked_rows(index, shape[axis])
    rest = iter(loops[:axis] + loops[axis + picked :])
    axes = tuple(rows if i == axis else along(next(rest), extent) for i, extent in enumerate(shape))
    names = Access(indices, tuple(along(loop, size) for loop, size in index))
    return (copy_layer(graph, out, Access(table, axes, picks=(axis, names)), (indices,)),)


def picked_rows(loops: Loops, extent: int) -> Axis:
    """The table's axis as the loops over the indices walk it: one row each, as if no row were picked twice."""
    return split(loops, max(extent, math.prod(size for _, size in loops)))
