"""Nodes that are the same node: what is proven of one of them is proven of all.

Large networks repeat their blocks. Two nodes are alike if their operators, attributes, shapes, small constants and
layers are, whatever their tensors are called.
"""

from collections.abc import Hashable, Iterator, Mapping

from onnx2zz.conservation.groups import Group
from onnx2zz.formats.workload_entry import WorkloadEntry, layer_kind
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.workload import PlacedLayer

FEW_ELEMENTS = 64
"""A constant of so many elements may steer a node: its value counts. Of larger ones it does not, they are weights."""


def node_kind(group: Group, graph: Graph, entries: Mapping[int, WorkloadEntry]) -> Hashable:
    """Equal for two nodes exactly if their proofs are the same."""
    # Names become numbers by their place, so that blocks whose tensors are called otherwise compare equal.
    names = dict.fromkeys((*filter(None, group.node.inputs), *filter(None, group.node.outputs), *sorted(group.reads)))
    numbers = {name: f"#{number}" for number, name in enumerate(names)}
    own = {name for layer in group.layers for name in (layer.output.tensor, *layer.tensors)} - names.keys()
    numbers |= {name: f"own{number}" for number, name in enumerate(sorted(own))}
    told = [layer_kind(entries[member.id]) for member in group.members if isinstance(member, PlacedLayer)]
    layers = repr(group.layers)
    # Longest first, so that no name is replaced inside a longer one that happens to contain its text.
    for name, number in sorted(numbers.items(), key=lambda pair: -len(pair[0])):
        layers = layers.replace(repr(name), number)
    tensors = tuple(_tensor(name, graph) for name in names)
    return (_node(group.node), tensors, layers, tuple(told), tuple(_behind(group, graph, numbers)))


def _node(node: Node) -> Hashable:
    attributes = tuple(sorted((name, proto.SerializeToString()) for name, proto in node.protos.items()))
    return node.op, node.version, attributes, tuple(map(bool, node.inputs)), tuple(map(bool, node.outputs))


def _tensor(name: str, graph: Graph) -> Hashable:
    tensor = graph.tensors[name]
    value = graph.value(name) if name in graph.static and tensor.shape is not None and _few(tensor.elements) else None
    return tensor, name in graph.constants, None if value is None else (str(value.dtype), value.tobytes())


def _few(elements: int) -> bool:
    return elements <= FEW_ELEMENTS


def _behind(group: Group, graph: Graph, numbers: Mapping[str, str]) -> Iterator[Hashable]:
    """The views between what the layers read and what the node does."""
    # Where layers read in front of views, equal layers on other views compute something else.
    pending, seen = [name for name in group.node.inputs if name and name not in group.reads], set[str]()
    while pending:
        name = pending.pop()
        maker = graph.maker.get(name)
        # Constants are compared by value, not by what made them.
        if maker is None or name in seen or name in graph.static:
            continue
        seen.add(name)
        read = tuple((numbers.get(i, ""), _tensor(i, graph)) for i in maker.inputs if i)
        yield numbers.get(name, ""), _node(maker), read
        pending += [i for i in maker.inputs if i and i not in group.reads]
