"""The table of an evaluation: one row a layer, and the total."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.evaluate.result import Evaluation, LayerResult

UNITS = ((1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ"), (1.0, "pJ"))
DIGITS_BEFORE_THE_POINT = 1e3
"""The total has at least four: layers of a thousandth of it still show."""


def print_table(evaluation: Evaluation, mapping: str, console: Console) -> None:
    """Print the layers and their total."""
    console.print(
        f"{evaluation.model} on {evaluation.accelerator}, mapping {mapping}, best {evaluation.opt} "
        f"(ZigZag {evaluation.zigzag})",
        highlight=False,
        markup=False,
        style="bold",
    )
    console.print(layers_table(evaluation))


def layers_table(evaluation: Evaluation) -> Table:
    """Layer, operator, MACs, cycles, energy and spatial utilization; long names are cut to the width of the screen."""
    scale, unit = _unit(evaluation.total.energy_pj)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_footer=True, pad_edge=False)
    total = evaluation.total
    table.add_column(
        "Layer", "Total" + (" (incomplete)" if total.incomplete else ""), no_wrap=True, overflow="ellipsis"
    )
    table.add_column("Operator", no_wrap=True)
    for head, foot in (
        ("MACs", f"{total.macs:,}"),
        ("Cycles", f"{total.latency_cycles:,.0f}"),
        (f"Energy [{unit}]", f"{total.energy_pj / scale:,.1f}"),
        ("Util.", ""),
    ):
        table.add_column(Text(head), foot, justify="right", no_wrap=True)
    for layer in evaluation.layers:
        table.add_row(Text(layer.name), layer.operator_type, *_numbers(layer, scale))
    return table


def _numbers(layer: LayerResult, scale: float) -> tuple[str, str, str, str]:
    if layer.error is not None:
        return ("", "", "not priced", "")
    return (
        f"{layer.macs:,}" if layer.macs else "",
        f"{layer.latency_cycles:,.0f}",
        f"{(layer.energy_pj or 0) / scale:,.1f}",
        f"{layer.spatial_utilization:.1%}",
    )


def _unit(total_pj: float) -> tuple[float, str]:
    return next((unit for unit in UNITS if total_pj >= DIGITS_BEFORE_THE_POINT * unit[0]), UNITS[-1])
