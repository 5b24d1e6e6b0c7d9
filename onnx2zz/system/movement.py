"""What each pair of neighbouring layers has to move, for each pair of their candidates."""

from collections.abc import Mapping, Sequence

import numpy as np

from onnx2zz.system.candidate import Candidate
from onnx2zz.system.elements import Elements, common, count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId, Network
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.reads import Edge
from onnx2zz.system.tiling import Share, Tiling, placed
from onnx2zz.zigzag.objective import ObjectiveName

Options = Mapping[int, Sequence[Candidate]]


def movement(graph: LayerGraph, options: Options, cost: float) -> dict[tuple[int, int], np.ndarray]:
    """The cost of movement by (producer, reader), rows the producer's candidates, `cost` for each bit."""
    found: dict[tuple[int, int], np.ndarray] = {}
    for edges in graph.edges.values():
        for edge in edges:
            table = _moved(graph, edge, options) * cost
            pair = (edge.producer, edge.reader)
            found[pair] = found[pair] + table if pair in found else table
    return found


def per_bit(network: Network, opt: ObjectiveName) -> float:
    """What a bit that a core has to get costs, in what candidates are compared by: cycles of the links into it, or
    pJ over one of them."""
    if opt == "energy":
        return max((link.energy_per_bit for link in network.links), default=0.0)
    return 1 / network.into_a_core


def _moved(graph: LayerGraph, edge: Edge, options: Options) -> np.ndarray:
    """Bits that the core that gets most has to get, for each pair of candidates."""
    made = [_made(graph, edge.producer, candidate) for candidate in options[edge.producer]]
    read = [_read(graph, edge, candidate) for candidate in options[edge.reader]]
    width = graph.layers[edge.producer].placed.widths.O_final
    table = np.zeros((len(made), len(read)))
    for i, mine in enumerate(made):
        for j, theirs in enumerate(read):
            most = 0
            for core, boxes in theirs.items():
                wanted = sum(map(count, boxes))
                here = sum(count(common(box, own)) for box in boxes for own in mine.get(core, ()))
                most = max(most, wanted - here)
            table[i, j] = most * width
    return table


def _made(graph: LayerGraph, layer: int, candidate: Candidate) -> dict[CoreId, list[Elements]]:
    told = graph.layers[layer]
    found: dict[CoreId, list[Elements]] = {}
    for core, share in _at_once(told, candidate):
        found.setdefault(core, []).append(told.told("O", told.ranges(dict(share.box.ranges))))
    return found


def _read(graph: LayerGraph, edge: Edge, candidate: Candidate) -> dict[CoreId, list[Elements]]:
    told, producer = graph.layers[edge.reader], graph.layers[edge.producer]
    number = OPERANDS.index(edge.operand) if edge.operand in OPERANDS else None
    found: dict[CoreId, list[Elements]] = {}
    for core, share in _at_once(told, candidate):
        ranges = told.ranges(dict(share.box.ranges))
        seen = told.seen(told.placed.layer.inputs[number], ranges) if number is not None else ()
        boxes = [producer.written(box)[0] for box in edge.needed(seen)[0]]
        found.setdefault(core, []).extend(box for box in boxes if all(box))
    return found


def _at_once(told: Told, candidate: Candidate) -> list[tuple[CoreId, Share]]:
    """What each core has of a layer, its turns together."""
    without = Tiling(candidate.tiling.split, (), candidate.tiling.grain)
    return placed(told.placed.layer, without, candidate.cores)
