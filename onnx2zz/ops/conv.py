"""Conv: a group loop, output and input channels, output positions, filter positions.

Source: ONNX operator page Conv. Loop names and order are those of ZigZag's parser/onnx/conv_parser.py:92.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias
from onnx2zz.ops.loops import filter_loops, output_loops
from onnx2zz.ops.pad import past_pads
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import SlidingWindow, sliding_window


@lowers("Conv", how="one Conv layer; bias, fused activations and BatchNormalization ride on it")
def conv(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...) * w (K, C/group, kernel...) -> (N, K, spatial...), one MAC per tap, padding included."""
    layer = convolution(node, graph, node.input(0), node.input(1), node.outputs[0])
    return add_bias(layer, graph, channel_bias(layer, node.input(2)))


def convolution(node: Node, graph: Graph, x: str, w: str, out: str) -> Layer:
    """The loop nest of a convolution of tensor `x` with tensor `w`, without bias."""
    kernel = graph.shape(w)[2:]
    spatial = sliding_window(node, kernel, graph.shape(x)[2:], graph.shape(out)[2:])
    layer = conv_layer(graph.shape(x), graph.shape(w), graph.shape(out), node.integer("group", 1), spatial, (x, w, out))
    return past_pads(layer, graph)


def conv_layer(
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    group: int,
    spatial: SlidingWindow,
    names: tuple[str, str, str],
) -> Layer:
    """The loop nest for given shapes; `names` are the tensors x, w and out."""
    rank = len(x_shape) - 2
    o_loops, f_loops = output_loops(rank), filter_loops(rank)
    k, c = w_shape[0] // group, w_shape[1]
    if (k * group, c * group) != (w_shape[0], x_shape[1]):
        raise ValueError(
            f"{group} groups of {c} input channels are not {x_shape[1]}, or of {k} filters not {w_shape[0]}"
        )
    groups = (("G", group),)
    x_axes = (along("B", x_shape[0]), split((*groups, ("C", c)), x_shape[1]), *spatial.axes(x_shape[2:]))
    w_axes = (split((*groups, ("K", k)), w_shape[0]), along("C", c), *map(along, f_loops, w_shape[2:]))
    out_axes = (along("B", out_shape[0]), split((*groups, ("K", k)), out_shape[1]), *map(along, o_loops, out_shape[2:]))
    return Layer(
        operator_type="Conv",
        loops=(
            ("B", out_shape[0]),
            ("K", k),
            ("G", group),
            *zip(reversed(o_loops), reversed(out_shape[2:]), strict=True),
            ("C", c),
            *zip(reversed(f_loops), reversed(w_shape[2:]), strict=True),
        ),
        output=Access(names[2], out_axes),
        inputs=(Access(names[0], x_axes), Access(names[1], w_axes)),
        combine=Step(functions.MUL),
        reduce="sum",
    )


def channel_bias(layer: Layer, name: str) -> Access | None:
    """The access of a vector with one value per output channel (NCHW: axis 1)."""
    return Access(name, (layer.output.axes[1],)) if name else None
