"""The table of an evaluation: one row a layer, and the total."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.formats.blocks import shown_once
from onnx2zz.ir.experts import alike
from onnx2zz.pricing.accounted import lost_work
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.printable import printable
from onnx2zz.report.distance import distance, print_worst
from onnx2zz.report.placed import cores_told, layers_placed, split_told
from onnx2zz.report.quantity import ENERGY
from onnx2zz.report.short_names import short_names
from onnx2zz.report.unpriced import SHOWN

if TYPE_CHECKING:
    from onnx2zz.pricing.system_result import LayerUse

DIGITS_BEFORE_THE_POINT = 1e3
"""The total has at least four: layers of a thousandth of it still show."""

BELOW = "*"
"""Marks the cycles of a layer that ZigZag prices below the roofline."""

INDENT = 1
"""Columns by which the layers of a block stand further in."""

SHORTEST_NAME, LONGEST_TYPE = 12, 24
"""Columns that a layer's name has on the narrowest screen, and its operator type on any."""


def print_table(evaluation: Evaluation, mapping: str, console: Console, full: bool = False) -> None:
    """Print the layers and their total; a block that comes again and again once, unless `full`."""
    told = evaluation if not full else replace(evaluation, blocks=())
    console.print(printable(_caption(evaluation, mapping)), highlight=False, markup=False, style="bold")
    narrowest = _narrowest(told, console, far=True)
    far = narrowest <= console.width
    spare = max(console.width - (narrowest if far else _narrowest(told, console, far)), 0)
    console.print(layers_table(told, SHORTEST_NAME + spare, far))
    if evaluation.system is None:
        _print_below_roofline(evaluation, console)
        print_worst(evaluation, console)
    _print_missing(evaluation, console)
    _print_accounts(evaluation, console)


def _caption(evaluation: Evaluation, mapping: str) -> str:
    said = [f"{evaluation.model} on {evaluation.accelerator}"]
    if evaluation.system is not None:
        cores = len(evaluation.system.cores)
        said.append(f"{cores} core{'s' * (cores != 1)}")
    if mapping:
        said.append(f"mapping {mapping}")
    return f"{', '.join(said)}, best {evaluation.opt} (ZigZag {evaluation.zigzag})"


def _narrowest(evaluation: Evaluation, console: Console, far: bool) -> int:
    table = layers_table(evaluation, SHORTEST_NAME, far)
    return console.measure(table, options=console.options.update(width=1000)).maximum


def _print_missing(evaluation: Evaluation, console: Console) -> None:
    """Say what the total lacks: layers without a price, and MACs that the host has."""
    priced = sum(layer.error is None for layer in evaluation.layers)
    if priced < len(evaluation.layers):
        console.print(
            f"The total is incomplete: {priced} of {len(evaluation.layers)} layers are priced.", highlight=False
        )
    for node in lost_work(evaluation.host):
        line = f"The total is incomplete: left to the host: {node}"
        console.print(printable(line), highlight=False, markup=False)


def _print_accounts(evaluation: Evaluation, console: Console) -> None:
    """Say which nodes are not in the numbers, and which layers are stand-ins."""
    # A line for each chip beside the array and not for each layer: a model may have hundreds of these.
    for name in dict.fromkeys(layer.priced_on for layer in evaluation.layers if layer.priced_on is not None):
        beside = [printable(layer.name) for layer in evaluation.layers if layer.priced_on == name]
        console.print(f"On {printable(name)}, beside the array: {', '.join(beside)}", highlight=False, markup=False)
    if evaluation.host:
        kinds = Counter(node.op for node in evaluation.host)
        said = ", ".join(f"{count} {printable(op)}" for op, count in kinds.items())
        sentence = f"Left to the host and not priced: {said} (`host` in the JSON has why)."
        console.print(sentence, highlight=False, markup=False)
    for one in alike(evaluation.experts):
        sentence = f"Each of {len(one.tokens)} experts was taken to get {one.each} tokens ({one.decided}): {one.node}"
        console.print(printable(sentence), highlight=False, markup=False)
    # Last, since their numbers are in the total and only less exact; what stands above is in none.
    stand_ins = frozenset(evaluation.approximate)
    names = [layer.name for layer in evaluation.layers if layer.id in stand_ins]
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        said = ", ".join(map(printable, names[:SHOWN])) + more
        console.print(f"Approximate, see `onnx2zz explain`: {said}", highlight=False, markup=False)


