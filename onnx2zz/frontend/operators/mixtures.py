"""Mixtures of experts in one operator: a router's choice, and the products of each expert for its tokens.

Source: ONNX Runtime's ContribOperators page (MoE, QMoE).
"""

from dataclasses import dataclass
from math import prod

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.facts import OperatorFacts, same

MOE = "com.microsoft.MoE"
QMOE = "com.microsoft.QMoE"
BITS_IN_A_BYTE = 8


@dataclass(frozen=True)
class Weights:
    """The inputs, by number, that hold the weights, scales (0: none) and biases of a product of all experts."""

    weights: int
    scales: int
    bias: int


PRODUCTS = {
    MOE: (Weights(2, 0, 3), Weights(4, 0, 5), Weights(6, 0, 7)),
    QMOE: (Weights(2, 3, 4), Weights(5, 6, 7), Weights(8, 9, 10)),
}
"""fc1, fc2 and fc3 of each operator; fc3 may be left out."""


def weight_bits(node: Node) -> int:
    """The width of a packed weight; 0 where weights lie as numbers of their own."""
    return node.integer("expert_weight_bits", 4) if node.op == QMOE else 0


def tokens_by_expert(node: Node, graph: Graph) -> tuple[int, ...]:
    """How many tokens each expert gets."""
    return next(one.tokens for one in graph.experts if one.output == node.outputs[0])


def _macs(node: Node, graph: Graph) -> int:
    """Each token of an expert meets all its weights."""
    packed = BITS_IN_A_BYTE // (weight_bits(node) or BITS_IN_A_BYTE)
    given = [node.input(product.weights) for product in PRODUCTS[node.op]]
    weights = sum(prod(graph.shape(name)[1:]) * packed for name in given if name)
    return sum(tokens_by_expert(node, graph)) * weights


FACTS: tuple[OperatorFacts, ...] = tuple(OperatorFacts(name, same, macs=_macs) for name in (MOE, QMOE))
