"""What a tile makes and needs, from its box: by the layer's own indices, through views as `reads` knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.system.elements import Elements
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.reads import Edge
from onnx2zz.system.tile import Range

Box = tuple[tuple[str, Range], ...]
"""The range of every loop of a layer."""


@dataclass(frozen=True)
class Need:
    """Elements that a tile reads as `operand`: of the output of layer `producer`, by its output indices; None: of an
    operand that no layer makes, by the indices that the reader gives it.

    `ordered`: workload.yaml does not say which elements these are, so that something of each tile must have come.
    """

    operand: str
    producer: int | None
    boxes: tuple[Elements, ...]
    ordered: bool = False


@dataclass
class Needs:
    """What boxes of a network's layers make and need; found once for each box."""

    graph: LayerGraph
    _known: dict[tuple[int, Box], tuple[Need, ...]] = field(default_factory=dict[tuple[int, Box], tuple[Need, ...]])

    def told(self, layer: int) -> Told:
        return self.graph.layers[layer]

    def makes(self, layer: int, box: Box) -> Elements:
        """The elements of the output that a box writes."""
        return self.told(layer).told("O", dict(box))

    def of(self, layer: int, box: Box) -> tuple[Need, ...]:
        """All that a box reads."""
        if (layer, box) not in self._known:
            self._known[layer, box] = tuple(self._found(layer, dict(box)))
        return self._known[layer, box]

    def outside(self, layer: int, operand: str) -> bool:
        """Whether an operand comes from outside the network, and has any bits."""
        told = self.told(layer)
        made = any(edge.operand == operand for edge in self.graph.edges.get(layer, ()))
        has_one = operand == "I" or len(told.placed.layer.inputs) > 1
        width = told.placed.widths.I if operand == "I" else told.placed.widths.W
        return has_one and not made and bool(width)

    def _found(self, layer: int, ranges: Mapping[str, Range]) -> list[Need]:
        told = self.told(layer)
        away = [(operand, told.told(operand, ranges)) for operand in OPERANDS if self.outside(layer, operand)]
        found = [Need(operand, None, (elements,)) for operand, elements in away if all(elements)]
        return found + [self._through(told, edge, ranges) for edge in self.graph.edges.get(layer, ())]

    def _through(self, told: Told, edge: Edge, ranges: Mapping[str, Range]) -> Need:
        read = told.placed.layer.inputs[OPERANDS.index(edge.operand)] if edge.operand in OPERANDS else None
        boxes, _ = edge.needed(told.seen(read, ranges) if read is not None else ())
        producer = self.told(edge.producer)
        written = tuple(made for box in boxes for made in producer.written(box)[0])
        return Need(edge.operand, edge.producer, written, not edge.by_element)
