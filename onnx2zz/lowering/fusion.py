"""Which nodes ride on a layer instead of being one.

A chain or diamond of unary operators, constants and per-channel scales and shifts is fused when its only activation
from outside is one layer's output and nothing of it but its last tensor is read outside (docs/conventions.md).
"""

from collections.abc import Callable

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ops.registry import operators


def riders(
    tensor: str, graph: Graph, is_work: Callable[[Node], bool], is_view: Callable[[Node], bool]
) -> tuple[Node, ...]:
    """The nodes that ride on the layer whose output is `tensor`, in execution order, views between them included.

    They are the longest run of nodes fed by `tensor` alone after which a single tensor is still read from outside.
    """
    run = _Run(tensor, graph)
    best = 0
    for node in _fed_by(tensor, graph, is_work, is_view):
        run.add(node)
        if run.open == 1 and not is_view(node):
            best = len(run.nodes)
    return tuple(run.nodes[:best])


class _Run:
    """Nodes taken in so far, and how many of the run's tensors are still read outside."""

    def __init__(self, tensor: str, graph: Graph):
        self.graph = graph
        self.nodes: list[Node] = []
        self.waiting = {tensor: self._readers(tensor)}
        self.open = 1

    def _readers(self, tensor: str) -> int:
        return len(self.graph.readers.get(tensor, ())) + (tensor in self.graph.results)

    def add(self, node: Node) -> None:
        for name in set(node.inputs) & self.waiting.keys():
            self.waiting[name] -= 1
            self.open -= self.waiting[name] == 0
        for output in filter(None, node.outputs):
            self.waiting[output] = self._readers(output)
            self.open += self.waiting[output] > 0
        self.nodes.append(node)


def _fed_by(tensor: str, graph: Graph, is_work: Callable[[Node], bool], is_view: Callable[[Node], bool]) -> list[Node]:
    """Nodes that could ride, in execution order: all their activations come from `tensor` through such nodes."""
    size = graph.tensors[tensor].elements
    known = {tensor}
    found: set[Node] = set()
    frontier = [tensor]
    while frontier:
        for node in graph.readers.get(frontier.pop(), ()):
            if node not in found and is_work(node) and _may_ride(node, graph, known, size, is_view):
                found.add(node)
                known.update(filter(None, node.outputs))
                frontier.extend(filter(None, node.outputs))
    return sorted(found, key=graph.position.__getitem__)


def _may_ride(node: Node, graph: Graph, known: set[str], size: int, is_view: Callable[[Node], bool]) -> bool:
    if graph.tensors[node.outputs[0]].elements != size:
        return False
    if is_view(node):
        return node.inputs[0] in known and len(node.outputs) == 1
    activations = operators()[node.op].rides(node, graph)
    return bool(activations) and all(name in known for name in activations)
