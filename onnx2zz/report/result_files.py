"""The files that an evaluation may be written to."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.result import Evaluation
    from onnx2zz.report.timeline import Json


@dataclass(frozen=True)
class ResultFiles:
    """`json`, `csv` and `html` are files, `plot` is a folder for the figures (SVG and PNG, by matplotlib); None is not
    written."""

    json: Path | None = None
    csv: Path | None = None
    html: Path | None = None
    plot: Path | None = None

    def write(
        self, evaluation: "Evaluation", workload: "PricedWorkload", schedule: "Callable[[], Json | None] | None" = None
    ) -> None:
        """Writes each, whole or not at all. `schedule` gives the schedule.json of a run on a system, which the page
        draws; it is asked for a page only. Raises InputError where one cannot be written."""
        from onnx2zz.files.written_file import write_whole
        from onnx2zz.pricing.result import as_csv, as_json

        if self.csv is not None:
            write_whole(self.csv, as_csv(evaluation))
        if self.json is not None:
            write_whole(self.json, as_json(evaluation))
        if self.html is not None:
            write_whole(self.html, report(evaluation, workload, schedule))
        if self.plot is not None:
            from onnx2zz.report.figures import write_figures

            write_figures(evaluation, self.plot)


def report(
    evaluation: "Evaluation", workload: "PricedWorkload", schedule: "Callable[[], Json | None] | None" = None
) -> str:
    """The HTML of an evaluation, with the schedule that `schedule` gives, if it was on a system."""
    from onnx2zz.pricing.result import document
    from onnx2zz.report.page import PageRun, page
    from onnx2zz.report.timeline import timeline

    written = schedule() if schedule is not None else None
    drawn = timeline(written) if written is not None else None
    return page([PageRun(document(evaluation), workload.coverage, drawn)])