def _print_below_roofline(evaluation: Evaluation, console: Console) -> None:
    """Say of how many layers ZigZag's cycles are fewer than the units and the highest memory's ports allow."""
    shares = [
        layer.latency_cycles / layer.roofline_cycles
        for layer in evaluation.layers
        if layer.below_roofline and layer.latency_cycles and layer.roofline_cycles
    ]
    if shares:
        count = f"{len(shares)} layer{'s are' if len(shares) > 1 else ' is'}"
        place = f"{BELOW} {count} below the roofline, down to {min(shares):.1%} of it"
        console.print(f"{place}: fewer cycles than the hardware allows", highlight=False)


def layers_table(evaluation: Evaluation, name_width: int, far: bool) -> Table:
    """Layer, operator, MACs, cycles, energy, spatial utilization, and how `far` from the roofline, or where on a system
    of cores; names longer than `name_width` lose their beginning (short_names.py)."""
    scale, unit = energy_unit(evaluation.total.energy_pj)
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_footer=True, show_edge=False, pad_edge=False
    )
    total = evaluation.total
    # A total over layers of which some have no price is a lower bound and must not look like a sum: the foot says so,
    # and is empty where nothing was priced.
    some = any(layer.error is None for layer in evaluation.layers)
    foot = "Total" if not total.incomplete else "Incomplete" if some else "Not priced"
    table.add_column("Layer", foot, min_width=SHORTEST_NAME, no_wrap=True)
    table.add_column("Operator", no_wrap=True)
    for head, foot in (
        ("MACs", f"{total.macs:,}" if some else ""),
        ("Cycles", f"{total.latency_cycles:,.0f}" if some else ""),
        (f"Energy [{unit}]", f"{total.energy_pj / scale:,.1f}" if some else ""),
        ("Util.", ""),
        *([("Roof", _total_distance(evaluation))] if far and evaluation.system is None else []),
    ):
        table.add_column(Text(head), foot, justify="right", no_wrap=True)
    placed = layers_placed(evaluation)
    for head in ("Cores", "Split") if far and placed else ():
        table.add_column(head, no_wrap=True)
    names = dict(
        zip(
            (layer.id for layer in evaluation.layers),
            short_names([layer.name for layer in evaluation.layers], name_width - INDENT * bool(evaluation.blocks)),
            strict=True,
        )
    )
    for block, layers in shown_once(evaluation.layers, evaluation.blocks):
        if block is not None:
            stretch = evaluation.layers[block.first : block.end]
            table.add_row(Text(f"{block.times} x {block.layers} layers:"), Text(""), *_sums(stretch, scale))
        for layer in layers:
            table.add_row(
                Text(" " * INDENT * bool(block) + names[layer.id]),
                Text(printable(layer.operator_type, LONGEST_TYPE)),
                *_numbers(layer, scale),
                *_further(layer, placed, far),
            )
    return table


def _sums(layers: Sequence[LayerResult], scale: float) -> tuple[str, str, str]:
    """MACs, cycles and energy of all stretches of a block."""
    priced = [layer for layer in layers if layer.error is None]
    macs = sum(layer.macs or 0 for layer in priced)
    cycles, energy = (sum(values) for values in ([one.latency_cycles or 0 for one in priced], _energies(priced)))
    return f"{macs:,}" if macs else "", f"{cycles:,.0f}", f"{energy / scale:,.1f}"


def _energies(layers: Sequence[LayerResult]) -> list[float]:
    return [layer.energy_pj or 0.0 for layer in layers]


def _further(layer: LayerResult, placed: "Mapping[int, LayerUse]", far: bool) -> Sequence[str]:
    """What a wide screen has room for."""
    if not far:
        return ()
    use = placed.get(layer.id)
    return (cores_told(use.cores), split_told(use)) if use is not None else (distance(layer),)


def _total_distance(evaluation: Evaluation) -> str:
    priced = [layer for layer in evaluation.layers if layer.error is None]
    least = sum(layer.roofline_cycles or 0 for layer in priced)
    return f"{sum(layer.latency_cycles or 0 for layer in priced) / least:.2f}x" if least else ""


def _numbers(layer: LayerResult, scale: float) -> tuple[str, str, str, str]:
    if layer.error is not None:
        return ("", "", "not priced", "")
    return (
        f"{layer.macs:,}" if layer.macs else "",
        f"{BELOW if layer.below_roofline else ''}{layer.latency_cycles:,.0f}",
        f"{(layer.energy_pj or 0) / scale:,.1f}",
        f"{layer.spatial_utilization:.1%}",
    )


def energy_unit(total_pj: float) -> tuple[float, str]:
    """How many pJ the unit has in which a total is written, and its name."""
    return next((unit for unit in ENERGY if total_pj >= DIGITS_BEFORE_THE_POINT * unit[0]), ENERGY[-1])
