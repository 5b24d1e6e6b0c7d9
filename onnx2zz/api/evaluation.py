"""An evaluation with its report and its figures, as `onnx2zz.evaluate` returns it."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.api.extras import require
from onnx2zz.api.figure_file import not_one_of, written
from onnx2zz.api.reported import Reported
from onnx2zz.errors import raise_if_any
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.result import Evaluation
from onnx2zz.report.figures import NAMES, FigureName, figure
from onnx2zz.report.result_files import ScheduleFiles, report

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure


@dataclass(frozen=True, repr=False, kw_only=True)
class EvaluationWithReport(Reported, Evaluation):
    """An Evaluation, and what its report is drawn from: the workload that was priced, and the schedule on a system."""

    workload: PricedWorkload = field(compare=False)
    schedule: ScheduleFiles | None = field(default=None, compare=False)

    @classmethod
    def of(cls, found: Evaluation, workload: PricedWorkload, schedule: ScheduleFiles | None) -> "EvaluationWithReport":
        """`found` with what it came from."""
        values = {one.name: getattr(found, one.name) for one in fields(Evaluation)}
        return cls(**values, workload=workload, schedule=schedule)

    def page(self) -> str:
        return report(self, self.workload, self.schedule)

    def plot(self, name: FigureName = "energy", file: str | Path | None = None) -> "ShownFigure":
        """One figure of the priced layers as matplotlib's Figure, which a notebook shows: "latency", "energy",
        "utilization" or "roofline". `file` (.svg, .png, .pdf): where it is written as well.

        Raises InputError without matplotlib, for another name, and where the file cannot be written.
        """
        require("matplotlib", "plot", "plot")
        raise_if_any(not_one_of("plot", name, NAMES))
        return written(figure(self, name), file)
