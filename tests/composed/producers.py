"""Who stands behind a tensor: numbers tell whose elements it has, and the fate of their maker what an edge names.

A layer's node is named itself. A rider, and a node of one element, stand for what feeds them; a host for the layers
that feed it, or for itself where there are none (docs/conventions.md).
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
import onnx

from onnx2zz.compiler import Compiled
from onnx2zz.workload import NodeFate, PlacedLayer
from tests.composed.bodies import reads
from tests.composed.flat import Flat
from tests.composed.labels import ALL, Labels, Places, labels, moves

Names = frozenset[str]
PARTS = frozenset({"Concat", "Split"})
"""What may be a view in one part and a layer in another."""


class Producers:
    """Tensor to the names behind it."""

    def __init__(self, flat: Flat, compiled: Compiled):
        self.flat = flat
        self.fates: dict[str, NodeFate] = {fate.node: fate for fate in compiled.workload.nodes}
        self.layers: dict[str, list[PlacedLayer]] = {}
        for node in flat.nodes:
            lowered = self.status(node) == "lowered"
            self.layers[node.name] = [compiled.workload.layers[i] for i in self.fates[node.name].layers if lowered]
        self.node_of = {placed.id: name for name, layers in self.layers.items() for placed in layers}
        self.maker = flat.maker
        self.labels: Labels = labels(flat, self._written(), self._same())
        self._of_owner = cache(self._named)

    def status(self, node: onnx.NodeProto) -> str:
        return self.fates[node.name].status

    def of(self, name: str, places: Places = ALL) -> Names:
        """Who stands behind a tensor, at some places; an operand whose shape only a run can tell has one maker."""
        if name not in self.labels.numbers:
            return self._of_owner(name) if name else frozenset()
        return self.behind(self.labels.numbers[name], places)

    def behind(self, numbers: np.ndarray, places: Places = ALL) -> Names:
        return frozenset().union(*map(self._of_owner, self.labels.owners(numbers, places)))

    def _named(self, owner: str) -> Names:
        if owner in self.flat.constants:
            return frozenset()
        if owner not in self.maker:
            return frozenset({f"input:{owner}"})
        node = self.maker[owner]
        status = self.status(node)
        if status == "lowered":
            return frozenset({node.name})
        behind = frozenset().union(*map(self.of, reads(node)))
        if status == "host" and self.fates[node.name].why != "one element":
            return frozenset(name for name in behind if ":" not in name) or frozenset({f"host:{node.name}"})
        return frozenset().union(*map(self.of, self._one_element(node))) if node.op_type == "Concat" else behind

    def _one_element(self, node: onnx.NodeProto) -> list[str]:
        """The inputs of a Concat that it copies element by element, in layers that are never emitted."""
        return [name for name in node.input if np.prod(self.flat.kinds[name].fixed) == 1]

    def _same(self) -> list[str]:
        """Nodes that compute, by their operator, and are said to change nothing."""
        return [n.name for n in self.flat.nodes if self.status(n) == "view" and not moves(n, self.flat)]

    def _written(self) -> dict[str, Places]:
        """Where layers write the outputs of nodes that move elements."""
        found: dict[str, Places] = {}
        for node in self.flat.nodes:
            if node.op_type == "Concat" and moves(node, self.flat) and self.status(node) == "host":
                found |= self._copied_singly(node)
            elif moves(node, self.flat) and self.status(node) == "lowered":
                found |= dict.fromkeys(node.output, ALL) if node.op_type not in PARTS else self._parts(node)
        return found

    def _copied_singly(self, node: onnx.NodeProto) -> Mapping[str, Places]:
        """Where a Concat writes elements of its own although none of its layers is emitted."""
        axis = next(a.i for a in node.attribute if a.name == "axis")
        lengths = [self.flat.kinds[name].fixed[axis] for name in node.input]
        singly = [name in self._one_element(node) for name in node.input]
        rank = len(self.flat.kinds[node.output[0]].shape)
        shape = [-1 if i == axis % rank else 1 for i in range(rank)]
        return {node.output[0]: np.repeat(singly, lengths).reshape(shape)}

    def _parts(self, node: onnx.NodeProto) -> Mapping[str, Places]:
        found: dict[str, Places] = {}
        for placed in self.layers[node.name]:
            name = flat_name(placed.layer.output.tensor)
            mask = np.zeros(self.flat.kinds[name].fixed, bool)
            mask[places_written(placed)] = True
            found[name] = found.get(name, np.zeros_like(mask)) | mask
        return found


def flat_name(name: str) -> str:
    """A tensor's name without those of the bodies it stands in."""
    return name.rpartition("/")[2]


def places_written(placed: PlacedLayer) -> tuple[np.ndarray, ...]:
    """The elements that a copy writes, an index array an axis: one loop walks each axis, from an offset on."""
    sizes = placed.layer.sizes
    steps = [
        np.arange(sizes[axis.terms[0][0]]) * axis.terms[0][1] + axis.offset if axis.terms else np.array([axis.offset])
        for axis in placed.layer.output.axes
    ]
    return np.ix_(*steps)
