"""Which nodes ride on a layer instead of being one.

A chain or diamond of unary operators, constants and per-channel scales and shifts is fused when its only activation
from outside is one layer's output and nothing of it but its last tensor is read outside (docs/conventions.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.lowering.triage import Verdict
from onnx2zz.lowering.views import Views
from onnx2zz.ops.registry import operators


@dataclass
class Riders:
    """Finds who rides on a layer; what a node may ride on is asked once, however many layers feed it."""

    # What has been decided, and not who decides: two that hold each other are freed late, and compiles then pile up.
    graph: Graph
    verdicts: Mapping[Node, Verdict]
    views: Views
    _rides_on: dict[Node, tuple[str, ...]] = field(default_factory=dict[Node, tuple[str, ...]])

    def of(self, tensor: str) -> tuple[Node, ...]:
        """The nodes that ride on the layer whose output is `tensor`, in execution order, views between them included.

        They are the longest run of nodes fed by `tensor` alone after which a single tensor is still read from outside.
        """
        run = _Run(tensor, self.graph)
        best = 0
        for node in self._fed_by(tensor):
            run.add(node)
            if run.open == 1 and node not in self.views.nodes:
                best = len(run.nodes)
        return tuple(run.nodes[:best])

    def _fed_by(self, tensor: str) -> list[Node]:
        """Nodes that could ride, in execution order: all their activations come from `tensor` through such nodes."""
        size = self.graph.tensors[tensor].elements
        known = {tensor}
        found: set[Node] = set()
        frontier = [tensor]
        while frontier:
            for node in self.graph.readers.get(frontier.pop(), ()):
                if node not in found and self.verdicts[node].status == "work" and self._may_ride(node, known, size):
                    found.add(node)
                    known.update(filter(None, node.outputs))
                    frontier.extend(filter(None, node.outputs))
        return sorted(found, key=self.graph.position.__getitem__)

    def _may_ride(self, node: Node, known: set[str], size: int) -> bool:
        if self.graph.tensors[node.outputs[0]].elements != size:
            return False
        if node in self.views.nodes:
            return node.inputs[0] in known and len(node.outputs) == 1
        if node not in self._rides_on:
            self._rides_on[node] = operators()[node.op].rides(node, self.graph)
        activations = self._rides_on[node]
        return bool(activations) and all(name in known for name in activations)


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
