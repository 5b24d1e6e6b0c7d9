"""Gelu and its relatives, with the bias that ONNX Runtime fuses into some of them.

Source: ONNX operator page Gelu; ONNX Runtime's ContribOperators page (Gelu, FastGelu, BiasGelu, QuickGelu).
"""

from collections.abc import Callable

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops import unary
from onnx2zz.ops.elementwise import broadcast, elementwise, per_channel
from onnx2zz.ops.registry import lowers

EXACT, TANH = Step(functions.GELU), Step(functions.GELU_TANH)
FUNCTION_OF: dict[str, Callable[[Node], Step]] = {
    "Gelu": lambda node: TANH if node.text("approximate", "none") == "tanh" else EXACT,
    "com.microsoft.Gelu": lambda node: EXACT,
    "com.microsoft.BiasGelu": lambda node: EXACT,
    "com.microsoft.FastGelu": lambda node: TANH,
    "com.microsoft.QuickGelu": lambda node: Step(functions.SWISH, parameters=(node.number("alpha", 1.702),)),
}


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The operand; a bias must be a constant vector."""
    bias = node.input(1)
    return () if bias and not per_channel(graph.shape(bias)) else unary.rides(node, graph)


@lowers(*FUNCTION_OF, how="rides on the layer that feeds it, bias included, else one element-wise layer", rides=rides)
def gelu(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x, and for some a bias vector of its last axis: the function of their sum."""
    out, shape, step = node.outputs[0], graph.shape(node.outputs[0]), FUNCTION_OF[node.op](node)
    operands = tuple(broadcast(graph, name, shape) for name in node.inputs if name)
    if len(operands) == 1:
        return (elementwise(out, shape, operands, step),)
    return (elementwise(out, shape, operands, Step(functions.ADD), (step,)),)
