"""Who makes what each layer reads: through views and fused nodes, with hosts contracted."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.access import Access, disjoint
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import Source
from onnx2zz.lowering.feeds import CONST, Feed
from onnx2zz.lowering.views import Views


class Sources:
    """Tensor name to the layers, inputs, constants or hosts behind it; told of nodes in execution order."""

    def __init__(self, graph: Graph, views: Views):
        self.graph = graph
        self.views = views
        self._known: dict[str, Feed] = {name: Feed(f"input:{name}") for name in graph.inputs}
        self._carried: frozenset[str] = frozenset()
        self._writers: dict[int, Layer] = {}

    def of(self, tensor: str) -> tuple[Source, ...]:
        """Everything that feeds a tensor, earliest layer first; constants alone give ("const",)."""
        if tensor in self._carried and tensor not in self._known:
            return ()
        return self._feed(tensor).sources()

    def _feed(self, tensor: str) -> Feed:
        if tensor in self.graph.static or not tensor:
            return CONST
        return self._known[tensor]

    def read(self, access: Access, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        """What feeds the elements that an access reads: layers that write others of the tensor do not."""
        whole = self.of(access.tensor)
        read = tuple(s for s in whole if not self._writes_elsewhere(s, access, sizes))
        if access.tensor in self._carried:  # the step's before made the rest, which no edge can say
            return read
        return read or (whole and ("const",))  # of a phase that reads padding alone, the zeros

    def _writes_elsewhere(self, source: Source, access: Access, sizes: Mapping[str, int]) -> bool:
        layer = self._writers.get(source) if isinstance(source, int) else None
        if layer is None or layer.output.tensor != access.tensor:
            return False
        return disjoint(layer.output, layer.sizes, access, sizes)

    def enter(self, layers: Iterable[Layer]) -> None:
        """Layers about to be placed together. If they are recurrent, each reads what the others make: this step's, if
        they come before it, else the step's before, which no edge can say."""
        self._carried = frozenset(layer.output.tensor for layer in layers if layer.recurrent)

    def made_by(self, layer: Layer, identity: int) -> None:
        """A layer writes (a part of) its output tensor."""
        tensor = layer.output.tensor
        self._writers[identity] = layer
        self._known[tensor] = Feed.union([*self._before(tensor), Feed(identity)])

    def skip(self, layer: Layer) -> None:
        """A layer of one element is not emitted, and edges pass through it; one of no operations reads nothing."""
        if not layer.operations:
            self._known.setdefault(layer.output.tensor, Feed())
            return
        before = self._before(layer.output.tensor)
        read = [self._feed(name) for name in sorted(layer.tensors) if name not in self._carried or name in self._known]
        self._known[layer.output.tensor] = Feed.union([*before, *read] or [CONST])

    def _before(self, tensor: str) -> list[Feed]:
        return [self._known[tensor]] if tensor in self._known else []

    def close(self, node: Node, emitted: bool) -> None:
        """All layers of a node are placed: outputs that none of them writes take the node's inputs, and so do all of a
        node whose layers are of one element each."""
        if not emitted:
            for name in node.outputs:
                self._known.pop(name, None)
        if emitted and node in self.views.placed:
            placed = [self._feed(name) for name in self.views.placed[node]]
            self._known[node.outputs[0]] = Feed.union([*self._before(node.outputs[0]), *placed])
        self._carried = frozenset()
        for output in filter(None, node.outputs):
            if output not in self._known:
                self._known[output] = self._read_by(node)

    def _read_by(self, node: Node) -> Feed:
        return Feed.union([self._feed(name) for name in node.data_inputs if name] or [CONST])

    def pass_through(self, node: Node, rides_on: Node | None, status: str) -> None:
        """A node without layers: a view, a rider, or left to the host."""
        if status == "folded":
            feeding = CONST
        elif rides_on is not None:
            feeding = self._feed(rides_on.outputs[0])
        else:
            feeding = self._read_by(node)
        if status == "host":
            feeding = feeding.past(node.label)
        for index, output in enumerate(node.outputs):
            renames = output and node.op == CALL and self.graph.tensors[output].shape is not None
            self._known[output] = self._feed(node.inputs[index]) if renames else feeding

    def activation_first(self, layer: Layer) -> tuple[Layer, tuple[tuple[Source, ...], ...]]:
        """The layer with its operands ordered, and what feeds each: what layers make, then what the run brings, then
        constants; of two element-wise operands of one kind the larger first."""
        feeding = tuple([self.read(access, layer.sizes) for access in layer.inputs])
        if len(feeding) == 2 and _second_leads(layer, *map(_kind, feeding)):
            return swap_operands(layer), feeding[::-1]
        return layer, feeding


def _kind(sources: tuple[Source, ...]) -> int:
    if any(isinstance(source, int) for source in sources):
        return 0
    return 2 if sources == ("const",) else 1


def _second_leads(layer: Layer, first: int, second: int) -> bool:
    if first != second or layer.macs:
        return second < first
    return layer.inputs[1].volume(layer.sizes) > layer.inputs[0].volume(layer.sizes)


def swap_operands(layer: Layer) -> Layer:
    """The same layer with I and W exchanged."""
    combine = replace(layer.combine, function=layer.combine.function.swapped())
    return replace(layer, inputs=layer.inputs[::-1], combine=combine)
