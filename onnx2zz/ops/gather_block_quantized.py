"""GatherBlockQuantized: rows of a table of packed integers, dequantised as they are read.

Source: ONNX Runtime's ContribOperators page (GatherBlockQuantized).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.movement import packed_bits, unpacked_shape
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import along, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import copy_layer
from onnx2zz.ops.registry import lowers


@lowers("com.microsoft.GatherBlockQuantized", how="one copy of the rows taken, read at their packed width")
def gather_block_quantized(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """As many rows as there are indices; data (gather axis among its axes) packed along the last one if uint8."""
    data, indices, out = node.inputs[0], node.inputs[1], node.outputs[0]
    bits = packed_bits(graph.tensors[data].type, node.integer("bits", 4))
    shape = unpacked_shape(graph.shape(data), bits)
    axis, picked = node.integer("gather_axis", 0) % len(shape), len(graph.shape(indices))
    loops = tensor_loops(len(graph.shape(out)))
    rows = split(zip(loops[axis : axis + picked], graph.shape(indices), strict=True), shape[axis])
    rest = iter(loops[:axis] + loops[axis + picked :])
    axes = tuple(rows if i == axis else along(next(rest), extent) for i, extent in enumerate(shape))
    return (copy_layer(graph, out, Access(data, axes, packed=bits), (indices,)),)
