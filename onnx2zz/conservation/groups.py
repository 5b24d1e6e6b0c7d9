"""The layers that stand for each node of the graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.layer import Kind, Layer
from onnx2zz.ir.workload import NodeFate, PlacedLayer, Workload


@dataclass(frozen=True)
class Group:
    """A lowered node and its layers in execution order; those that the workload leaves out are plain Layers."""

    node: Node
    members: tuple[PlacedLayer | Layer, ...]

    @cached_property
    def placed(self) -> tuple[PlacedLayer, ...]:
        """The layers that the workload has."""
        return tuple(member for member in self.members if isinstance(member, PlacedLayer))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All layers."""
        return tuple(member.layer if isinstance(member, PlacedLayer) else member for member in self.members)

    @property
    def kind(self) -> Kind:
        """What the node's layers claim, taken together; a stand-in of one element, which is not placed, is one too."""
        kinds = {placed.layer.kind for placed in self.placed}
        if any(layer.kind == "approximate" for layer in self.layers):
            return "approximate"
        return "exact" if "exact" in kinds else "movement"

    @property
    def picking(self) -> dict[str, Access]:
        """Tensors whose values tell which elements are read, each with the access that they steer."""
        picked = [access for layer in self.layers for access in layer.inputs if access.picks]
        return {access.picks[1].tensor: access for access in picked if access.picks}

    @cached_property
    def made(self) -> frozenset[str]:
        """The tensors that the layers write."""
        return frozenset(layer.output.tensor for layer in self.layers)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tensors that the layers read and do not make themselves."""
        return frozenset(name for layer in self.layers for name in layer.tensors) - self.made


def groups(graph: Graph, workload: Workload, fates: Mapping[Node, NodeFate] | None = None) -> dict[Node, Group]:
    """Each lowered node with its layers, callers of inlined bodies left out; `fates`, if they are known already."""
    fates = fates or fates_of(graph, workload)
    return {
        node: Group(node, _members(node, fate, workload))
        for node, fate in fates.items()
        if fate.status == "lowered" and node.op != CALL
    }


def _members(node: Node, fate: NodeFate, workload: Workload) -> tuple[PlacedLayer | Layer, ...]:
    members: list[PlacedLayer | Layer] = [workload.layers[identity] for identity in fate.layers]
    for position, layer in workload.unemitted.get(next(filter(None, node.outputs)), ()):
        members.insert(position, layer)
    return tuple(members)


def fates_of(graph: Graph, workload: Workload) -> dict[Node, NodeFate]:
    """What became of each node that makes anything."""
    firsts = {node: next(filter(None, node.outputs), "") for node in graph.nodes}
    return {node: workload.own_fates[output] for node, output in firsts.items() if output}
