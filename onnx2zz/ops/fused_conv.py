"""ONNX Runtime's FusedConv: a convolution with bias, sum and activation in one node.

Source: ONNX Runtime's ContribOperators page, com.microsoft.FusedConv.
"""

from collections.abc import Mapping
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias, with_steps
from onnx2zz.ops.conv import channel_bias, convolution
from onnx2zz.ops.registry import lowers

ACTIVATION: Mapping[str, Function] = {
    "Relu": functions.RELU,
    "Sigmoid": functions.SIGMOID,
    "Tanh": functions.TANH,
    "LeakyRelu": functions.LEAKY_RELU,
    "Clip": functions.CLIP,
    "HardSigmoid": functions.HARD_SIGMOID,
}


@lowers("com.microsoft.FusedConv", how="one Conv layer on which bias and activation ride; Z is an element-wise layer")
def fused_conv(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, w, bias, Z of the output's shape: activation(Conv(x, w) + bias + Z)."""
    layer = convolution(node, graph, node.input(0), node.input(1), node.outputs[0])
    layers = add_bias(layer, graph, channel_bias(layer, node.input(2)))
    if node.input(3):
        layers = (*layers[:-1], *_plus(layers[-1], node.input(3)))
    name = node.text("activation", "")
    if not name:
        return layers
    step = Step(ACTIVATION[name], parameters=tuple(node.numbers("activation_params") or ()))
    return (*layers[:-1], with_steps(layers[-1], step))


def _plus(layer: Layer, name: str) -> tuple[Layer, Layer]:
    """The layer and the addition of a tensor of its output's shape."""
    partial = replace(layer.output, tensor=f"{layer.output.tensor}/before_sum")
    moving = tuple((loop, size) for loop, size in layer.loops if loop in layer.output.loops)
    other = Access(name, layer.output.axes)
    return replace(layer, output=partial), Layer("Add", moving, layer.output, (partial, other), Step(functions.ADD))
