"""The graph of a run's layers as a page draws it: a box for each layer, what feeds it, and repeated blocks once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onnx2zz.formats.blocks import Block
from onnx2zz.formats.coverage import Coverage
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.report.layered_layout import layered_layout

Source = int | str
"""The place of a layer in the run, or `input:NAME`, `host:NODE`, `const`."""
Feeds = Sequence[Mapping[str, Sequence[Source]]]
"""For each layer, in order, what feeds each of its operands."""
CONSTANT = "const"


def covered_feeds(coverage: Coverage | Mapping[str, Any]) -> Feeds:
    """What coverage.json says."""
    places = {layer["id"]: place for place, layer in enumerate(coverage["layers"])}
    return [
        {
            operand: [places[one] if isinstance(one, int) else one for one in sources]
            for operand, sources in layer["sources"].items()
        }
        for layer in coverage["layers"]
    ]


def workload_feeds(layers: Sequence[WorkloadEntry]) -> Feeds:
    """What `operand_source` of a workload says: an operand that names its own layer comes from outside."""
    places = {layer["id"]: place for place, layer in enumerate(layers)}
    return [
        {
            operand: [CONSTANT if source == layer["id"] else places[source]]
            for operand, source in layer.get("operand_source", {}).items()
            if source in places
        }
        for layer in layers
    ]


@dataclass(frozen=True)
class _Stretch:
    """Where a layer stands in a repeated block: the layer that is shown for it, and in which repetition it is."""

    shown: int
    block: int | None = None
    time: int = 0


def model_graph(feeds: Feeds, blocks: Sequence[Mapping[str, int]]) -> dict[str, object]:
    """The graph as plain data: `feeds`, a drawing of all layers (`whole`), and where there are blocks one in which each
    is shown once (`once`). Places are in boxes and rows (layered_layout.py)."""
    single = [_Stretch(place) for place in range(len(feeds))]
    found: dict[str, object] = {"feeds": feeds, "whole": _drawing(feeds, single, ())}
    if blocks:
        known = [Block(one["first"], one["layers"], one["times"]) for one in blocks]
        found["once"] = _drawing(feeds, _stretches(len(feeds), known), known)
    return found


def _stretches(layers: int, blocks: Sequence[Block]) -> list[_Stretch]:
    found = [_Stretch(place) for place in range(layers)]
    for number, block in enumerate(blocks):
        for place in range(block.first, block.end):
            time, within = divmod(place - block.first, block.layers)
            found[place] = _Stretch(block.first + within, number, time)
    return found


def _drawing(feeds: Feeds, stretches: Sequence[_Stretch], blocks: Sequence[Block]) -> dict[str, object]:
    """Boxes of layers with how many each stands for, of inputs and hosts, the pieces of edges, the frames of blocks."""
    shown = sorted({one.shown for one in stretches})
    forward: dict[tuple[int, int], None] = {}
    again: dict[tuple[int, int], None] = {}
    outer: dict[tuple[str, int], None] = {}
    for place, operands in enumerate(feeds):
        here = stretches[place]
        for source in (one for sources in operands.values() for one in sources):
            if isinstance(source, str):
                if source != CONSTANT:
                    outer[source, here.shown] = None
            elif _is_of_the_one_before(stretches[source], here) or source >= place:
                again[stretches[source].shown, here.shown] = None
            else:
                forward[stretches[source].shown, here.shown] = None
    # An input gets a box for each layer that reads it: a mask that every layer of a transformer reads would else be a
    # bundle of edges over the whole graph.
    named = list(outer)
    number = {layer: place + len(named) for place, layer in enumerate(shown)}
    edges = [(place, number[reader]) for place, (_, reader) in enumerate(named)]
    edges += [(number[source], number[target]) for source, target in forward]
    layout = layered_layout(len(named) + len(shown), edges)
    times = [sum(1 for one in stretches if one.shown == layer) for layer in shown] if blocks else [1] * len(shown)
    return {
        "layers": [[layer, *layout.boxes[number[layer]], many] for layer, many in zip(shown, times, strict=True)],
        "outer": [[name, *layout.boxes[place]] for place, (name, _) in enumerate(named)],
        "steps": layout.steps,
        "lanes": layout.lanes,
        "again": [list(one) for one in again],
        "frames": [_frame(block, [layout.boxes[number[place]] for place in _first_of(block)]) for block in blocks],
        "width": layout.width,
        "rows": layout.rows,
    }


def _is_of_the_one_before(source: _Stretch, here: _Stretch) -> bool:
    return source.block is not None and source.block == here.block and source.time != here.time


def _first_of(block: Block) -> Iterable[int]:
    return range(block.first, block.first + block.layers)


def _frame(block: Block, boxes: Sequence[tuple[float, int]]) -> list[float]:
    """Left, right, first row and last row of a block's boxes, and how often it comes."""
    middles, rows = zip(*boxes, strict=True)
    return [min(middles), max(middles), min(rows), max(rows), block.times]
