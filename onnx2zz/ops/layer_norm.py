"""LayerNormalization, RMSNormalization and ONNX Runtime's fused forms: the passes that define them.

Source: ONNX operator pages LayerNormalization, RMSNormalization; ONNX Runtime's ContribOperators page
(SimplifiedLayerNormalization, SkipLayerNormalization, SkipSimplifiedLayerNormalization).
"""

from collections.abc import Sequence
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.elementwise import broadcast, elementwise, per_channel, spread
from onnx2zz.ops.reduction import SQUARE, mean_of, reduced
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.softmax import row

Shape = tuple[int, ...]
FULL = "four layers: mean, subtract, mean square, multiply; constant scale and bias ride on the last"
SIMPLE = "two layers: mean square, multiply; a constant scale rides on the last"
SMALL_EPSILON = ("com.microsoft.Skip", "com.microsoft.Embed", "com.microsoft.QEmbed")
SUM_FIRST = "; the sum before it is an element-wise layer"


@lowers("LayerNormalization", how=FULL)
def layer_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, Scale, B -> Y, Mean, InvStdDev: every axis from `axis` on is normalised."""
    return normalised(node, graph, node.inputs[0], (node.input(1), node.input(2)), statistics_of(node))


@lowers("RMSNormalization", "SimplifiedLayerNormalization", "com.microsoft.SimplifiedLayerNormalization", how=SIMPLE)
def rms_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, scale -> Y (and 1 / root of the mean square): every axis from `axis` on is normalised."""
    return simply_normalised(node, graph, node.inputs[0], (node.input(1),), name_of(node, 1, "inverse"))


@lowers("com.microsoft.SkipLayerNormalization", how=FULL + SUM_FIRST)
def skip_layer_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input + skip (+ bias), then LayerNormalization with gamma and beta over the last axis."""
    total = name_of(node, 3, "sum")
    layers = summed(node, graph, total, node.input(4))
    return (*layers, *normalised(node, graph, total, (node.input(2), node.input(3)), statistics_of(node)))


@lowers("com.microsoft.SkipSimplifiedLayerNormalization", how=SIMPLE + SUM_FIRST)
def skip_rms_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input + skip (+ bias), then RMSNormalization with gamma over the last axis."""
    total = name_of(node, 3, "sum")
    inverse = name_of(node, 2, "inverse")
    return (
        *summed(node, graph, total, node.input(3)),
        *simply_normalised(node, graph, total, (node.input(2),), inverse),
    )


def summed(node: Node, graph: Graph, total: str, bias: str) -> tuple[Layer, ...]:
    """input + skip, a skip of lower rank broadcast, and the bias."""
    shape = graph.shape(node.outputs[0])
    operands = tuple(broadcast(graph, name, shape) for name in node.inputs[:2])
    return with_operands(
        elementwise(total, shape, operands, Step(functions.ADD)), graph, shape, ((functions.ADD, bias),)
    )


def normalised(
    node: Node, graph: Graph, x: str, scale_and_bias: Sequence[str], statistics: tuple[str, str]
) -> tuple[Layer, ...]:
    """Mean, x less the mean, 1 / root of its mean square (the variance), their product, scale and bias.

    `statistics` names the tensors of the mean and of 1 / root.
    """
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    axes = normalised_axes(node, shape)
    (mean, inverse), rows, centred = statistics, row(shape, axes), f"{out}/centred"
    operands = (spread(x, shape, shape), spread(mean, rows, shape))
    product = elementwise(
        out, shape, (spread(centred, shape, shape), spread(inverse, rows, shape)), Step(functions.MUL)
    )
    return (
        reduced(mean, x, shape, axes, "sum", after=(mean_of(shape, axes),)),
        elementwise(centred, shape, operands, Step(functions.SUB)),
        inverse_root(node, inverse, centred, shape, axes),
        *with_operands(product, graph, shape, tuple(zip((functions.MUL, functions.ADD), scale_and_bias, strict=True))),
    )


def simply_normalised(node: Node, graph: Graph, x: str, scale: Sequence[str], inverse: str) -> tuple[Layer, ...]:
    """1 / root of the mean square, the product with x, the scale."""
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    axes = normalised_axes(node, shape)
    operands = (spread(x, shape, shape), spread(inverse, row(shape, axes), shape))
    product = elementwise(out, shape, operands, Step(functions.MUL))
    return (
        inverse_root(node, inverse, x, shape, axes),
        *with_operands(product, graph, shape, tuple((functions.MUL, name) for name in scale)),
    )


def inverse_root(node: Node, out: str, x: str, shape: Shape, axes: frozenset[int]) -> Layer:
    """1 / sqrt(mean(x * x) + epsilon)."""
    default = (
        1e-12 if node.op.startswith(("com.microsoft.Skip", "com.microsoft.Embed", "com.microsoft.QEmbed")) else 1e-5
    )
    epsilon = Step(functions.SHIFT, parameters=(node.number("epsilon", default),))
    return reduced(out, x, shape, axes, "sum", SQUARE, (mean_of(shape, axes), epsilon, Step(functions.RSQRT)))


def with_operands(
    layer: Layer, graph: Graph, shape: Shape, operands: Sequence[tuple[Function, str]]
) -> tuple[Layer, ...]:
    """The layer, then each (function, tensor), tensors broadcast to the layer's shape."""
    return then_each(layer, graph, tuple((f, broadcast(graph, name, shape)) for f, name in operands if name))


def then_each(layer: Layer, graph: Graph, operands: Sequence[tuple[Function, Access]]) -> tuple[Layer, ...]:
    """An element-wise layer, then each (function, operand): constant scalars and vectors ride, others are layers."""
    layers = [layer]
    for function, access in operands:
        if access.tensor in graph.static and per_channel(graph.shape(access.tensor)):
            layers[-1] = with_steps(layers[-1], Step(function, access))
            continue
        partial = replace(layer.output, tensor=f"{layer.output.tensor}/before_{function}")
        layers[-1] = replace(layers[-1], output=partial)
        layers.append(Layer("Add", layer.loops, layer.output, (partial, access), Step(function)))
    return tuple(layers)


def normalised_axes(node: Node, shape: Shape) -> frozenset[int]:
    """The axis and all behind it."""
    return frozenset(range(node.integer("axis", -1) % len(shape), len(shape)))


def statistics_of(node: Node) -> tuple[str, str]:
    """Outputs Mean and InvStdDev."""
    return name_of(node, 1, "mean"), name_of(node, 2, "inverse")


def name_of(node: Node, index: int, part: str) -> str:
    """An output's name; where it is left out, a name of our own."""
    return (node.outputs[index] if index < len(node.outputs) else "") or f"{node.outputs[0]}/{part}"
