"""Element-wise operators of one operand. They ride on the layer that feeds them, or are one element-wise layer.

Source: the ONNX operator page of each; parameters are its attributes.
"""

from collections.abc import Callable, Mapping

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer
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
        return tuple(float(node.number(name, default)) for name, default in defaults.items())

    return read


UNARY: Mapping[str, tuple[Function, Parameters]] = {
    "Relu": (functions.RELU, attributes()),
    "Sigmoid": (functions.SIGMOID, attributes()),
    "Tanh": (functions.TANH, attributes()),
    "Exp": (functions.EXP, attributes()),
    "Log": (functions.LOG, attributes()),
    "Sqrt": (functions.SQRT, attributes()),
    "Reciprocal": (functions.RECIPROCAL, attributes()),
    "Neg": (functions.NEG, attributes()),
    "Abs": (functions.ABS, attributes()),
    "Erf": (functions.ERF, attributes()),
    "Floor": (functions.FLOOR, attributes()),
    "Ceil": (functions.CEIL, attributes()),
    "Round": (functions.ROUND, attributes()),
    "Softplus": (functions.SOFTPLUS, attributes()),
    "LeakyRelu": (functions.LEAKY_RELU, attributes(alpha=0.01)),
    "HardSigmoid": (functions.HARD_SIGMOID, attributes(alpha=0.2, beta=0.5)),
    "HardSwish": (functions.HARD_SWISH, attributes()),
    "Elu": (functions.ELU, attributes(alpha=1.0)),
    "Selu": (functions.SELU, attributes(alpha=1.67326319217681884765625, gamma=1.05070102214813232421875)),
    "Celu": (functions.CELU, attributes(alpha=1.0)),
    "Mish": (functions.MISH, attributes()),
    "Softsign": (functions.SOFTSIGN, attributes()),
    "ThresholdedRelu": (functions.THRESHOLDED_RELU, attributes(alpha=1.0)),
    "Sign": (functions.SIGN, attributes()),
    "Sin": (functions.SIN, attributes()),
    "Cos": (functions.COS, attributes()),
    "Tan": (functions.TAN, attributes()),
    "Asin": (functions.ASIN, attributes()),
    "Acos": (functions.ACOS, attributes()),
    "Atan": (functions.ATAN, attributes()),
    "Sinh": (functions.SINH, attributes()),
    "Cosh": (functions.COSH, attributes()),
    "Asinh": (functions.ASINH, attributes()),
    "Acosh": (functions.ACOSH, attributes()),
    "Atanh": (functions.ATANH, attributes()),
    "Swish": (functions.SWISH, attributes(alpha=1.0)),
    "IsNaN": (functions.IS_NAN, attributes()),
    "IsInf": (functions.IS_INFINITE, attributes(detect_negative=1, detect_positive=1)),
    "BitwiseNot": (functions.BIT_NOT, attributes()),
    "Not": (functions.NOT, attributes()),
    "Affine": (functions.AFFINE, attributes(alpha=1.0, beta=0.0)),
    "ScaledTanh": (functions.SCALED_TANH, attributes(alpha=1.0, beta=1.0)),
    "Shrink": (functions.SHRINK, attributes(lambd=0.5, bias=0.0)),
}


def function(node: Node, graph: Graph) -> Step:
    """The scalar function of a unary node."""
    scalar, parameters = UNARY[node.op]
    return Step(scalar, parameters=parameters(node, graph))


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
