"""Who feeds each layer: an independent walk back over the graph's views, riders and hosts (docs/conventions.md)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

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
            group = self.between[name]
            return self._written(name, group, group.members)
        return self._through(name, self.graph.maker[name])

    def read_by(self, placed: PlacedLayer, name: str) -> Sources:
        """What a layer reads a tensor from; of its own node's layers, those before it (a step later reads the rest)."""
        group = self.between.get(name)
        if group is None or not placed.layer.recurrent or placed not in group.members:
            return self.of(name)
        return self._written(name, group, group.members[: group.members.index(placed)])

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

    def _written(self, name: str, group: Group, members: Sequence[PlacedLayer | Layer]) -> Sources:
        """The layers, of some of a group's, that write a tensor; an element that is left out passes on what it is made
        of, which in a recurrent node of one element goes round in a circle."""
        found: set[Source] = set()
        pending, seen = [name], {name}
        while pending:
            tensor = pending.pop()
            writing = [m for m in members if _layer(m).output.tensor == tensor]
            found |= {member.id for member in writing if isinstance(member, PlacedLayer)}
            left_out = [m for m in writing if not isinstance(m, PlacedLayer) and m.operations]
            for read in frozenset[str]().union(*(layer.tensors for layer in left_out)) - seen:
                seen.add(read)
                if self.between.get(read) is group:
                    pending.append(read)
                else:
                    found |= self.of(read)
        if group.node.op == "Concat":
            found |= self.union(set(group.node.inputs) - group.reads)
        return frozenset(found)

    def union(self, names: Iterable[str]) -> Sources:
        """What some tensors come from, taken together."""
        return frozenset().union(*(self.of(name) for name in names if name))


def _layer(member: PlacedLayer | Layer) -> Layer:
    return member.layer if isinstance(member, PlacedLayer) else member


def wrong_edges(placed: PlacedLayer, entry: Entry, reach: Reach) -> Iterator[Mismatch]:
    """Where a layer's sources, or its entry's, are not those of the walk."""
    for operand, names in operand_tensors(placed.layer, reach.graph).items():
        fed = frozenset[Source]().union(*(reach.read_by(placed, name) for name in names if name))
        behind = {s for s in fed if not isinstance(s, int) or s < placed.id}
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
