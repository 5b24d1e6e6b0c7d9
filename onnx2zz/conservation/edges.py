"""Who feeds each layer: an independent walk over the graph's views, riders and hosts (docs/conventions.md)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from onnx2zz.conservation.groups import Group
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.access import Access, disjoint
from onnx2zz.ir.layer import Layer, step_operands
from onnx2zz.ir.workload import NodeFate, PlacedLayer, Source
from onnx2zz.lowering.feeds import Feed

Sources = frozenset[Source]
CONST: Sources = frozenset({"const"})
NOTHING = Feed()
ONE_ELEMENT = "one element"


class Reach:
    """Tensor name to everything behind it: layers, inputs of the model, hosts that nothing feeds, or constants alone.

    Found in one pass in execution order, so that a chain of any length costs what its nodes cost.
    """

    def __init__(self, graph: Graph, fates: Mapping[Node, NodeFate], lowered: Mapping[Node, Group]):
        self.graph = graph
        self.between: dict[str, Group] = {}
        self._in_step: dict[tuple[int, str], Feed] = {}
        self._known: dict[str, Feed] = {name: Feed(f"input:{name}") for name in graph.inputs}
        for node in graph.nodes:
            if node in lowered:
                self._write(lowered[node])
            elif node in fates:
                self._pass(node, fates[node])

    def _of(self, name: str) -> Feed:
        return NOTHING if not name or name in self.graph.static else self._known.get(name, NOTHING)

    def union(self, names: Sequence[str]) -> Feed:
        """What some tensors of the graph, or between the layers of one node, come from, taken together."""
        return self._of(names[0]) if len(names) == 1 else Feed.union(map(self._of, names))

    def read_by(self, placed: PlacedLayer, names: Sequence[str]) -> Feed:
        """What a layer reads some tensors from; of a recurrent node's layers, those before it."""
        # A layer outside a recurrence sees each tensor as its last writer left it. Inside, a layer sees what stood
        # before it in its step; later writers feed the next step.
        if not placed.layer.recurrent:
            return self.union(names)
        return Feed.union([self._in_step.get((placed.id, name)) or self._of(name) for name in names])

    def _pass(self, node: Node, fate: NodeFate) -> None:
        """A node without layers of its own hands on what it reads; a host only the layers behind it, else itself."""
        behind = NOTHING if fate.status == "folded" else self.union(node.data_inputs)
        if fate.status == "host" and fate.why != ONE_ELEMENT:
            behind = behind.past(node.label)
        for index, output in enumerate(node.outputs):
            # A call's body is inlined; each of its outputs is another name of the input at the same place.
            renames = output and node.op == CALL and self.graph.tensors[output].shape is not None
            self._known[output] = self._of(node.inputs[index]) if renames else behind

    def _write(self, group: Group) -> None:
        """The layers that write a tensor; an element that is left out passes on what it is made of."""
        # Worked out from the layers' reads and writes alone, never from the sources that the lowering wrote down: these
        # are what is to be checked. Layers of one tensor add up, because parts of a Concat are written by several.
        for member in group.members:
            placed = isinstance(member, PlacedLayer)
            layer = member.layer if placed else member
            name = layer.output.tensor
            self.between[name] = group
            # What comes later in a step feeds the next step, which no edge can say.
            if isinstance(member, PlacedLayer) and layer.recurrent:
                self._in_step |= {(member.id, read): self._of(read) for read in layer.tensors & group.made}
            behind = Feed(member.id) if placed else NOTHING
            # A layer that is not emitted but computes (a stand-in of one element) passes on what it reads: readers
            # depend on that.
            if not placed and layer.operations:
                behind = self.union([*(layer.tensors - {name})])
            self._known[name] = Feed.union([self._known[name], behind]) if name in self._known else behind
        for output in group.node.outputs:
            if output and self.between.get(output) is not group:
                self._known[output] = self.union(group.node.data_inputs)
            # Inputs that their makers write straight into the result have no layer here, and their makers are behind it
            # as well.
            elif group.node.op == "Concat":
                placed_there = map(self._of, _in_place(group, self.graph))
                self._known[output] = Feed.union([self._known[output], *placed_there])


