"""Published figures beside ours: the table of `onnx2zz validate`, its JSON, and a plot of a case."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.printable import printable
from onnx2zz.report.whole_table import print_whole
from onnx2zz.validation.measures import MEASURES
from onnx2zz.validation.run import Held, Outcome


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Print a case: its figures, what is off, and what nobody can explain."""
    case = outcome.case
    console.print(printable(f"{case.name}: {case.title} ({case.label})"), style="bold", highlight=False, markup=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for head in ("Run", "Layer", "Measure"):
        table.add_column(head, no_wrap=True)
    for head in ("Published", "Ours", "Off", "Band"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in outcome.held:
        table.add_row(*(Text(printable(cell)) for cell in _cells(one)))
    print_whole(table, console)
    if case.unexplained:
        console.print(printable(f"Unexplained: {case.unexplained}"), highlight=False, markup=False, soft_wrap=True)
    console.print(f"{_count(outcome)} in their band, {_kept(outcome)} as they were", highlight=False)
    console.print()


def _cells(one: Held) -> tuple[str, ...]:
    figure, off = one.figure, one.off_percent
    unit = MEASURES[figure.measure.kind].unit
    return (
        figure.run,
        figure.layer,
        str(figure.measure),
        "" if figure.published is None else f"{figure.published:,.6g} {unit}",
        one.why or (f"{one.ours:,.6g} {unit}" if one.ours is not None else ""),
        "" if off is None else f"{off:+.2f} %",
        "" if figure.band is None else f"{figure.band:g} %",
        "" if one.in_band and one.as_kept else "out of band" if not one.in_band else "not as it was",
    )


def _count(outcome: Outcome) -> str:
    banded = [one for one in outcome.held if one.figure.band is not None]
    return f"{sum(one.in_band for one in banded)} of {len(banded)} figures"


def _kept(outcome: Outcome) -> str:
    kept = [one for one in outcome.held if one.figure.ours is not None]
    return f"{sum(one.as_kept for one in kept)} of {len(kept)}"


def document(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """What JSON has of the cases."""
    return {
        "cases": [
            {
                "case": outcome.case.name,
                "title": outcome.case.title,
                "label": outcome.case.label,
                "source": outcome.case.source,
                "unexplained": outcome.case.unexplained,
                "good": outcome.good,
                "figures": [_figure(one) for one in outcome.held],
            }
            for outcome in outcomes
        ]
    }


def _figure(one: Held) -> dict[str, object]:
    figure = one.figure
    return {
        "run": figure.run,
        "layer": figure.layer,
        "measure": str(figure.measure),
        "unit": MEASURES[figure.measure.kind].unit,
        "published": figure.published,
        "ours": one.ours,
        "off_percent": one.off_percent,
        "band_percent": figure.band,
        "in_band": one.in_band,
        "as_kept": one.as_kept,
        "source": figure.source,
        "note": figure.note,
    }
