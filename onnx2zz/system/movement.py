"""What each pair of neighbouring layers has to move, for each pair of their candidates."""

from collections.abc import Mapping, Sequence

import numpy as np

from onnx2zz.system.candidate import Candidate
from onnx2zz.system.elements import Elements, count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.meeting import Meeting
from onnx2zz.system.network import CoreId, Network
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.reads import Edge
from onnx2zz.system.tiling import Share, Tiling, placed
from onnx2zz.zigzag.objective import ObjectiveName

Options = Mapping[int, Sequence[Candidate]]
Boxes = list[tuple[CoreId, Elements]]
"""The boxes of elements that each core makes or reads; a core may have several."""


def movement(graph: LayerGraph, options: Options, cost: float) -> dict[tuple[int, int], np.ndarray]:
    """The cost of movement by (producer, reader), rows the producer's candidates, `cost` for each bit."""
    found: dict[tuple[int, int], np.ndarray] = {}
    for edges in graph.edges.values():
        for edge in edges:
            table = _moved(graph, edge, options) * cost
            pair = (edge.producer, edge.reader)
            found[pair] = found[pair] + table if pair in found else table
    for first, second in _siblings(graph):
        table = _not_shared(graph, first, second, options) * cost
        pair = (first.reader, second.reader)
        found[pair] = found[pair] + table if pair in found else table
    return found


def _siblings(graph: LayerGraph) -> list[tuple[Edge, Edge]]:
    """Two readers of one tensor of which the second steps over elements: what it reads comes with what the first reads
    where both are on the same cores, and else once more, few elements of many rows."""
    edges = [edge for into in graph.edges.values() for edge in into]
    gaps = {(edge.producer, edge.reader): steps_over(graph, edge) for edge in edges}
    return [
        (first, second)
        for first in edges
        for second in edges
        if first.producer == second.producer
        and first.reader != second.reader
        and gaps[second.producer, second.reader]
        and not gaps[first.producer, first.reader]
    ]


def steps_over(graph: LayerGraph, edge: Edge) -> bool:
    """Whether a reader leaves out positions between those that it reads (a 1x1 of stride 2)."""
    told = graph.layers[edge.reader]
    ranges = told.ranges({})
    return edge.operand in OPERANDS and any(
        # Adding the lowest bit carries through the first run of ones: what is left of the axis then lies behind a
        # gap.
        axis & (axis + (axis & -axis))
        for axis in told.told(edge.operand, ranges)
        if axis
    )


def _not_shared(graph: LayerGraph, first: Edge, second: Edge, options: Options) -> np.ndarray:
    """Bits that the core that gets most has to get for the second reader beside what it has got for the first."""
    width = graph.layers[first.producer].placed.widths.O_final
    return width * _most_of_each(
        read_by(graph, first, options[first.reader]), read_by(graph, second, options[second.reader])
    )


def per_bit(network: Network, opt: ObjectiveName) -> float:
    """What a bit that a core has to get costs, in what candidates are compared by: cycles of the links into it, or
    pJ over one of them."""
    if opt == "energy":
        return max((link.energy_per_bit for link in network.links), default=0.0)
    return 1 / network.into_a_core


def _moved(graph: LayerGraph, edge: Edge, options: Options) -> np.ndarray:
    """Bits that the core that gets most has to get, for each pair of candidates."""
    made = [made_by(graph, edge.producer, candidate) for candidate in options[edge.producer]]
    read = read_by(graph, edge, options[edge.reader])
    return _most_of_each(made, read) * graph.layers[edge.producer].placed.widths.O_final


def _most_of_each(there: Sequence[Boxes], wanted: Sequence[Boxes]) -> np.ndarray:
    """The elements that the core that lacks most lacks of what is wanted, for each pair of candidates."""
    meeting = Meeting([box for boxes in there for _, box in boxes], [box for boxes in wanted for _, box in boxes])
    first = [_Written(boxes, meeting) for boxes in there]
    second = [_Wanted(boxes, meeting) for boxes in wanted]
    return np.array([[_most(mine, theirs, meeting) for theirs in second] for mine in first])


def made_by(graph: LayerGraph, layer: int, candidate: Candidate, in_turns: bool = False) -> Boxes:
    """What a candidate makes on each core, its turns together or each for itself."""
    told = graph.layers[layer]
    return [
        (core, told.told("O", told.ranges(dict(share.box.ranges))))
        for core, share in _shares(told, candidate, in_turns)
        if not share.box.partial
    ]


def read_by(graph: LayerGraph, edge: Edge, candidates: Sequence[Candidate], in_turns: bool = False) -> list[Boxes]:
    """What each candidate of the reader reads, by the indices of the producer's output."""
    told, producer = graph.layers[edge.reader], graph.layers[edge.producer]
    access = told.placed.layer.inputs[OPERANDS.index(edge.operand)] if edge.operand in OPERANDS else None
    known: dict[Elements, list[Elements]] = {}
    found: list[Boxes] = []
    for candidate in candidates:
        boxes: Boxes = []
        for core, share in _shares(told, candidate, in_turns):
            seen = told.seen(access, told.ranges(dict(share.box.ranges))) if access is not None else ()
            # Candidates cut alike see alike, and going back through views takes longest.
            if seen not in known:
                known[seen] = [box for wanted in edge.needed(seen)[0] for box in producer.written(wanted)[0]]
            boxes += [(core, box) for box in known[seen]]
        found.append(boxes)
    return found


class _Wanted:
    """The boxes that a candidate reads: by row the number of its core among `cores`, its sets, and its elements."""

    def __init__(self, boxes: Boxes, meeting: Meeting):
        self.cores = list(dict.fromkeys(core for core, _ in boxes))
        numbers = {core: number for number, core in enumerate(self.cores)}
        self.core_of = np.array([numbers[core] for core, _ in boxes], dtype=np.int64)
        self.rows = meeting.of_second(box for _, box in boxes)
        self.sizes = np.array([count(box) for _, box in boxes], dtype=np.int64)


class _Written:
    """The boxes that a candidate makes, by core; a core may make several."""

    def __init__(self, boxes: Boxes, meeting: Meeting):
        self.rows: dict[CoreId, list[np.ndarray]] = {}
        for (core, _), row in zip(boxes, meeting.of_first(box for _, box in boxes), strict=True):
            self.rows.setdefault(core, []).append(row)

    def nth(self, number: int, cores: Sequence[CoreId], axes: int) -> np.ndarray:
        """The box of this number of each core; empty where it has none."""
        empty = np.zeros(axes, dtype=np.int64)
        rows = [self.rows.get(core, []) for core in cores]
        return np.array([own[number] if number < len(own) else empty for own in rows]).reshape(len(rows), axes)


def _most(made: _Written, wanted: _Wanted, meeting: Meeting) -> int:
    """What the core that gets most has to get: what it reads and does not make."""
    if not wanted.cores:
        return 0
    away = wanted.sizes.copy()
    # All cores at once, their first boxes, then their second: there are few on a core, and many cores.
    for number in range(max(len(made.rows.get(core, ())) for core in wanted.cores)):
        own = made.nth(number, wanted.cores, meeting.axes)
        away -= meeting.counts(own[wanted.core_of], wanted.rows)
    return max(0, int(np.bincount(wanted.core_of, weights=away).max()))


def _shares(told: Told, candidate: Candidate, in_turns: bool) -> list[tuple[CoreId, Share]]:
    """What each core has of a layer, its turns together or each for itself."""
    tiling = candidate.tiling if in_turns else Tiling(candidate.tiling.split, (), candidate.tiling.grain)
    return placed(told.placed.layer, tiling, candidate.cores)
