"""One walk over the graph in execution order that runs every node in onnxruntime and hands out its true operands."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from onnx import helper

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.operators.draws import MANY, Place
from onnx2zz.frontend.state import ELEMENT_TYPES
from onnx2zz.ir.access import Access
from onnx2zz.proof.draws import FEW, draw, place_of, steers, views
from onnx2zz.proof.node_run import CannotRunError, run_node
from onnx2zz.proof.stored_values import StoredValues


@dataclass
class Values:
    """The tensors of a run, by name. Constants are read when they are asked for; nothing outlives its last reader.

    `failed`: nodes that onnxruntime does not run, with its reason; random tensors stand in for their outputs.
    """

    graph: Graph
    stored: StoredValues
    rng: np.random.Generator
    held: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    failed: dict[Node, str] = field(default_factory=dict[Node, str])

    def of(self, name: str) -> np.ndarray:
        """The value of a tensor: what the run made, else the file's, else a random one.

        Raises CannotRunError for a tensor that has none of these and no static shape.
        """
        if name not in self.held:
            self.held[name] = self._known(name)
        return self.held[name]

    def fresh(self, name: str, reader: Node) -> np.ndarray:
        """Another random value for what a node reads; one that steers the graph keeps its own."""
        index = next((i for i, given in enumerate(reader.inputs) if self._comes_from(given, name)), None)
        # The reader at hand says best what it needs; another one of the same tensor may need something else.
        place = place_of(name, self.graph) if index is None else Place(reader, index)
        return self.of(name) if steers(place) else self._drawn(name, place, MANY)

    def _comes_from(self, given: str, name: str) -> bool:
        """Whether a node's input is that tensor, or views of it, one after the other."""
        while given != name:
            maker = self.graph.maker.get(given)
            if maker is None or not views(maker.op) or not maker.inputs:
                return False
            given = maker.inputs[maker.outputs.index(given)] if maker.op == CALL else maker.inputs[0]
        return True

    def index(self, name: str, picked: Access) -> np.ndarray:
        """Random positions on the axis of another tensor that this one picks from."""
        assert picked.picks is not None
        others = (axis.extent for number, axis in enumerate(picked.axes) if number != picked.picks[0])
        tensor, rows = self.graph.tensors[name], self.graph.tensors[picked.tensor].elements // math.prod(others)
        dtype = helper.tensor_dtype_to_np_dtype(tensor.type)
        return np.asarray(self.rng.integers(0, rows, self.graph.shape(name))).astype(dtype)

    def _known(self, name: str) -> np.ndarray:
        value = self.stored.of(name) if self.stored.holds(name) else self.graph.value(name)
        if self.graph.tensors[name].shape is None:
            if value is None:
                raise CannotRunError(f"nothing makes {name}")
            return value
        place = place_of(name, self.graph)
        # An initialiser of equal weights (all ones) would let exchanged axes pass.
        if value is None or (self.stored.holds(name) and _hides_axes(value) and not steers(place)):
            return self._drawn(name, place, FEW)
        return value

    def _drawn(self, name: str, place: Place | None, integers: int) -> np.ndarray:
        if self.graph.tensors[name].type not in ELEMENT_TYPES:
            raise CannotRunError(f"{name} has no element type")
        return draw(name, place, self.graph, self.rng, integers)

    def run(self, node: Node) -> None:
        """Runs a node on the tensors at hand."""
        # Its value is the file's, and is read when somebody asks for it.
        if node.op == "Constant" and all(map(self.stored.holds, node.outputs)):
            return
        constants = [name for name in node.inputs if name in self.graph.constants]
        try:
            operands = {name: self.of(name) for name in node.inputs if name}
            made = run_node(node, operands, constants)
            self.held |= {name: self._of_taken_size(name, value) for name, value in made.items()}
        except CannotRunError as error:
            self.failed[node] = str(error)

    def _of_taken_size(self, name: str, value: np.ndarray) -> np.ndarray:
        """What a node gives, in the size that the graph has taken where data decide it: elements left out at the end,
        or begun anew. What counts them is as the graph knows it."""
        shape = self.graph.tensors[name].shape if name in self.graph.tensors else None
        # The graph took so many tokens for each expert; in this run the router counts others.
        known = self.graph.value(name) if self.graph.experts and name in self.graph.static else None
        if known is not None:
            return known
        if shape is None or value.shape == shape or value.ndim != len(shape):
            return value
        for axis, size in enumerate(shape):
            there = value.shape[axis]
            # Begun anew and not filled up with zeros, which would hide what is done with the elements.
            value = value.take(np.arange(size) % there, axis) if there else np.zeros(shape, value.dtype)
        return value

    def forget(self, names: Collection[str]) -> None:
        """Nothing reads these any more."""
        for name in names:
            self.held.pop(name, None)


def _hides_axes(value: np.ndarray) -> bool:
    """Whether all elements of a real tensor are equal, so that nobody would see two of its axes swapped."""
    return value.size > 1 and value.dtype.kind == "f" and bool((value == value.flat[0]).all())


def walk(values: Values, reads: Mapping[Node, Collection[str]], skipped: Collection[Node]) -> Iterator[Node]:
    """Runs node after node; yields each with its operands and outputs in `values`.

    `reads`: tensors that are asked for at a node beyond its inputs. Nodes in `skipped` are not run.
    """
    expiring = _expiring(values.graph.nodes, reads)
    for node in values.graph.nodes:
        if node not in skipped:
            values.run(node)
        yield node
        values.forget(expiring.get(node, ()))


def _expiring(nodes: Sequence[Node], reads: Mapping[Node, Collection[str]]) -> dict[Node, list[str]]:
    """The tensors that no node after each node reads."""
    last: dict[str, Node] = {}
    for node in nodes:
        # Outputs too: what nobody reads at all is forgotten right behind its maker.
        for name in (*node.inputs, *node.outputs, *reads.get(node, ())):
            last[name] = node
    expiring: dict[Node, list[str]] = {}
    for name, node in last.items():
        expiring.setdefault(node, []).append(name)
    return expiring
