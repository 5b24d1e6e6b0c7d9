"""Convolutions of integers: QLinearConv and ConvInteger.

Source: ONNX operator pages QLinearConv and ConvInteger; ONNX Runtime's ContribOperators page for channels_last.
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.conv import conv_layer
from onnx2zz.ops.quantisation import parameter, ratio, requantised, scalar, without
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import sliding_window


@lowers(
    "QLinearConv", "com.microsoft.QLinearConv", how="one Conv layer; zero points, bias and requantisation ride on it"
)
def qlinear_conv(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, its scale and zero point, w (scale and zero point one or K), y's scale and zero point, bias (K) in int32."""
    layer = integer_convolution(node, graph, node.inputs[0], node.inputs[3], (node.input(2), node.input(5)))
    channels = (layer.inputs[1].axes[0],)
    factor = ratio(
        scalar(graph, node.inputs[1]), parameter(graph, node.inputs[4], channels, 0), scalar(graph, node.inputs[6])
    )
    bias = (Step(functions.ADD, Access(node.input(8), channels)),) if node.input(8) else ()
    zero_point = scalar(graph, node.inputs[7])
    return (with_steps(layer, *bias, *requantised(factor, zero_point, graph.tensors[node.outputs[0]].type)),)


@lowers("ConvInteger", how="one Conv layer; zero points ride on it")
def conv_integer(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, w and their zero points -> int32."""
    return (integer_convolution(node, graph, node.inputs[0], node.inputs[1], (node.input(2), node.input(3))),)


def integer_convolution(node: Node, graph: Graph, x: str, w: str, zero_points: tuple[str, str]) -> Layer:
    """The loop nest of a convolution of integers; padding stands for zero, so it comes after the zero point."""
    last = bool(node.integer("channels_last", 0))
    x_shape, w_shape, out = graph.shape(x), graph.shape(w), graph.shape(node.outputs[0])
    x_shape, out = (channels_second(shape) if last else shape for shape in (x_shape, out))
    window = sliding_window(node, w_shape[2:], x_shape[2:], out[2:])
    layer = conv_layer(x_shape, w_shape, out, node.integer("group", 1), window, (x, w, node.outputs[0]))
    read, weights = layer.inputs
    if zero_points[0]:
        read = replace(read, prepare=without(scalar(graph, zero_points[0])))
    if zero_points[1]:
        weights = replace(weights, prepare=without(parameter(graph, zero_points[1], weights.axes, 0)))
    layer = replace(layer, inputs=(read, weights))
    return channels_last(layer) if last else layer


def channels_second(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(N, spatial..., C) as (N, C, spatial...)."""
    return shape[0], shape[-1], *shape[1:-1]


def channels_last(layer: Layer) -> Layer:
    """The layer with its activation and output (N, C, spatial...) read and written as (N, spatial..., C)."""
    first, *rest = layer.inputs
    return replace(layer, inputs=(moved(first), *rest), output=moved(layer.output))


def moved(access: Access) -> Access:
    """An access to (N, C, spatial...) as one to (N, spatial..., C)."""
    batch, channel, *spatial = access.axes
    axes: tuple[Axis, ...] = (batch, *spatial, channel)
    return replace(access, axes=axes)
