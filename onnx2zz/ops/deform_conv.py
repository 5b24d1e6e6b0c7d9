"""DeformConv: elements sampled where offsets say, then a convolution of what was sampled.

Source: ONNX operator page DeformConv.
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias
from onnx2zz.ops.conv import channel_bias, conv_layer
from onnx2zz.ops.loops import filter_loops, in_order, output_loops
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import sliding_window


@lowers("DeformConv", how="an approximate sampling layer, a layer for the mask, and one Conv layer of exact MACs")
def deform_conv(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, C, spatial...), W (K, C/group, kernel...), offset, B, mask -> (N, K, spatial...)."""
    out, sampled = node.outputs[0], f"{node.outputs[0]}/sampled"
    x, w, shape = (graph.shape(name) for name in (node.inputs[0], node.inputs[1], out))
    window = sliding_window(node, w[2:], x[2:], shape[2:])
    product = conv_layer(x, w, shape, node.integer("group", 1), window, (sampled, node.inputs[1], out))
    taps = (*filter_loops(len(x) - 2), *output_loops(len(x) - 2))
    places = tuple(along(loop, size) for loop, size in zip(taps, (*w[2:], *shape[2:]), strict=True))
    read = Access(sampled, (*product.inputs[0].axes[:2], *places))
    product = replace(product, inputs=(read, product.inputs[1]))
    sampling = _sampling(node, graph, sampled, window.axes(x[2:]), (*w[2:], *shape[2:]))
    return (*sampling, *add_bias(product, graph, channel_bias(product, node.input(3))))


def _sampling(
    node: Node, graph: Graph, sampled: str, reads: tuple[Axis, ...], sizes: tuple[int, ...]
) -> tuple[Layer, ...]:
    """(N, C, kernel..., spatial...): one element for each tap and position, read as if all offsets were zero."""
    x = graph.shape(node.inputs[0])
    rank, groups = len(x) - 2, node.integer("offset_group", 1)
    taps = tuple(zip((*filter_loops(rank), *output_loops(rank)), sizes, strict=True))
    channels = (("G", groups), ("C", x[1] // groups))
    front = (along("B", x[0]), split(channels, x[1]))
    places = tuple(along(loop, size) for loop, size in taps)
    bare = f"{sampled}/bare" if node.input(4) else sampled
    gather = Layer(
        operator_type="Add",
        loops=in_order((("B", x[0]), *channels, *taps)),
        output=Access(bare, (*front, *places)),
        inputs=(Access(node.inputs[0], (*front, *reads)),),
        combine=Step(functions.IDENTITY),
        kind="approximate",
        also_reads=(node.inputs[2],),
        why="each element is read once, at offset zero; a sample blends up to 2 to the power of the axes",
    )
    if not node.input(4):
        return (gather,)
    mask = (along("B", x[0]), split((("G", groups), *taps[:rank]), graph.shape(node.input(4))[1]), *places[rank:])
    written = replace(gather.output, tensor=sampled)
    return gather, Layer(
        "Add", gather.loops, written, (gather.output, Access(node.input(4), mask)), Step(functions.MUL)
    )
