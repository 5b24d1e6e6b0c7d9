"""The layers of one step of a recurrence, each reading and writing tensors that lie in memory: no view in between."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer, step_operands
from onnx2zz.lowering.all_steps import CannotLiftError
from onnx2zz.lowering.decisions import Lowering
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.lowering.repeats import read_where_stored, unrepeated
from onnx2zz.lowering.ride_along import ride_along
from onnx2zz.lowering.view_chain import after_view, renamed
from onnx2zz.lowering.views import rereads
from onnx2zz.ops.registry import operators


@dataclass(frozen=True)
class BodyLayer:
    """A layer of one step, and the node of the body that it stands for."""

    layer: Layer
    node: Node


def body_layers(inner: Lowering) -> tuple[BodyLayer, ...]:
    """The layers of a body in their order, riders taken into them. Raises CannotLiftError."""
    if any(verdict.status == "host" for verdict in inner.verdicts.values()):
        raise CannotLiftError("a node of it is left to the host")
    if any(inner.is_view(node) and rereads(node, inner.graph) for node in inner.graph.nodes):
        raise CannotLiftError("its layers read numbers that only a view gives their values")
    found: list[BodyLayer] = []
    ridden = set(inner.riding.values())
    for node in inner.graph.nodes:
        if node in inner.layers:
            found += _of_node(node, inner, ridden)
    stored = Stored(inner)
    return tuple([replace(one, layer=stored.read(one.layer)) for one in found])


def _of_node(node: Node, inner: Lowering, ridden: Container[Node]) -> Iterator[BodyLayer]:
    """A node's layers, then those of its riders that have to be layers here."""
    end = next((o for o in node.outputs if inner.graph.is_read(o)), "")
    riders = inner.riders.of(end) if node in ridden else ()
    left: tuple[Node, ...] = ()
    for layer in inner.layers[node]:
        if riders and layer.output.tensor == end:
            layer, left = ride_along(layer, riders, inner.graph, inner.is_view)
        yield BodyLayer(layer, node)
    for rider in left:
        if not inner.is_view(rider):
            for layer in operators()[rider.op].lower(rider, inner.graph):
                yield BodyLayer(read_where_stored(layer, inner.graph, inner.repeated), rider)


@dataclass(frozen=True)
class Stored:
    """Where the elements of a body's views lie."""

    inner: Lowering

    @property
    def graph(self) -> Graph:
        return self.inner.graph

    def of(self, name: str) -> tuple[str, Layout | None]:
        """The tensor behind all views, and the layout in it; None where no layout tells."""
        chain: list[tuple[Node, str]] = []
        node = self.graph.maker.get(name)
        while node is not None and self.inner.is_view(node):
            chain.append((node, name))
            name = renamed(node, name)
            node = self.graph.maker.get(name)
        layout: Layout | None = contiguous(self.graph.shape(name))
        for view, output in reversed(chain):
            layout = layout and after_view(view, output, layout, self.graph)
        return name, layout

    def name(self, tensor: str) -> str | None:
        """The tensor whose elements a tensor has, all of them and in their order; None where it is none."""
        if tensor in self.graph.static or not tensor:
            return tensor
        name, layout = self.of(tensor)
        same = layout == contiguous(self.graph.shape(tensor)) and not (layout and layout.offset)
        whole = self.graph.tensors[name].elements == self.graph.tensors[tensor].elements
        return name if same and whole else None

    def read(self, layer: Layer) -> Layer:
        """The layer with every operand read where it is stored. Raises CannotLiftError where its loops cannot."""
        for index, access in enumerate(layer.inputs):
            if access.tensor in self.graph.maker and access.tensor not in self.graph.static:
                layer = self._read(layer, index)
        for access in step_operands(layer):
            self._check(access.tensor)
        for name in layer.also_reads:
            self._check(name)
        return layer

    def _read(self, layer: Layer, index: int) -> Layer:
        access = layer.inputs[index]
        same = self.name(access.tensor)
        if same is not None:
            inputs = (replace(a, tensor=same) if i == index else a for i, a in enumerate(layer.inputs))
            return replace(layer, inputs=tuple(inputs))
        name, layout = self.of(access.tensor)
        elements = self.graph.tensors[name].elements
        found = None if layout is None else unrepeated(layer, index, name, elements, layout)
        if found is None:
            raise CannotLiftError(f"{access.tensor} is a view that it cannot take in")
        return found

    def _check(self, tensor: str) -> None:
        """A tensor that is no operand is read as it is called."""
        if self.name(tensor) != tensor:
            raise CannotLiftError(f"{tensor} is a view, and no operand")
