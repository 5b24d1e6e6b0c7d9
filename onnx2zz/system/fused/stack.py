"""A stack: neighbouring layers that run depth-first, and which layers can be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.system.candidates import ROWS
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.reads import Edge


@dataclass(frozen=True)
class Stack:
    """Layers (ids that follow each other) of which one tile after the other goes through all.

    `rows` x `columns`: the size of a tile of the last layer's output (None: all columns). `most_bits`: no tile has a
    larger output, but for one row (None: none is higher than its layer's usual band). `cores` share out the rows: each
    has a stripe of its own, all work at the same band of their stripes. What two stripes need of a layer both compute
    if the stack `recomputes`; else one does, and sends it.
    """

    layers: tuple[int, ...]
    cores: tuple[CoreId, ...]
    rows: int
    columns: int | None = None
    most_bits: float | None = None
    recomputes: bool = False

    def __post_init__(self) -> None:
        assert self.layers and self.cores and self.rows > 0 and (self.columns is None or self.columns > 0)
        assert self.layers == tuple(range(self.layers[0], self.layers[-1] + 1)), "layers of a stack are neighbours"


def between(graph: LayerGraph, layers: Sequence[int]) -> dict[int, list[Edge]]:
    """The edges from each of some layers to others of them."""
    found: dict[int, list[Edge]] = {layer: [] for layer in layers}
    for reader in layers:
        for edge in graph.edges.get(reader, ()):
            if edge.producer in found:
                found[edge.producer].append(edge)
    return found


def bands_along(graph: LayerGraph, layers: Sequence[int]) -> tuple[str, ...]:
    """The loops along which all of some layers can be cut in bands, rows first; none where they cannot be one stack:
    where one has not got them, or reads another's output without workload.yaml saying which elements, so that it has to
    wait for all of them."""
    if not all(edge.by_element for edges in between(graph, layers).values() for edge in edges):
        return ()
    return tuple(loop for loop in ROWS if all(_is_cut(graph, layer, loop) for layer in layers))


def _is_cut(graph: LayerGraph, layer: int, loop: str) -> bool:
    told = graph.layers[layer].placed.layer
    return told.sizes.get(loop, 1) > 1 and loop in told.output.loops and loop != told.recurrent


def sizes_of(graph: LayerGraph, layer: int) -> Mapping[str, int]:
    """The iterations of a layer's loops."""
    return graph.layers[layer].placed.layer.sizes
