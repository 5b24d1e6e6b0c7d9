"""Element-wise operators of one operand. They ride on the layer that feeds them, or are one element-wise layer.

Source: the ONNX operator page of each; parameters are its attributes.
"""

from collections.abc import Callable

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.layer import Layer, Step
from onnx2zz.ops.elementwise import broadcast, elementwise
from onnx2zz.ops.integers import wrapped
from onnx2zz.ops.registry import lowers

Parameters = Callable[[Node, Graph], tuple[float, ...]]
HOW = "rides on the layer that feeds it, else one element-wise layer"


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The operand; parameters that come as tensors are constants."""
    others = [name for name in node.inputs[1:] if name]
    return (node.inputs[0],) if all(name in graph.static for name in others) else ()


def attributes(**defaults: float) -> Parameters:
    """Parameters that are attributes, with ONNX's defaults, in this order."""

    def read(node: Node, graph: Graph) -> tuple[float, ...]:
        return tuple(float(node.attribute(name, default)) for name, default in defaults.items())

    return read


UNARY: dict[str, tuple[str, Parameters]] = {
    "Relu": ("relu", attributes()),
    "Sigmoid": ("sigmoid", attributes()),
    "Tanh": ("tanh", attributes()),
    "Exp": ("exp", attributes()),
    "Log": ("log", attributes()),
    "Sqrt": ("sqrt", attributes()),
    "Reciprocal": ("reciprocal", attributes()),
    "Neg": ("neg", attributes()),
    "Abs": ("abs", attributes()),
    "Erf": ("erf", attributes()),
    "Floor": ("floor", attributes()),
    "Ceil": ("ceil", attributes()),
    "Round": ("round", attributes()),
    "Softplus": ("softplus", attributes()),
    "LeakyRelu": ("leaky_relu", attributes(alpha=0.01)),
    "HardSigmoid": ("hard_sigmoid", attributes(alpha=0.2, beta=0.5)),
    "HardSwish": ("hard_swish", attributes()),
    "Elu": ("elu", attributes(alpha=1.0)),
    "Selu": ("selu", attributes(alpha=1.67326319217681884765625, gamma=1.05070102214813232421875)),
    "Celu": ("celu", attributes(alpha=1.0)),
    "Mish": ("mish", attributes()),
    "Softsign": ("softsign", attributes()),
    "ThresholdedRelu": ("thresholded_relu", attributes(alpha=1.0)),
    "Sign": ("sign", attributes()),
    "Sin": ("sin", attributes()),
    "Cos": ("cos", attributes()),
    "Tan": ("tan", attributes()),
    "Asin": ("asin", attributes()),
    "Acos": ("acos", attributes()),
    "Atan": ("atan", attributes()),
    "Sinh": ("sinh", attributes()),
    "Cosh": ("cosh", attributes()),
    "Asinh": ("asinh", attributes()),
    "Acosh": ("acosh", attributes()),
    "Atanh": ("atanh", attributes()),
    "Swish": ("swish", attributes(alpha=1.0)),
    "IsNaN": ("is_nan", attributes()),
    "IsInf": ("is_infinite", attributes(detect_negative=1, detect_positive=1)),
    "BitwiseNot": ("bit_not", attributes()),
    "Not": ("not", attributes()),
    "Affine": ("affine", attributes(alpha=1.0, beta=0.0)),
    "ScaledTanh": ("scaled_tanh", attributes(alpha=1.0, beta=1.0)),
    "Shrink": ("shrink", attributes(lambd=0.5, bias=0.0)),
}


def function(node: Node, graph: Graph) -> Step:
    """The scalar function of a unary node."""
    name, parameters = UNARY[node.op]
    return Step(name, parameters=parameters(node, graph))


@lowers(*UNARY, how=HOW, rides=rides)
def unary(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """One element-wise layer without weights."""
    step = function(node, graph)
    return (unary_layer(node, graph, step, wrapped(step.function, graph.tensors[node.outputs[0]].type)),)


def unary_layer(node: Node, graph: Graph, step: Step, after: tuple[Step, ...] = ()) -> Layer:
    """`step` over every element of the first input, then `after`."""
    out = node.outputs[0]
    shape = graph.shape(out)
    return elementwise(out, shape, (broadcast(graph, node.inputs[0], shape),), step, after)
