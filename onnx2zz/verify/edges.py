"""Who feeds each layer: an independent walk back over the graph's views, riders and hosts (docs/conventions.md)."""

from collections.abc import Iterable, Iterator, Mapping

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.layer import Layer, disjoint, step_operands
from onnx2zz.verify.groups import Group
from onnx2zz.verify.result import Mismatch
from onnx2zz.workload import NodeFate, PlacedLayer, Source
from onnx2zz.workload_entry import Entry

Sources = frozenset[Source]
ONE_ELEMENT = "one element"


class Reach:
    """Tensor name to everything behind it: layers, inputs of the model, hosts that nothing feeds; nothing: constant."""

    def __init__(self, graph: Graph, fates: Mapping[Node, NodeFate], lowered: Mapping[Node, Group]):
        self.graph = graph
        self.fates = fates
        self.lowered = lowered
        self.between = {name: group for group in lowered.values() for name in group.made}
        self._known: dict[str, Sources] = {}

    def of(self, name: str) -> Sources:
        """What a tensor of the graph, or between the layers of one node, comes from."""
        if name not in self._known:
            self._known[name] = self._of(name)
        return self._known[name]

    def _of(self, name: str) -> Sources:
        if not name or name in self.graph.static:
            return frozenset()
        if name in self.graph.inputs:
            return frozenset({f"input:{name}"})
        if name in self.between:
            return self._written(name, self.between[name])
        return self._through(name, self.graph.maker[name])

    def _through(self, name: str, node: Node) -> Sources:
        fate = self.fates[node]
        if node.op == CALL and self.graph.tensors[name].shape is not None:
            return self.of(node.inputs[node.outputs.index(name)])
        if fate.status == "folded":
            return frozenset()
        behind = self.union(node.data_inputs)
        if fate.status != "host" or fate.why == ONE_ELEMENT:
            return behind
        return frozenset(s for s in behind if isinstance(s, int)) or frozenset({f"host:{node.label}"})

    def _written(self, name: str, group: Group) -> Sources:
        """The layers that write a tensor; an element that is left out passes on what it is made of."""
        found: set[Source] = {placed.id for placed in group.placed if placed.layer.output.tensor == name}
        for member in group.members:
            if not isinstance(member, PlacedLayer) and member.output.tensor == name and member.operations:
                found |= self.union(member.tensors - {name})
        if group.node.op == "Concat":
            found |= self.union(_in_place(group, self.graph))
        return frozenset(found)

    def union(self, names: Iterable[str]) -> Sources:
        """What some tensors come from, taken together."""
        return frozenset().union(*(self.of(name) for name in names if name))


def _in_place(group: Group, graph: Graph) -> Iterator[str]:
    """The inputs of a Concat that no layer copies: none of them begins where they do. (A copy may read another tensor
    than it copies: the one before an Expand.)"""
    axis = group.node.attribute("axis", 1) % len(graph.shape(group.node.outputs[0]))
    copied = {layer.output.axes[axis].offset for layer in group.layers}
    begin = 0
    for name in group.node.inputs:
        if graph.tensors[name].elements and begin not in copied:
            yield name
        begin += graph.shape(name)[axis]


def wrong_edges(placed: PlacedLayer, entry: Entry, reach: Reach) -> Iterator[Mismatch]:
    """Where a layer's sources, or its entry's, are not those of the walk."""
    for operand, names in operand_tensors(placed.layer, reach.graph).items():
        behind = {s for s in reach.union(names) if not isinstance(s, int) or s < placed.id}
        behind -= _writing_elsewhere(placed, operand, reach)
        said = frozenset(placed.sources.get(operand, ())) - {"const"}
        if said != behind:
            yield Mismatch(placed.node, placed.id, f"sources of {operand}", _text(behind), _text(said), "source")
        if operand == "X":
            continue
        wanted = max((s for s in behind if isinstance(s, int)), default=placed.id)
        got = (entry.get("operand_source") or {}).get(operand)
        if got != wanted:
            yield Mismatch(placed.node, placed.id, f"operand_source of {operand}", wanted, str(got), "source")


def _writing_elsewhere(placed: PlacedLayer, operand: str, reach: Reach) -> set[Source]:
    """Layers of the same node that write only other elements of an operand's tensor than the layer reads."""
    access = dict(zip("IW", placed.layer.inputs, strict=False)).get(operand)
    group = reach.between.get(access.tensor) if access else None
    if access is None or group is None:
        return set()
    others = (other for other in group.placed if other.layer.output.tensor == access.tensor)
    sizes = placed.layer.sizes
    return {o.id for o in others if disjoint(o.layer.output, o.layer.sizes, access, sizes)}


def operand_tensors(layer: Layer, graph: Graph) -> dict[str, tuple[str, ...]]:
    """The tensors of each operand; X are those that steer the layer or that a run decides for its steps."""
    third = [*layer.also_reads, *(a.tensor for a in step_operands(layer) if a.tensor not in graph.static)]
    tensors = {operand: (access.tensor,) for operand, access in zip("IW", layer.inputs, strict=False)}
    return {"I": (), "W": ()} | tensors | ({"X": tuple(third)} if third else {})


def _text(sources: Iterable[Source]) -> str:
    return ", ".join(map(str, sorted(sources, key=lambda s: (isinstance(s, str), s)))) or "const"
