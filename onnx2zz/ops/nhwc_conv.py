"""NhwcConv: a convolution whose channels come last, in the activation and in the weights.

Source: ONNX Runtime's ContribOperators page (com.microsoft); weights lie as its optimizer writes them
(transformers/fusion_nhwc_conv.py): output channels, kernel, input channels.
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias
from onnx2zz.ops.conv import channel_bias, conv_layer
from onnx2zz.ops.qlinear_conv import channels_last, channels_second, moved
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import sliding_window


@lowers("com.microsoft.NhwcConv", how="one Conv layer; a constant bias rides on it")
def nhwc_conv(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, spatial..., C), W (K, kernel..., C / group), B (K) -> Y (N, spatial..., K)."""
    names = (node.inputs[0], node.inputs[1], node.outputs[0])
    x, w, out = (channels_second(graph.shape(name)) for name in names)
    window = sliding_window(node, w[2:], x[2:], out[2:])
    layer = conv_layer(x, w, out, node.integer("group", 1), window, names)
    bias = channel_bias(layer, node.input(2))
    read, weights = layer.inputs
    return add_bias(channels_last(replace(layer, inputs=(read, moved(weights)))), graph, bias)
