"""A part of a network in a schedule of stacks: a stack, or one layer that is shared out as layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx2zz.system.fused.bands import shared_out
from onnx2zz.system.fused.stack import Stack, bands_along
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.offers import OnCores
from onnx2zz.system.tiling import Share, Tiling, placed

Shares = dict[int, list[tuple[CoreId, Share]]]
"""The tiles of each layer with their cores, turn by turn."""


@dataclass(frozen=True)
class Alone:
    """One layer whose tiles follow each other as `layers` has them: weights may come and go with its turns."""

    layer: int
    on_cores: OnCores

    @property
    def layers(self) -> tuple[int, ...]:
        return (self.layer,)


Part = Stack | Alone
Parts = tuple[Part, ...]
"""All layers, in order."""


def shares_of(graph: LayerGraph, part: Part) -> Shares:
    """The tiles of a part's layers."""
    if isinstance(part, Stack):
        return shared_out(graph, part)
    return {part.layer: placed(graph.layers[part.layer].placed.layer, *part.on_cores)}


def tilings_of(graph: LayerGraph, part: Part, shares: Shares) -> dict[int, Tiling]:
    """How each layer of a part is shared out, as far as a tiling can tell: into how many parts along which loops."""
    if isinstance(part, Alone):
        return {part.layer: part.on_cores[0]}
    loops = bands_along(graph, part.layers)[: 1 if part.columns is None else 2]
    return {layer: _tiling(loops, len(part.cores), shares[layer]) for layer in part.layers}


def _tiling(loops: Sequence[str], cores: int, tiles: Sequence[tuple[CoreId, Share]]) -> Tiling:
    # What a core makes again beside its band has ranges of its own, which would count as more bands.
    own = [share.box for _, share in tiles if not share.box.recomputed]
    cut = {loop: {dict(box.ranges)[loop] for box in own if loop in dict(box.ranges)} for loop in loops}
    split = ((loops[0], cores),) if cores > 1 else ()
    # The first loop is cut over the cores as well as in bands: of its parts only those of one core follow each other.
    turns = tuple(
        (loop, -(-len(parts) // (cores if loop == loops[0] else 1))) for loop, parts in cut.items() if len(parts) > 1
    )
    return Tiling(split, tuple(one for one in turns if one[1] > 1))
