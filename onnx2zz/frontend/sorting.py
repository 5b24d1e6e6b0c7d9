"""Nodes in an order of execution: onnxruntime loads files whose nodes stand in any, and writes such files."""

from collections.abc import Sequence
from heapq import heappop, heappush

import onnx

from onnx2zz.frontend.inference import graphs_in, outer_names

Nodes = Sequence[onnx.NodeProto]


def in_order(nodes: Nodes) -> Nodes:
    """The nodes, each behind those that feed it, else as they stand; the same object if they stand so, and where they
    feed each other in a circle, which is for `check_order` to say."""
    if early(nodes) is None:
        return nodes
    makers = {name: index for index, node in reversed([*enumerate(nodes)]) for name in node.output if name}
    feeding = [{makers[name] for name in _read(node) if name in makers} for node in nodes]
    fed: dict[int, list[int]] = {}
    for index, sources in enumerate(feeding):
        for source in sources:
            fed.setdefault(source, []).append(index)
    ready = [index for index, sources in enumerate(feeding) if not sources]  # rising: a heap already
    found: list[int] = []
    while ready:
        found.append(heappop(ready))
        for index in fed.get(found[-1], ()):
            feeding[index].discard(found[-1])
            if not feeding[index]:
                heappush(ready, index)
    return [nodes[index] for index in found] if len(found) == len(nodes) else nodes


def early(nodes: Nodes) -> onnx.NodeProto | None:
    """The first node that stands before one that feeds it."""
    later = {name for node in nodes for name in node.output}
    later.discard("")
    for node in nodes:
        bodies = graphs_in(node)
        if not later.isdisjoint(node.input) or (bodies and not later.isdisjoint(outer_names(bodies))):
            return node
        later.difference_update(node.output)
    return None


def _read(node: onnx.NodeProto) -> tuple[str, ...]:
    """The tensors that a node and its bodies read."""
    return (*node.input, *outer_names(graphs_in(node)))
