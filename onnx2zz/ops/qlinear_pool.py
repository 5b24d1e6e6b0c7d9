"""Pools of integers, channels second or last.

Source: ONNX Runtime's ContribOperators page (QLinearAveragePool, QLinearGlobalAveragePool, NhwcMaxPool).
"""

import math
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.pool import Named, divisors, whole_channels, windows
from onnx2zz.ops.qlinear_conv import channels_last, channels_second
from onnx2zz.ops.qlinear_elementwise import quantising
from onnx2zz.ops.quantisation import SINGLE, dequantised, scalar
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import SlidingWindow, sliding_window


@lowers("com.microsoft.QLinearAveragePool", how="one Pooling layer; requantisation rides on it")
def qlinear_average_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, its scale and zero point, y's scale and zero point: the mean of each window."""
    x, out, window, last = _window(node, graph)
    layer = _dequantising(windows(x, out, window, "sum"), node, graph)
    whole = bool(node.integer("count_include_pad", 0))  # then, unlike AveragePool, what ceil_mode adds counts, too
    mean = (_mean(math.prod(window.kernel)),) if whole else divisors(node, x[1], out[1], window)
    layer = with_steps(layer, *mean, SINGLE, *_quantising(node, graph))
    return (channels_last(layer) if last else layer,)


@lowers("com.microsoft.QLinearGlobalAveragePool", how="one Pooling layer over the whole channel")
def qlinear_global_average_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, its scale and zero point, y's scale and zero point: the mean of each channel."""
    name, last = node.inputs[0], bool(node.integer("channels_last", 0))
    shape = channels_second(graph.shape(name)) if last else graph.shape(name)
    mean = _mean(math.prod(shape[2:]))
    layer = _dequantising(whole_channels((name, shape), node.outputs[0], "sum"), node, graph)
    layer = with_steps(layer, mean, SINGLE, *_quantising(node, graph))
    return (channels_last(layer) if last else layer,)


@lowers("com.microsoft.NhwcMaxPool", how="one Pooling layer")
def nhwc_max_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, spatial..., C) of int8 or uint8: the largest element of each window; padding never wins."""
    x, out, window, _ = _window(node, graph, last=True)
    return (channels_last(replace(windows(x, out, window, "max"), pad_value=-math.inf)),)


def _window(node: Node, graph: Graph, last: bool = False) -> tuple[Named, Named, SlidingWindow, bool]:
    """Input and output (name, shape in NCHW), the window, and whether channels really come last."""
    last = last or bool(node.integer("channels_last", 0))
    names = node.inputs[0], node.outputs[0]
    x, out = (channels_second(graph.shape(name)) if last else graph.shape(name) for name in names)
    window = sliding_window(node, tuple(node.integers("kernel_shape")), x[2:], out[2:])
    return (names[0], x), (names[1], out), window, last


def _mean(elements: int) -> Step:
    return Step(functions.SCALE, parameters=(1.0 / elements,))


def _dequantising(layer: Layer, node: Node, graph: Graph) -> Layer:
    zero_point = scalar(graph, node.input(2)) if node.input(2) else None
    read = replace(layer.inputs[0], prepare=dequantised(scalar(graph, node.inputs[1]), zero_point))
    return replace(layer, inputs=(read,))


def _quantising(node: Node, graph: Graph) -> tuple[Step, ...]:
    return quantising(graph, node.outputs[0], node.inputs[3], node.input(4))
