"""The tables and plots of docs/validation.md, from the cases that ship: `.venv/bin/python -m scripts.validation_page`.

A plot shows each published figure (a line at 100 %) and ours beside it, in its own unit's percent.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from onnx2zz.pricing.resources import Resources
from onnx2zz.validation.case import all_cases, find_case
from onnx2zz.validation.measures import MEASURES
from onnx2zz.validation.run import Held, Outcome, run_case
from scripts.doc_table import DOCS, put_into_page, table

PAGE, PLOTS = "validation.md", "images"
BAR, GAP, LEFT, WIDTH = 16, 6, 250, 420
SHOWN_TO = 150.0
"""Percent of the published figure that the axis reaches; what is beyond ends there, and its number says how far."""


def tabled(outcome: Outcome) -> str:
    """A row for each figure."""
    head = ("Layer", "Figure", "Published", "Ours", "Off", "Band")
    return table(head, [_row(one) for one in outcome.held])


def _row(one: Held) -> Sequence[str]:
    figure, off, unit = one.figure, one.off_percent, MEASURES[one.figure.measure.kind].unit
    return (
        figure.layer if figure.layer != "total" else figure.run,
        f"{figure.measure}" + (f" ({figure.note})" if figure.note else ""),
        "" if figure.published is None else f"{figure.published:,.6g} {unit}",
        "" if one.ours is None else f"{one.ours:,.6g} {unit}",
        "" if off is None else f"{off:+.1f} %",
        "" if figure.band is None else f"{figure.band:g} %",
    )


def plotted(outcome: Outcome) -> str:
    """An SVG: a bar for each figure that has a published one."""
    shown = [one for one in outcome.held if one.off_percent is not None]
    height = (BAR + GAP) * len(shown) + 2 * BAR
    bars = "".join(_bar(one, BAR + number * (BAR + GAP)) for number, one in enumerate(shown))
    at = LEFT + WIDTH * 100 / SHOWN_TO
    line = f'<line x1="{at:.1f}" x2="{at:.1f}" y1="4" y2="{height - 4}" stroke="#333" stroke-dasharray="3 2"/>'
    title = escape(f"{outcome.case.title}: ours in percent of what was published")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" font-family="sans-serif" '
        f'font-size="11" role="img"><title>{title}</title>\n{bars}{line}\n</svg>\n'
    )


def _bar(one: Held, top: int) -> str:
    off = one.off_percent or 0.0
    length = WIDTH * min(100 + off, SHOWN_TO) / SHOWN_TO
    colour = "#3572b0" if one.figure.band is not None else "#9aa5b1"
    name = one.figure.layer if one.figure.layer != "total" else one.figure.run
    label = escape(f"{name} {one.figure.measure}"[:44])
    return (
        f'<text x="{LEFT - 6}" y="{top + BAR - 4}" text-anchor="end">{label}</text>'
        f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>'
        f'<text x="{LEFT + length + 4:.1f}" y="{top + BAR - 4}">{off:+.1f} %</text>\n'
    )


def write_case(name: str, folder: Path) -> None:
    """The table and the plot of one case."""
    outcome = run_case(find_case(name), folder, Resources())
    put_into_page(PAGE, name, tabled(outcome))
    (DOCS / PLOTS / f"validation_{name}.svg").write_text(plotted(outcome), encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        for name in all_cases():
            write_case(name, Path(folder))
