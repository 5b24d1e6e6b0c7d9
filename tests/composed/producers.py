"""Who stands behind a tensor: numbers tell whose elements it has, and the fate of their maker what an edge names.

A layer's node is named itself. A rider, and a node of one element, stand for what feeds them; a host for the layers
that feed it, or for itself where there are none (docs/conventions.md).
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
import onnx

from onnx2zz.compiler import Compiled
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import NodeFate, PlacedLayer
from tests.composed.bodies import reads
from tests.composed.flat import Flat
from tests.composed.labels import ALL, Labels, Places, labels, moves

Names = frozenset[str]
PARTS = frozenset({"Concat", "Split"})
"""What may be a view in one part and a layer in another."""


class Producers:
    """Tensor to the names behind it."""

    def __init__(self, flat: Flat, compiled: Compiled) -> None:
        self.flat = flat
        self.fates: dict[str, NodeFate] = {fate.node: fate for fate in compiled.workload.nodes}
        self.layers: dict[str, list[PlacedLayer]] = {}
        for node in flat.nodes:
            lowered = self.status(node) == "lowered"
            self.layers[node.name] = [compiled.workload.layers[i] for i in self.fates[node.name].layers if lowered]
        self.singles = [layer for left_out in compiled.workload.unemitted.values() for _, layer in left_out]
        self.node_of = {placed.id: name for name, layers in self.layers.items() for placed in layers}
        self.maker = flat.maker
        self.labels: Labels = labels(flat, self._written(), self._same(), self._passed())
        self._of_owner = cache(self._named)

    def status(self, node: onnx.NodeProto) -> str:
        return self.fates[node.name].status

    def of(self, name: str, places: Places = ALL) -> Names:
        """Who stands behind a tensor, at some places; an operand whose shape only a run can tell has one maker."""
        if name not in self.labels.numbers:
            return self._of_owner(name) if name else frozenset()
        return self.behind(self.labels.numbers[name], places)

    def behind(self, numbers: np.ndarray, places: Places = ALL) -> Names:
        return frozenset[str]().union(*map(self._of_owner, self.labels.owners(numbers, places)))

    def _named(self, owner: str) -> Names:
        if owner in self.flat.constants:
            return frozenset()
        if owner not in self.maker:
            return frozenset({f"input:{owner}"})
        node = self.maker[owner]
        status = self.status(node)
        if status == "lowered":
            return frozenset({node.name})
        behind = frozenset[str]().union(*map(self.of, reads(node)))
        if status == "host" and self.fates[node.name].why != "one element":
            return frozenset(name for name in behind if ":" not in name) or frozenset({f"host:{node.name}"})
        return behind

    def _same(self) -> list[str]:
        """Nodes that compute, by their operator, and are said to change nothing."""
        return [n.name for n in self.flat.nodes if self.status(n) == "view" and not moves(n, self.flat)]

    def _written(self) -> dict[str, Places]:
        """Where layers write the outputs of nodes that move elements."""
        found: dict[str, Places] = {}
        for node in self.flat.nodes:
            if moves(node, self.flat) and self.status(node) == "lowered":
                found |= dict.fromkeys(node.output, ALL) if node.op_type not in PARTS else self._parts(node)
        return found

    def _passed(self) -> dict[str, Places]:
        """Where copies of one element, which are never emitted, write: whose elements those are, they read."""
        moved = {output for node in self.flat.nodes if moves(node, self.flat) for output in node.output}
        return self._places(layer for layer in self.singles if flat_name(layer.output.tensor) in moved)

    def _parts(self, node: onnx.NodeProto) -> dict[str, Places]:
        return self._places(placed.layer for placed in self.layers[node.name])

    def _places(self, layers: Iterable[Layer]) -> dict[str, Places]:
        found: dict[str, Places] = {}
        for layer in layers:
            name = flat_name(layer.output.tensor)
            mask = np.zeros(self.flat.kinds[name].fixed, bool)
            mask[places_written(layer)] = True
            found[name] = found.get(name, np.zeros_like(mask)) | mask
        return found


def flat_name(name: str) -> str:
    """A tensor's name without those of the bodies it stands in."""
    return name.rpartition("/")[2]


def places_written(layer: Layer) -> tuple[np.ndarray, ...]:
    """The elements that a copy writes, an index array an axis: one loop walks each axis, from an offset on."""
    sizes = layer.sizes
    steps = [
        np.arange(sizes[axis.terms[0][0]]) * axis.terms[0][1] + axis.offset if axis.terms else np.array([axis.offset])
        for axis in layer.output.axes
    ]
    return np.ix_(*steps)
