"""BatchNormalization: a scale and a shift per channel; in training mode behind the passes of their statistics.

Source: ONNX operator page BatchNormalization (training_mode 0 and 1; momentum for the running statistics).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise, spread
from onnx2zz.ops.layer_norm import then_each
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.reduction import SQUARE, mean_of, reduced, without_axes
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import rides


def inference_rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The activation, unless its own mean and variance have to be known first."""
    return () if trains(node, graph) else rides(node, graph)


def trains(node: Node, graph: Graph) -> bool:
    """Whether the statistics are those of the input."""
    return bool(node.integer("training_mode", 0))


@lowers(
    "BatchNormalization", how="rides on the layer that feeds it, else a scale and a shift layer", rides=inference_rides
)
def batch_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, ...), the vectors scale, B, mean and var of C: (x - mean) * scale / sqrt(var + epsilon), then + B."""
    return in_training(node, graph) if trains(node, graph) else scaled_and_shifted(node, graph, 1)


def scaled_and_shifted(node: Node, graph: Graph, axis: int) -> tuple[Layer, ...]:
    """The scale and the shift layer, with the channels along an axis."""
    x, scale, shift, mean, var = (node.input(index) for index in range(5))
    out = node.outputs[0]
    shape = graph.shape(out)
    loops = tensor_loops(len(shape))
    channel = (along(loops[axis] if axis < len(loops) else "G", graph.shape(scale)[0]),)
    whole = tuple(map(along, loops, shape))
    epsilon = node.number("epsilon", 1e-5)
    centred = Access(x, whole, (Step(functions.SUB, Access(mean, channel)),))
    factor = Access(scale, channel, (Step(functions.DIV_ROOT, Access(var, channel), (epsilon,)),))
    scaled = f"{out}/scaled"
    return (
        elementwise(scaled, shape, (centred, factor), Step(functions.MUL)),
        elementwise(out, shape, (Access(scaled, whole), Access(shift, channel)), Step(functions.ADD)),
    )


def in_training(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Mean, subtract, mean square, multiply by its inverse root, scale and bias; running statistics where read."""
    x, out = node.inputs[0], node.outputs[0]
    shape = graph.shape(x)
    axes = frozenset(range(len(shape))) - {1}
    mean, variance, centred = f"{out}/mean", f"{out}/variance", f"{out}/centred"
    channel, whole = (along("G", shape[1]),), spread(x, shape, shape)
    average = mean_of(shape, axes)
    root = Access(
        variance, channel, (Step(functions.SHIFT, parameters=(node.number("epsilon", 1e-5),)), Step(functions.RSQRT))
    )
    scale, shift = (Access(name, channel) for name in node.inputs[1:3])
    product = elementwise(out, shape, (replace(whole, tensor=centred), root), Step(functions.MUL))
    return (
        without_axes(reduced(mean, x, shape, axes, "sum", after=(average,)), axes),
        elementwise(centred, shape, (whole, Access(mean, channel)), Step(functions.SUB)),
        without_axes(reduced(variance, centred, shape, axes, "sum", SQUARE, (average,)), axes),
        *then_each(product, graph, ((functions.MUL, scale), (functions.ADD, shift))),
        *_running(node, graph, (mean, variance)),
    )


def _running(node: Node, graph: Graph, current: tuple[str, str]) -> tuple[Layer, ...]:
    """momentum * old + (1 - momentum) * current, of the mean and of the variance."""
    momentum = node.number("momentum", 0.9)
    layers: list[Layer] = []
    for out, old, new in zip(node.outputs[1:], node.inputs[3:], current, strict=False):
        if graph.is_read(out):
            shape = graph.shape(out)
            kept, added = (
                replace(spread(name, shape, shape), prepare=(Step(functions.SCALE, parameters=(share,)),))
                for name, share in ((old, momentum), (new, 1 - momentum))
            )
            layers.append(elementwise(out, shape, (added, kept), Step(functions.ADD)))
    return tuple(layers)
