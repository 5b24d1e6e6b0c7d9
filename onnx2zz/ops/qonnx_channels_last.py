"""What QONNX and FINN compute with channels last: convolutions, pools, normalisation, windows as rows.

Source: the operator pages of QONNX (channels_last Conv, MaxPool, BatchNormalization; MaxPoolNHWC, QuantAvgPool2d,
Im2Col) and its executors (src/qonnx/custom_op).
"""

import math
from dataclasses import replace

from onnx import helper

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.qonnx_domains import CHANNELS_LAST, in_each_domain
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.batch_norm import scaled_and_shifted
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.movement import movement
from onnx2zz.ops.nhwc_conv import nhwc_conv
from onnx2zz.ops.pool import windows
from onnx2zz.ops.qlinear_conv import channels_last, channels_second
from onnx2zz.ops.qlinear_pool import nhwc_max_pool
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import sliding_window
from onnx2zz.ops.unary import rides


@lowers(f"{CHANNELS_LAST}.Conv", how="one Conv layer; a constant bias rides on it")
def conv(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, spatial..., C), W (K, kernel..., C / group), B (K) -> Y (N, spatial..., K)."""
    return nhwc_conv(node, graph)


@lowers(f"{CHANNELS_LAST}.MaxPool", *in_each_domain("MaxPoolNHWC"), how="one Pooling layer")
def max_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, spatial..., C): the largest element of each window; padding never wins."""
    return nhwc_max_pool(node, graph)


@lowers(
    f"{CHANNELS_LAST}.BatchNormalization",
    how="rides on the layer that feeds it, else a scale and a shift layer",
    rides=rides,
)
def batch_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, spatial..., C), the vectors scale, B, mean and var of C."""
    return scaled_and_shifted(node, graph, len(graph.shape(node.inputs[0])) - 1)


@lowers(*in_each_domain("QuantAvgPool2d"), how="one Pooling layer; the shift rides on it")
def quant_avg_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, channels second or last: the sum of each window, shifted down until it has `obits`."""
    last = node.text("data_layout", "NCHW") == "NHWC"
    names = node.inputs[0], node.outputs[0]
    x, out = (channels_second(graph.shape(name)) if last else graph.shape(name) for name in names)
    kernel, stride = node.integer("kernel", 1), node.integer("stride", 1)
    square = replace(node, protos={"strides": helper.make_attribute("strides", [stride, stride])})
    layer = windows((names[0], x), (names[1], out), sliding_window(square, (kernel, kernel), x[2:], out[2:]), "sum")
    widest = ((2 ** node.integer("ibits", 1) - 1) * kernel * kernel).bit_length()
    shift = 2.0 ** max(0, widest - node.integer("obits", 1))
    layer = with_steps(
        layer, Step(functions.ROUND), Step(functions.SCALE, parameters=(1.0 / shift,)), Step(functions.FLOOR)
    )
    return (channels_last(layer) if last else layer,)


@lowers(*in_each_domain("Im2Col"), how="one movement layer", kind="movement")
def im2col(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, H, W, C) -> (N, OH, OW, kernel * C): every window as a row, its channels innermost."""
    x, out = graph.shape(node.inputs[0]), graph.shape(node.outputs[0])
    kernel = tuple(node.integers("kernel_size"))
    named = {"strides": node.integers("stride"), "pads": node.integers("pad_amount") or [0] * 4}
    named["dilations"] = node.integers("dilations") or [1, 1]
    like = replace(node, protos={name: helper.make_attribute(name, value) for name, value in named.items()})
    height, width = sliding_window(like, kernel, x[1:3], out[1:3]).axes(x[1:3])
    batch, channels = along("B", x[0]), along("C", x[3])
    rows = split((("FY", kernel[0]), ("FX", kernel[1]), ("C", x[3])), math.prod(kernel) * x[3])
    loops = (("B", x[0]), ("OY", out[1]), ("OX", out[2]), ("C", x[3]), ("FX", kernel[1]), ("FY", kernel[0]))
    written = Access(node.outputs[0], (batch, along("OY", out[1]), along("OX", out[2]), rows))
    layer = movement(loops, written, Access(node.inputs[0], (batch, height, width, channels)))
    return (replace(layer, pad_value=float(node.integer("pad_value", 0))),)
