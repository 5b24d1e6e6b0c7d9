"""Layers that read by order alone: workload.yaml does not say which elements of which producer (a Concat or another
view lies between), so that all that has come to a core for them stays until the last of their tiles there has ended."""

from collections.abc import Iterator

from onnx2zz.system.description import System
from onnx2zz.system.elements import Elements, count, without
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.plan import OPERANDS


def no_room_by_order(graph: LayerGraph, system: System) -> list[str]:
    """A sentence for each layer that reads more by order alone than all cores that may run it hold together: whatever
    its split, each element lies on one of them until its last tile there ends, so that no schedule has it."""
    return list(_too_large(graph, system))


def _too_large(graph: LayerGraph, system: System) -> Iterator[str]:
    for layer in graph.edges:
        told = graph.layers[layer]
        bits = bits_by_order(graph, layer)
        room = sum(core.capacity for core in system.cores if core.runs(graph.operators[layer]))
        if bits > room:
            yield (
                f"{told.placed.name}: it reads {bits:,} bit of other layers through views (Concat, Split, ...), of "
                f"which workload.yaml does not say the elements, so that all of them stay until its last tiles end; "
                f"the cores that may run it hold {room:,} together: give them more memory, or more of them"
            )


def bits_by_order(graph: LayerGraph, layer: int) -> int:
    """The bits of other layers' outputs that a layer reads by order alone, each element once."""
    told = graph.layers[layer]
    read: dict[int, list[Elements]] = {}
    for edge in graph.edges.get(layer, ()):
        if not edge.by_element and edge.operand in OPERANDS:
            seen = told.seen(told.placed.layer.inputs[OPERANDS.index(edge.operand)], told.ranges({}))
            boxes = [made for box in edge.needed(seen)[0] for made in graph.layers[edge.producer].written(box)[0]]
            apart = read.setdefault(edge.producer, [])
            for box in boxes:
                # Boxes of several chains overlap, and an element lies there once.
                apart += without([box], apart)
    return sum(graph.layers[p].placed.widths.O_final * sum(map(count, boxes)) for p, boxes in read.items())
