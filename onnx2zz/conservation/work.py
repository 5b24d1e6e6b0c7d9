"""How many multiply-accumulates an ONNX node stands for, counted from its shapes and attributes alone.

Source: the ONNX operator pages, and ONNX Runtime's ContribOperators page for com.microsoft.
"""

import math
from collections.abc import Callable

from onnx2zz.frontend.graph import Graph, Node

Count = Callable[[Node, Graph], int]


def macs(node: Node, graph: Graph) -> int | None:
    """The node's multiply-accumulates; None for an operator whose count is not settled here."""
    count = COUNTS.get(node.op)
    return count(node, graph) if count else None


def _convolution(weights: int) -> Count:
    """Each output element sums over the input channels of its group and the filter."""

    def count(node: Node, graph: Graph) -> int:
        return graph.tensors[node.outputs[0]].elements * math.prod(graph.shape(node.inputs[weights])[1:])

    return count


def _transposed(node: Node, graph: Graph) -> int:
    """Each input element meets the weights of its channel."""
    return graph.tensors[node.inputs[0]].elements * math.prod(graph.shape(node.inputs[1])[1:])


def _product(left: int, trans: str = "") -> Count:
    """Each output element sums over the last axis of the left operand, the last but one if it is transposed."""

    def count(node: Node, graph: Graph) -> int:
        shape = graph.shape(node.inputs[left])
        depth = shape[-2] if trans and node.attribute(trans, 0) else shape[-1]
        return graph.tensors[node.outputs[0]].elements * depth

    return count


def _recurrent(node: Node, graph: Graph) -> int:
    """Each step multiplies the input and the state with all gates' weights, in each direction."""
    weights, state = graph.tensors[node.inputs[1]].elements, graph.tensors[node.inputs[2]].elements
    steps, batch = graph.shape(node.inputs[0])[:2]
    return steps * batch * (weights + state)


COUNTS: dict[str, Count] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "com.microsoft.QLinearConv": _convolution(3),
    "com.microsoft.FusedConv": _convolution(1),
    "DeformConv": _convolution(1),
    "ConvTranspose": _transposed,
    "Gemm": _product(0, "transA"),
    "MatMul": _product(0),
    "MatMulInteger": _product(0),
    "QLinearMatMul": _product(0),
    "com.microsoft.QGemm": _product(0, "transA"),
    "com.microsoft.FusedGemm": _product(0, "transA"),
    "com.microsoft.FusedMatMul": _product(0, "transA"),
    "com.microsoft.MatMulIntegerToFloat": _product(0),
    "com.microsoft.DynamicQuantizeMatMul": _product(0),
    "com.microsoft.MatMulNBits": _product(0),
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
}
