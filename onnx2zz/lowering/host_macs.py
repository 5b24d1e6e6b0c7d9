"""Multiply-accumulates of nodes that are left to the host, which no layer holds (docs/conventions.md)."""

from collections.abc import Iterator
from itertools import permutations

import onnx

from onnx2zz.errors import InputError
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.inference import subgraphs
from onnx2zz.frontend.operators.table import operator_carries_macs
from onnx2zz.frontend.state import qualified
from onnx2zz.ops.registry import has_lowering, operators

UNKNOWN_RANK = 2
"""A tensor of unknown shape may be a matrix."""


def host_macs(node: Node, graph: Graph) -> int | None:
    """How many a host's node carries: 0 if it has none, None if it has some, or may, and nobody can tell how many."""
    if operator_carries_macs(node.op):
        return _counted(node, graph)
    unknown = not has_lowering(node.op) and _could_multiply(node, graph)
    return None if unknown or any(map(_may_multiply, subgraphs(node.protos.values()))) else 0


def carries_macs(node: Node) -> bool:
    """Whether a node, or a body of its, certainly multiplies and accumulates."""
    return operator_carries_macs(node.op) or any(map(_multiplies, subgraphs(node.protos.values())))


def _counted(node: Node, graph: Graph) -> int | None:
    """As the node would be lowered, if its shapes are known all the same."""
    if any(graph.tensors[name].shape is None for name in (*node.inputs, *node.outputs) if name):
        return None
    try:
        return sum(layer.macs for layer in operators()[node.op].lower(node, graph))
    except InputError:  # it needs a value that only a run knows
        return None


def _could_multiply(node: Node, graph: Graph) -> bool:
    """Whether an operator that nothing here knows has an activation to multiply, and something of rank 2 or more to
    multiply it with: whatever accumulates over products needs both."""
    operands = list(_operands(node, graph))
    return any(varies and rank >= 1 and other >= 2 for (varies, rank), (_, other) in permutations(operands, 2))


def _operands(node: Node, graph: Graph) -> Iterator[tuple[bool, int]]:
    """Whether it varies, and its rank, of each tensor that a node reads or has as an attribute."""
    for name in filter(None, node.inputs):
        shape = graph.tensors[name].shape
        yield name not in graph.static, UNKNOWN_RANK if shape is None else len(shape)
    for proto in node.protos.values():
        held = (proto.t,) if proto.type == onnx.AttributeProto.TENSOR else proto.tensors
        yield from ((False, len(tensor.dims)) for tensor in held)


def _nodes_within(body: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in body.node:
        yield node
        for inner in subgraphs(node.attribute):
            yield from _nodes_within(inner)


def _multiplies(body: onnx.GraphProto) -> bool:
    return any(operator_carries_macs(qualified(node)) for node in _nodes_within(body))


def _may_multiply(body: onnx.GraphProto) -> bool:
    """Of a body that is not inlined no shape is known: an unknown operator of two inputs may."""
    unknown = (node for node in _nodes_within(body) if not has_lowering(qualified(node)))
    return _multiplies(body) or any(sum(map(bool, node.input)) > 1 for node in unknown)
