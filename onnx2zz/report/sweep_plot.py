"""The runs of a sweep as points, its Pareto front among them: drawn by matplotlib, which is imported on demand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnx2zz.design_space.columns import LABELS
from onnx2zz.files.written_file import write_whole_bytes

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure

Row = Mapping[str, Any]
Groups = Mapping[str, tuple[Sequence[Row], Sequence[Row]]]
"""The runs and the front of each model."""

INCHES = (5.0, 4.0)
"""Of one model's part of the figure."""


def write_plot(path: Path, groups: Groups, columns: Sequence[str], logarithmic: bool = False) -> None:
    """Draw the fronts (`plot`) to a file, of the kind that its suffix says (svg, png, pdf)."""
    write_whole_bytes(path, plot(groups, columns, logarithmic).image(path.suffix.removeprefix(".")))


def plot(groups: Groups, columns: Sequence[str], logarithmic: bool = False) -> "ShownFigure":
    """The runs and the front of each model: the second column over the first, a third as colour. Runs without numbers
    are left out. Axes begin at zero unless they are to be `logarithmic`. Needs matplotlib."""
    from onnx2zz.report.shown_figure import ShownFigure

    colours = "viridis"
    figure: Any = ShownFigure(figsize=(INCHES[0] * len(groups), INCHES[1]), layout="constrained")
    axes = figure.subplots(1, len(groups), squeeze=False)[0]
    across, up = columns[0], columns[1] if len(columns) > 1 else columns[0]
    for axis, (model, (rows, front)) in zip(axes, groups.items(), strict=True):
        shown = [row for row in rows if None not in (row[column] for column in columns)]
        colour = [row[columns[2]] for row in shown] if len(columns) > 2 else None
        points = axis.scatter(*_places(shown, across, up), c=colour, cmap=colours, s=18)
        axis.scatter(*_places(front, across, up), facecolors="none", edgecolors="crimson", s=70, label="Pareto front")
        axis.set(title=model, xlabel=LABELS[across], ylabel=LABELS[up])
        if logarithmic:
            axis.set(xscale="log", yscale="log")
        else:
            axis.set_xlim(left=0)
            axis.set_ylim(bottom=0)
        axis.legend()
        if colour:
            figure.colorbar(points, ax=axis, label=LABELS[columns[2]])
    return figure


def _places(rows: Sequence[Row], across: str, up: str) -> tuple[list[float], list[float]]:
    return [row[across] for row in rows], [row[up] for row in rows]
