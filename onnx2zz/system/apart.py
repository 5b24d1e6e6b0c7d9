"""Readers on other cores than what they read, so that it can go off the chip between the two.

An output that its own core has yet to read cannot leave it, nor can what has come to a core for a later layer. So where
room is short each layer goes where little of what it reads was made, or came before, and is split so that this can be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from onnx2zz.system.candidate import Candidate
from onnx2zz.system.description import System
from onnx2zz.system.elements import Elements, count, meet
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.movement import Boxes, made_by, read_by
from onnx2zz.system.network import CoreId

MOST_WAYS = 16
"""Ways round the cores that are looked at for a candidate."""
PER_STUCK = 8.0
"""A candidate costs so many times more for each share of a core's memory that cannot leave it on its account."""
ByCore = Mapping[CoreId, Sequence[Elements]]


@dataclass
class _Read:
    """What a candidate reads of a layer. Where workload.yaml does not say which elements, all that lies on a reader's
    core counts as read (`anything`)."""

    boxes: Boxes = field(default_factory=list[tuple[CoreId, Elements]])
    anything: bool = False


@dataclass
class _Lying:
    """What lies where of the outputs of layers: by layer and core the tiles made there, and what came for readers."""

    graph: LayerGraph
    tiles: dict[int, list[ByCore]] = field(default_factory=dict[int, list[ByCore]])

    def stuck(self, read: Mapping[int, _Read], way: Mapping[CoreId, CoreId]) -> dict[CoreId, int]:
        """Bits by core that have to stay for a layer that reads so of each producer, on other cores as `way` says."""
        found: dict[CoreId, int] = {}
        for producer, one in read.items():
            width = self.graph.layers[producer].placed.widths.O_final
            for there in self.tiles[producer]:
                for core, reading in _by_core(one.boxes, way).items():
                    lying = there.get(core, ())
                    own = lying if one.anything else [x for x in lying if any(meet(x, box) for box in reading)]
                    found[core] = found.get(core, 0) + width * sum(map(count, own))
        return found


def apart(
    graph: LayerGraph,
    options: Mapping[int, Sequence[Candidate]],
    alike: Mapping[int, Sequence[CoreId]],
    system: System,
) -> dict[int, Candidate]:
    """A candidate of each layer, on other ones of the cores `alike` that may run it: layer after layer what takes few
    cycles and lets most that it reads leave the chip."""
    lying, found = _Lying(graph), dict[int, Candidate]()
    for told in graph.layers:
        layer = told.placed.id
        reads = _reads(graph, layer, options[layer])
        tried = [
            (_cost(lying.stuck(read, way), candidate, system), number, way)
            for number, (candidate, read) in enumerate(zip(options[layer], reads, strict=True))
            for way in _ways(candidate.cores, alike.get(layer, ()))
        ]
        _, number, way = min(tried, key=lambda one: one[0])
        candidate = options[layer][number]
        found[layer] = replace(candidate, cores=tuple(way[core] for core in candidate.cores))
        # Both count for later layers: what is made here, and what came here of others for this layer.
        lying.tiles[layer] = [_by_core(made_by(graph, layer, found[layer], in_turns=True))]
        for producer, read in reads[number].items():
            lying.tiles[producer].append(_by_core(read.boxes, way))
    return found


def _reads(graph: LayerGraph, layer: int, candidates: Sequence[Candidate]) -> list[dict[int, _Read]]:
    """What each candidate of a layer reads, by the layers that make it."""
    found = [dict[int, _Read]() for _ in candidates]
    for edge in graph.edges.get(layer, ()):
        for own, boxes in zip(found, read_by(graph, edge, candidates, in_turns=True), strict=True):
            read = own.setdefault(edge.producer, _Read())
            read.boxes += boxes
            read.anything = read.anything or not edge.by_element
    return found


def _cost(stuck: Mapping[CoreId, int], candidate: Candidate, system: System) -> float:
    most = max((bits / system.by_id[core].capacity for core, bits in stuck.items()), default=0.0)
    return candidate.cycles * (1 + PER_STUCK * most)


def _ways(used: Sequence[CoreId], alike: Sequence[CoreId]) -> Iterator[dict[CoreId, CoreId]]:
    """Ways to turn cores round, as they are first."""
    number = len(alike)
    # On cores of several kinds, or where the user said: turned round, it would be another price.
    if not set(used) <= set(alike):
        yield {core: core for core in used}
        return
    at = {core: place for place, core in enumerate(alike)}
    for turn in range(0, number, max(1, number // MOST_WAYS)):
        yield {core: alike[(at[core] + turn) % number] for core in used}


def _by_core(boxes: Boxes, way: Mapping[CoreId, CoreId] | None = None) -> dict[CoreId, list[Elements]]:
    found: dict[CoreId, list[Elements]] = {}
    for core, box in boxes:
        found.setdefault(way[core] if way is not None else core, []).append(box)
    return found
