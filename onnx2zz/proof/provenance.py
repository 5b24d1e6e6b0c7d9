"""Which layer wrote each element: numbers of layers are pushed through the views in place of values.

Most tensors come from one layer whole and need one number. Where several layers write one tensor (Concat, phases of a
transposed convolution, copied parts) every element gets its own, and the views behind are run on those numbers.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from onnx2zz.conservation.groups import Group
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.layer import Layer, step_operands
from onnx2zz.ir.workload import NodeFate, PlacedLayer, Source
from onnx2zz.proof.elements import places
from onnx2zz.proof.in_place import buffers
from onnx2zz.proof.node_run import CannotRunError, run_node

Origin = int | NDArray[np.intp]
NOTHING = frozenset({"nothing"})
MOVING = frozenset(
    {"Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose"}
    | {"Unsqueeze", "DepthToSpace", "SpaceToDepth"}
)


class Origins:
    """Tensor name to the number of the set of sources behind it, or an array of such numbers, one an element."""

    def __init__(self, graph: Graph, fates: Mapping[Node, NodeFate], lowered: Mapping[Node, Group]):
        self.graph = graph
        self.fates = fates
        self.lowered = lowered
        self.sets: list[frozenset[Source]] = []
        self.known: dict[str, Origin] = {name: self.number(frozenset({f"input:{name}"})) for name in graph.inputs}

    def number(self, sources: frozenset[Source]) -> int:
        """The number that stands for a set of sources."""
        # Few sets occur in a network, and numbers can be carried through views where sets cannot.
        if sources not in self.sets:
            self.sets.append(sources)
        return self.sets.index(sources)

    def of(self, name: str) -> Origin:
        """What wrote a tensor; constants are the empty set."""
        if name in self.graph.static or name not in self.known:
            return self.number(frozenset())
        return self.known[name]

    def sources(self, *origins: Origin) -> frozenset[Source]:
        """All sources that occur in some origins."""
        numbers = {number for origin in origins for number in _numbers_in(origin)}
        return frozenset[Source]().union(*(self.sets[number] for number in numbers))

    def pass_node(self, node: Node) -> None:
        """A node without layers: a view moves its elements, a rider keeps them, a host mixes them."""
        status = self.fates[node].status if node in self.fates else "folded"
        inputs = [self.of(name) for name in node.data_inputs if name]
        # Only for tensors whose elements come from different layers is it worth following them one by one. A host mixes
        # its inputs in a way that nobody knows, so its result comes from every layer behind it; without any, from the
        # host itself.
        if node.op == CALL:
            self.known |= {o: self.of(i) for i, o in zip(node.inputs, node.outputs, strict=False) if o}
        # A tensor of one origin has it whole behind any view.
        elif status == "view" and node.op in MOVING and any(not isinstance(o, int) for o in inputs):
            self.known |= self._moved(node)
        else:
            whole = self.sources(*inputs) if status != "folded" else frozenset[Source]()
            # A node of one element counts for nothing, and hands on what it reads.
            if status == "host" and self.fates[node].why != "one element":
                layers = frozenset(s for s in whole if isinstance(s, int))
                whole = layers or frozenset({f"host:{node.label}"})
            self.known |= {output: self.number(whole) for output in node.outputs if output}

    def _moved(self, node: Node) -> dict[str, Origin]:
        graph = self.graph
        # All inputs of a Concat move; of the others all but the first say where elements go.
        steering = {name: graph.value(name) for name in node.inputs[1:] if name and node.op != "Concat"}
        moved = node.inputs if node.op == "Concat" else node.inputs[:1]
        operands = {name: self._array(name) for name in moved if name}
        operands |= {name: value for name, value in steering.items() if value is not None}
        try:
            outputs = run_node(node, operands, steering)
        except (CannotRunError, KeyError):
            whole = self.number(self.sources(*(self.of(name) for name in moved)))
            return {output: whole for output in node.outputs if output}
        return {name: _compact(value.astype(np.int32)) for name, value in outputs.items()}

    def _array(self, name: str) -> np.ndarray:
        # As floats, which every moving operator takes; numbers of sets are small enough to be exact.
        return np.broadcast_to(np.asarray(self.of(name), np.float32), self.graph.shape(name))

    def begin(self, group: Group) -> None:
        """A lowered node, before its layers write: what it passes on, and nothing elsewhere."""
        # Inputs that no layer copies lie in the result already.
        if group.node.op == "Concat":
            self.known |= self._moved(group.node)
        # What stays in a buffer was there before any layer.
        self.known |= {output: self.number(frozenset()) for output in buffers(group.node, self.graph)}
        for output in filter(None, group.node.outputs):
            if output not in group.made:
                self.known[output] = self.number(self.sources(*(self.of(i) for i in group.node.inputs if i)))

    def add(self, member: PlacedLayer | Layer) -> None:
        """A layer writes; one that the workload leaves out passes on what it reads (a fill reads nothing)."""
        if isinstance(member, PlacedLayer):
            self._add(member.layer, frozenset({member.id}))
        elif member.operations:
            self._add(member, self._passed_on(member))
        else:
            self._add(member, frozenset())

    def _passed_on(self, layer: Layer) -> frozenset[Source]:
        """What the elements are made of that a layer reads; before its first step a recurrent one reads nothing."""
        read = [_at(access, layer, self.of(access.tensor)) for access in (*layer.inputs, *step_operands(layer))]
        sources = self.sources(*read, *(self.of(name) for name in layer.also_reads))
        return sources - NOTHING if layer.recurrent else sources

    def _add(self, layer: Layer, sources: frozenset[Source]) -> None:
        name, number = layer.output.tensor, self.number(sources)
        shape = tuple(axis.extent for axis in layer.output.axes)
        # "nothing" and not the empty set, which stands for constants: an element that no layer writes has to be seen.
        before = self.known.get(name, self.number(NOTHING))
        array = np.array(np.broadcast_to(before if isinstance(before, int) else before.reshape(shape), shape), np.int32)
        array[places(layer.output, layer.sizes)] = number
        self.known[name] = _compact(array)


def _numbers_in(origin: Origin) -> set[int]:
    return {origin} if isinstance(origin, int) else {int(number) for number in np.unique(origin)}


def _compact(array: np.ndarray) -> Origin:
    return int(array.flat[0]) if array.size and (array == array.flat[0]).all() else array


def unfed_reads(placed: PlacedLayer, origins: Origins) -> Iterator[Mismatch]:
    """Elements that a layer reads and none of its sources, nor any layer at all, has written; what a recurrent layer
    reads may be written by later layers, a step before."""
    for operand, access in zip("IW", placed.layer.inputs, strict=False):
        if not access.volume(placed.layer.sizes):
            continue  # windows over padding alone
        behind = origins.sources(_at(access, placed.layer, origins.of(access.tensor)))
        # Before its first step a recurrent layer reads a state that nothing has written.
        named = frozenset(placed.sources[operand]) | (NOTHING if placed.layer.recurrent else frozenset[Source]())
        if missing := behind - named:
            expected, got = (", ".join(map(str, sorted(s, key=str))) for s in (named, missing))
            yield Mismatch(placed.node, placed.id, f"elements that {operand} reads", expected, got, "source")


def _at(access: Access, layer: Layer, origin: Origin) -> Origin:
    # What is picked depends on values: any element may be read.
    if isinstance(origin, int) or access.picks:
        return origin
    shaped = origin.reshape([axis.extent for axis in access.axes])
    return shaped[places(access, layer.sizes)]
