"""Buffers that a node writes new rows into: what it does not write stays in them."""

from collections.abc import Mapping

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.table import facts_of


def buffers(node: Node, graph: Graph) -> Mapping[str, str]:
    """Each output that is an input with new rows in it, by name, and that input. A cache that grows is a copy, and no
    buffer: it has another shape."""
    pairs = ((output, node.input(source)) for place, source in facts_of(node.op).caches.items()
             for output in node.outputs[place : place + 1])  # fmt: skip
    return {
        output: source
        for output, source in pairs
        if output and source and graph.tensors[output].shape == graph.tensors[source].shape
    }
