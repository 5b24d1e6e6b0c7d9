"""Who makes what each layer reads: through views and fused nodes, with hosts contracted."""

from collections.abc import Iterable
from dataclasses import replace

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.functions import swapped
from onnx2zz.layer import Layer
from onnx2zz.lowering.views import Views
from onnx2zz.workload import Source


class Sources:
    """Tensor name to the layers, inputs, constants or hosts behind it; told of nodes in execution order."""

    def __init__(self, graph: Graph, views: Views):
        self.graph = graph
        self.views = views
        self._known: dict[str, tuple[Source, ...]] = {name: (f"input:{name}",) for name in graph.inputs}
        self._carried: frozenset[str] = frozenset()
        self._since = 0

    def of(self, tensor: str) -> tuple[Source, ...]:
        """Everything that feeds a tensor, earliest layer first; constants alone give ("const",)."""
        if tensor in self.graph.static or not tensor:
            return ("const",)
        if tensor in self._carried:
            return tuple(s for s in self._known.get(tensor, ()) if isinstance(s, int) and s >= self._since)
        return self._known[tensor] or ("const",)

    def enter(self, layers: Iterable[Layer], since: int) -> None:
        """Layers about to be placed together, from id `since` on. If they are recurrent, each reads what the others
        make: this step's, if they come before it, or the step's before, which no edge can say."""
        self._carried = frozenset(layer.output.tensor for layer in layers if layer.recurrent)
        self._since = since

    def made_by(self, tensor: str, layer: int) -> None:
        """A layer writes (a part of) the tensor."""
        self._known[tensor] = (*self._known.get(tensor, ()), layer)

    def skip(self, layer: Layer) -> None:
        """A layer of one element is not emitted, and edges pass through it; one of no operations reads nothing."""
        if not layer.operations:
            self._known.setdefault(layer.output.tensor, ())
            return
        before = self._known.get(layer.output.tensor, ())
        self._known[layer.output.tensor] = _union(before, *map(self.of, sorted(layer.tensors)))

    def close(self, node: Node) -> None:
        """All layers of a node are placed: outputs that none of them writes take the node's inputs."""
        if node in self.views.copies:
            self._known[node.outputs[0]] = _union(
                self._known.get(node.outputs[0], ()), *map(self.of, self.views.placed[node])
            )
        self._carried = frozenset()
        for output in filter(None, node.outputs):
            if output not in self._known:
                self._known[output] = _union(*map(self.of, filter(None, node.inputs)))

    def pass_through(self, node: Node, rides_on: Node | None, status: str) -> None:
        """A node without layers: a view, a rider, or left to the host."""
        if status == "folded":
            feeding: tuple[Source, ...] = ("const",)
        elif rides_on is not None:
            feeding = self.of(rides_on.outputs[0])
        else:
            feeding = _union(*map(self.of, filter(None, node.inputs)))
        if status == "host":
            layers = tuple(s for s in feeding if isinstance(s, int))
            feeding = layers or (f"host:{node.label}",)
        for index, output in enumerate(node.outputs):
            renames = output and node.op == CALL and self.graph.tensors[output].shape is not None
            self._known[output] = self.of(node.inputs[index]) if renames else feeding

    def activation_first(self, layer: Layer) -> Layer:
        """The layer with its operands ordered: what layers make, then what the run brings, then constants; of two
        element-wise operands of one kind the larger first."""
        if len(layer.inputs) < 2:
            return layer
        kinds = [self._kind(access.tensor) for access in layer.inputs]
        volumes = [0 if layer.macs else -access.volume(layer.sizes) for access in layer.inputs]
        first, second = zip(kinds, volumes, strict=True)
        return swap_operands(layer) if second < first else layer

    def _kind(self, tensor: str) -> int:
        sources = self.of(tensor)
        if any(isinstance(source, int) for source in sources):
            return 0
        return 2 if sources == ("const",) else 1


def swap_operands(layer: Layer) -> Layer:
    """The same layer with I and W exchanged."""
    combine = replace(layer.combine, function=swapped(layer.combine.function))
    return replace(layer, inputs=layer.inputs[::-1], combine=combine)


def _union(*sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Layers in execution order, then names; constants only if there is nothing else."""
    flat = dict.fromkeys(s for group in sources for s in group)
    layers = sorted(s for s in flat if isinstance(s, int))
    names = [s for s in flat if isinstance(s, str) and s != "const"]
    return (*layers, *names) or ("const",)
