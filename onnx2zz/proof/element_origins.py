"""Which element of which layer's output each element of a tensor is: numbers of elements are pushed through the views.

onnxruntime moves the numbers, so that nothing is taken from what the compiler knows of views.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.interpreter import Grid, elements_of
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import NodeFate, PlacedLayer
from onnx2zz.lowering.view_chain import renamed
from onnx2zz.proof.elements import places
from onnx2zz.proof.node_run import CannotRunError, run_node
from onnx2zz.proof.provenance import MOVING

Numbers = NDArray[np.int64]
FROM_ELSEWHERE = -1
"""The number of an element that is no layer's, or of which nobody knows whose it is (a host's)."""


class ElementOrigins:
    """Every element that a layer writes has a number of its own, below `count`."""

    def __init__(self, graph: Graph, layers: Sequence[PlacedLayer], fates: Mapping[str, NodeFate]):
        self._graph, self._fates = graph, fates
        self._writers: dict[str, list[Layer]] = {}
        self._first: dict[str, int] = {}
        self._known: dict[str, Numbers] = {}
        self.count = 0
        for placed in layers:
            output = placed.layer.output
            self._writers.setdefault(output.tensor, []).append(placed.layer)
            # Several layers may write parts of one tensor, whose elements are numbered once.
            if output.tensor not in self._first:
                self._first[output.tensor] = self.count
                self.count += math.prod(axis.extent for axis in output.axes)

    def written(self, layer: Layer, grid: Grid) -> Numbers:
        """The numbers of the elements that a layer writes at the points of a grid, whose arrays may be broadcast."""
        return self._first[layer.output.tensor] + self._flat(layer, elements_of(layer.output, grid))

    def of(self, tensor: str) -> Numbers:
        """The numbers of the elements of a tensor, in their order, one after the other."""
        # A stack and no recursion: views may follow each other for longer than Python's recursion goes.
        pending = [tensor]
        while pending:
            name = pending[-1]
            unknown = [behind for behind in self._behind(name) if behind not in self._known]
            if unknown:
                pending += unknown
                continue
            if name not in self._known:
                self._known[name] = self._found(name)
            pending.pop()
        return self._known[tensor]

    @staticmethod
    def _flat(layer: Layer, elements: Sequence[np.ndarray]) -> Numbers:
        flat = np.zeros((), np.int64)
        for axis, element in zip(layer.output.axes, elements, strict=True):
            flat = flat * axis.extent + element
        return np.asarray(flat, np.int64)

    def _behind(self, name: str) -> list[str]:
        return [behind for behind in self._steps(name) if behind not in self._graph.static]

    def _steps(self, name: str) -> Iterator[str]:
        node = self._graph.maker.get(name)
        if node is None or name in self._known:
            return
        # A call's outputs are other names of what its body makes.
        if node.op == CALL:
            yield renamed(node, name)
        # Of a moving operator only the first input moves: the others say where to.
        elif self._moves(node):
            yield from (node.inputs if node.op == "Concat" else node.inputs[:1])
        # A fused node of one live operand keeps each element in its place (an activation). With two of them, or another
        # shape, nobody can say which element stands for which.
        elif self._status(node) == "fused":
            live = [one for one in dict.fromkeys(filter(None, node.data_inputs)) if one not in self._graph.static]
            if len(live) == 1 and self._graph.tensors[live[0]].shape == self._graph.tensors[name].shape:
                yield live[0]

    def _status(self, node: Node) -> str:
        fate = self._fates.get(next(filter(None, node.outputs), ""))
        return fate.status if fate else "host"

    def _moves(self, node: Node) -> bool:
        lowered = node.op == "Concat" and self._status(node) == "lowered"
        return node.op in MOVING and (self._status(node) == "view" or lowered)

    def _found(self, name: str) -> Numbers:
        writers = self._writers.get(name, [])
        told = self._graph.tensors[name].elements if name in self._graph.tensors else 0
        size = max([told, *(math.prod(axis.extent for axis in one.output.axes) for one in writers)])
        behind = self._behind(name)
        found = self._passed(name, behind) if behind else None
        numbers = np.full(size, FROM_ELSEWHERE, np.int64) if found is None or len(found) != size else found.copy()
        # Over what a view brought: in a Concat some parts are copied by layers, and others lie there already.
        for layer in writers:
            flat = self._flat(layer, places(layer.output, layer.sizes))
            numbers[flat.ravel()] = self._first[name] + flat.ravel()
        return numbers

    def _passed(self, name: str, behind: Sequence[str]) -> Numbers | None:
        """What the node that makes a tensor passes on of the numbers behind it."""
        node = self._graph.maker[name]
        # A rider or a call: elements stay where they are, and nothing has to be run.
        if not self._moves(node):
            return self._known[behind[0]]
        moved = node.inputs if node.op == "Concat" else node.inputs[:1]
        operands = {i: self._shaped(i) for i in moved}
        steering = {i: self._graph.value(i) for i in node.inputs if i and i not in operands}
        operands |= {i: value for i, value in steering.items() if value is not None}
        try:  # as doubles, which every operator that moves data takes, and which hold such numbers exactly
            return run_node(node, operands, list(steering))[name].ravel().astype(np.int64)
        except (CannotRunError, KeyError):
            return None

    def _shaped(self, name: str) -> np.ndarray:
        numbers = self._known.get(name)
        shape = self._graph.shape(name)
        return np.full(shape, float(FROM_ELSEWHERE)) if numbers is None else numbers.reshape(shape).astype(np.float64)
