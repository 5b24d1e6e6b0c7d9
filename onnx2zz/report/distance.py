"""The layers that lose most against the roofline, and what they lose it to."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.printable import printable

WORST = 10
NAME = 19


def distance(layer: LayerResult) -> str:
    """How many times the roofline a layer takes; below 1 where ZigZag prices it below."""
    if not layer.roofline_cycles or layer.latency_cycles is None:
        return ""
    return f"{layer.latency_cycles / layer.roofline_cycles:.2f}x"


def print_worst(evaluation: Evaluation, console: Console) -> None:
    """The ten layers that take the most cycles above their roofline, layers that are alike taken together; nothing for
    a network of ten layers or fewer, whose own table says it."""
    kinds: dict[object, list[LayerResult]] = {}
    for layer in filter(_lost, evaluation.layers):
        kinds.setdefault(_kind(layer), []).append(layer)
    far = sorted(kinds.values(), key=_all_lost, reverse=True)[:WORST]
    if len(evaluation.layers) <= WORST or not far:
        return
    several = any(len(alike) > 1 for alike in far)
    lost = sum(map(_lost, evaluation.layers))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    table.add_column("Most above roofline", no_wrap=True)
    for head in (*(["Times"] if several else []), "Cycles", "Above", "Bound by", "Idle", "Stalls", "Fill+drain"):
        table.add_column(head, justify="right", no_wrap=head != "Bound by")
    for alike in far:
        name, *cells = _row(alike[0])
        table.add_row(name, *([Text(str(len(alike)))] if several else []), *cells)
    console.print()
    console.print(table)
    share = sum(map(_all_lost, far)) / lost
    console.print(f"They lose {share:.0%} of the {lost:,.0f} cycles above the layers' rooflines.", highlight=False)


def _lost(layer: LayerResult) -> float:
    return max(0.0, (layer.latency_cycles or 0) - (layer.roofline_cycles or 0))


def _all_lost(layers: Sequence[LayerResult]) -> float:
    return sum(map(_lost, layers))


def _kind(layer: LayerResult) -> object:
    """What layers have in common that are one layer at several places, as far as its numbers tell."""
    numbers = (layer.energy_pj, layer.latency_cycles, layer.roofline_cycles, layer.macs, layer.bound_by)
    return (layer.operator_type, *numbers, str(layer.spatial_mapping), layer.breakdown and layer.breakdown.cycles)


def _row(layer: LayerResult) -> tuple[Text, ...]:
    """Of the latency: what units without work cost, what the array waits for memories, what comes before and after."""
    parts, compute = (layer.breakdown.cycles, layer.breakdown.compute_cycles) if layer.breakdown else (None, 0)
    shares = (parts.steps - compute, parts.stalls, parts.filling + parts.draining) if parts else ()
    cells = (
        printable(layer.name, NAME),
        f"{layer.latency_cycles:,.0f}",
        f"{_lost(layer):,.0f}",
        printable(layer.bound_by or ""),
        *(f"{share:,.0f}" for share in shares),
    )
    return tuple(Text(cell) for cell in cells)
