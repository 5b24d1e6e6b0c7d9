"""ONNX Runtime's GroupNorm and SkipGroupNorm of diffusion models: channels last, an activation behind.

Source: ONNX Runtime's ContribOperators page (com.microsoft).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.channel_norm import HOW, normalised_groups
from onnx2zz.ops.elementwise import elementwise, spread
from onnx2zz.ops.layer_norm import name_of, then_each
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.qlinear_conv import channels_second, moved
from onnx2zz.ops.registry import lowers

SILU = Step(functions.SWISH, parameters=(1.0,))


@lowers("com.microsoft.GroupNorm", how=HOW)
def group_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, H, W, C), or channels second, gamma, beta (C)."""
    return _normalised(node, graph, node.inputs[0])


@lowers("com.microsoft.SkipGroupNorm", how=f"{HOW}; the sum before them is an element-wise layer")
def skip_group_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, gamma, beta, skip (as X, or one value a channel), bias (C): GroupNorm of X + skip + bias, and that sum."""
    x, skip, total = node.inputs[0], node.inputs[3], name_of(node, 1, "sum")
    shape = graph.shape(x)
    other = graph.shape(skip)
    if len(other) == 2:  # (N, C): broadcasting would take N for the width
        loops = tensor_loops(len(shape))
        other_read = Access(skip, (along(loops[0], other[0]), along(loops[-1], other[1])))
    else:
        other_read = spread(skip, other, shape)
    added = elementwise(total, shape, (spread(x, shape, shape), other_read), Step(functions.ADD))
    bias = ((functions.ADD, spread(node.inputs[4], graph.shape(node.inputs[4]), shape)),) if node.input(4) else ()
    return (*then_each(added, graph, bias), *_normalised(node, graph, total))


def _normalised(node: Node, graph: Graph, x: str) -> tuple[Layer, ...]:
    last = bool(node.integer("channels_last", 1))
    shape = graph.shape(node.inputs[0])
    layers = normalised_groups(node, graph, x, channels_second(shape) if last else shape, node.integer("groups"), 1e-5)
    if node.integer("activation", 0):
        layers = (*layers[:-1], with_steps(layers[-1], SILU))
    return tuple(_with_channels_last(layer, {x, node.outputs[0]}) for layer in layers) if last else layers


def _with_channels_last(layer: Layer, tensors: set[str]) -> Layer:
    """The layer with its reads and writes of some tensors (N, C, spatial...) made those of (N, spatial..., C)."""
    inputs = tuple(moved(access) if access.tensor in tensors else access for access in layer.inputs)
    output = moved(layer.output) if layer.output.tensor in tensors else layer.output
    return replace(layer, inputs=inputs, output=output)
