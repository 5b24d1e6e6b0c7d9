"""What makes the gap between two runs, as bars: for papers and notebooks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onnx2zz.comparison.explanation import Cause, Explanation
from onnx2zz.report.axes import Axes
from onnx2zz.report.figures import OVER, UNITS

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure

MORE, LESS = UNITS, "#2a70c4"
UNIT_OF = {"energy": "pJ", "latency": "cycles"}


def figure(labels: tuple[str, str], found: Sequence[Explanation]) -> "ShownFigure":
    """A diagram for each objective: a bar for each cause, and one for the rest; they add up to the gap."""
    from onnx2zz.report.shown_figure import ShownFigure

    most = max((len(one.causes) for one in found), default=1)
    sheet = ShownFigure(figsize=(5.5 * len(found), 1.4 + 0.3 * (most + 1)), layout="constrained")
    sheet.subplots(1, len(found), squeeze=False)
    for axes, one in zip(sheet.axes, found, strict=True):
        _draw(axes, labels, one)
    return sheet


def _draw(axes: Axes, labels: tuple[str, str], found: Explanation) -> None:
    bars = [*((_name(cause), cause.gap) for cause in found.causes), ("all the rest", found.rest)]
    rows = range(len(bars))
    for wanted, label, colour in ((True, f"{labels[1]} takes more", MORE), (False, f"{labels[1]} takes less", LESS)):
        values = [gap if (gap > 0) is wanted else 0.0 for _, gap in bars]
        axes.barh(rows, values, left=[0.0] * len(bars), color=colour, label=label, edgecolor=OVER, linewidth=0.4)
    axes.set_yticks(rows, [name for name, _ in bars], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel(f"{found.objective}, {labels[1]} less {labels[0]} [{UNIT_OF[found.objective]}]")
    axes.legend(fontsize=7, frameon=False)


def _name(cause: Cause) -> str:
    return f"{cause.place}, {cause.operand}" if cause.operand else cause.place
