"""TensorScatter: new rows are written into a buffer that stays where it is.

Source: ONNX operator page TensorScatter.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import movement, whole
from onnx2zz.ops.registry import lowers


@lowers("TensorScatter", how="one movement layer of the update's volume; the buffer stays in place", kind="movement")
def tensor_scatter(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """past_cache, update (shorter on the axis), write_indices: where the rows go is known at run time only."""
    past, update = node.inputs[:2]
    shape = graph.shape(update)
    loops = tensor_loops(len(shape))
    target = Access(node.outputs[0], tuple(map(along, loops, graph.shape(past))))
    also = (past, *(name for name in node.inputs[2:] if name not in graph.static))
    return (movement(tuple(zip(loops, shape, strict=True)), target, whole(graph, update), also),)