def _in_place(group: Group, graph: Graph) -> Iterator[str]:
    """The inputs of a Concat that no layer copies: none of them begins where they do. (A copy may read another tensor
    than it copies: the one before an Expand.)"""
    axis = group.node.integer("axis", 1) % len(graph.shape(group.node.outputs[0]))
    # Each copied input has a layer that begins writing where the input's part of the result begins; an input without
    # one was written there by its own maker.
    copied = {layer.output.axes[axis].offset for layer in group.layers}
    begin = 0
    for name in group.node.inputs:
        if graph.tensors[name].elements and begin not in copied:
            yield name
        begin += graph.shape(name)[axis]


def wrong_edges(placed: PlacedLayer, entry: WorkloadEntry, reach: Reach) -> Iterator[Mismatch]:
    """Where a layer's sources, or its entry's, are not those of the walk."""
    sources = placed.sources
    written: Mapping[str, object] = entry.get("operand_source") or {}
    for operand, names in operand_tensors(placed.layer, reach.graph).items():
        said: Iterable[Source] = sources.get(operand, ())
        behind: Iterable[Source] = reach.read_by(placed, names).sources()
        # Compared twice: most layers agree as they are, and what `_before` leaves out costs a look at every writer.
        if said != behind:
            behind = _before(behind, placed, operand, reach)
            if (said := frozenset(said) - CONST) != behind:
                yield Mismatch(placed.node, placed.id, f"sources of {operand}", _text(behind), _text(said), "source")
        # What only steers a layer has no operand in ZigZag's workload.
        if operand == "X":
            continue
        # ZigZag takes one source for an operand: the layer that runs last stands for all. A layer's own id says that it
        # reads no other layer.
        wanted = max([s for s in behind if isinstance(s, int)], default=placed.id)
        if (got := written.get(operand)) != wanted or wanted > placed.id:
            yield Mismatch(placed.node, placed.id, f"operand_source of {operand}", wanted, str(got), "source")


def _before(behind: Iterable[Source], placed: PlacedLayer, operand: str, reach: Reach) -> Sources:
    """Without later layers, which feed a step only by way of the step before, and without layers of the same node that
    write only other elements of an operand's tensor than the layer reads."""
    earlier = {s for s in behind if not isinstance(s, int) or s < placed.id}
    access = dict(zip("IW", placed.layer.inputs, strict=False)).get(operand)
    group = reach.between.get(access.tensor) if access else None
    if access is not None and group is not None:
        earlier -= _writing_elsewhere(placed, access, group)
    return frozenset(earlier) - CONST


def _writing_elsewhere(placed: PlacedLayer, access: Access, group: Group) -> set[Source]:
    others = (other for other in group.placed if other.layer.output.tensor == access.tensor)
    sizes = placed.layer.sizes
    return {o.id for o in others if disjoint(o.layer.output, o.layer.sizes, access, sizes)}


def operand_tensors(layer: Layer, graph: Graph) -> dict[str, tuple[str, ...]]:
    """The tensors of each operand; X are those that steer the layer or that a run decides for its steps."""
    tensors: dict[str, tuple[str, ...]] = {"I": (layer.inputs[0].tensor,), "W": ()}
    if len(layer.inputs) > 1:
        tensors["W"] = (layer.inputs[1].tensor,)
    third = [*layer.also_reads, *[a.tensor for a in step_operands(layer) if a.tensor not in graph.static]]
    if third:
        tensors["X"] = tuple(third)
    return tensors


def _text(sources: Iterable[Source]) -> str:
    return ", ".join(map(str, sorted(sources, key=lambda s: (isinstance(s, str), str(s).rjust(9))))) or "const"
