"""The layers that stand for each node of the graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.layer import Kind, Layer
from onnx2zz.workload import NodeFate, PlacedLayer, Workload


@dataclass(frozen=True)
class Group:
    """A lowered node, its layers in the workload, and those of one element, which the workload leaves out."""

    node: Node
    placed: tuple[PlacedLayer, ...]
    unemitted: tuple[Layer, ...]

    @property
    def kind(self) -> Kind:
        """What the node's layers claim, taken together."""
        kinds = {placed.layer.kind for placed in self.placed}
        if "approximate" in kinds:
            return "approximate"
        return "exact" if "exact" in kinds else "movement"

    @property
    def made(self) -> frozenset[str]:
        """The tensors that the layers write."""
        return frozenset(layer.output.tensor for layer in self.layers)

    @property
    def reads(self) -> frozenset[str]:
        """The tensors that the layers read and do not make themselves."""
        return frozenset(name for layer in self.layers for name in layer.tensors) - self.made

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, in no order beyond the workload's."""
        return (*(placed.layer for placed in self.placed), *self.unemitted)


def groups(graph: Graph, workload: Workload) -> dict[Node, Group]:
    """Each lowered node with its layers, callers of inlined bodies left out."""
    fates = fates_of(graph, workload)
    return {
        node: Group(
            node,
            tuple(workload.layers[i] for i in fate.layers),
            workload.unemitted.get(next(filter(None, node.outputs)), ()),
        )
        for node, fate in fates.items()
        if fate.status == "lowered" and node.op != CALL
    }


def fates_of(graph: Graph, workload: Workload) -> dict[Node, NodeFate]:
    """What became of each node that makes anything."""
    fates: Mapping[str, NodeFate] = {output: fate for fate in workload.nodes for output in fate.outputs if output}
    return {node: fates[output] for node in graph.nodes if (output := next(filter(None, node.outputs), ""))}


def in_order(layers: Sequence[Layer]) -> list[int]:
    """Indices of layers, each after those that write what it reads."""
    waiting = list(range(len(layers)))
    order: list[int] = []
    while waiting:
        ready = next((i for i in waiting if not _blocked(i, waiting, layers)), waiting[0])
        waiting.remove(ready)
        order.append(ready)
    return order


def _blocked(index: int, waiting: Sequence[int], layers: Sequence[Layer]) -> bool:
    return any(layers[other].output.tensor in layers[index].tensors for other in waiting if other != index)
