"""LRN: each element divided by a power of the squares around it, over neighbouring channels.

Source: ONNX operator page LRN.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, window
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise
from onnx2zz.ops.loops import in_order, tensor_loops
from onnx2zz.ops.movement import whole
from onnx2zz.ops.reduction import SQUARE
from onnx2zz.ops.registry import lowers


@lowers("LRN", how="two layers: the squares' sum over a window of channels and its power, multiply")
def lrn(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, C, ...): X * (bias + alpha / size * sum of squares of `size` channels) ** -beta."""
    x, out = node.inputs[0], node.outputs[0]
    shape, size = graph.shape(x), node.integer("size")
    loops, factor = tensor_loops(len(shape)), f"{out}/factor"
    around = window("G", "FG", shape[1], pad=(size - 1) // 2)
    rest = tuple(map(along, loops[2:], shape[2:]))
    squares = Layer(
        operator_type="Pooling",
        loops=in_order((*zip(loops, shape, strict=True), ("FG", size))),
        output=Access(factor, tuple(map(along, loops, shape))),
        inputs=(Access(x, (along("B", shape[0]), around, *rest)),),
        combine=SQUARE,
        reduce="sum",
        after=(
            Step(functions.SCALE, parameters=(node.number("alpha", 1e-4) / size,)),
            Step(functions.SHIFT, parameters=(node.number("bias", 1.0),)),
            Step(functions.RAISED, parameters=(-node.number("beta", 0.75),)),
        ),
    )
    inverse = Access(factor, squares.output.axes)
    return squares, elementwise(out, shape, (whole(graph, x), inverse), Step(functions.MUL))
