"""The files that an evaluation may be written to."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from onnx2zz.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.result import Evaluation
    from onnx2zz.report.page import PageRun
    from onnx2zz.report.timeline import Json

Made = TypeVar("Made")


@dataclass(frozen=True)
class ScheduleFiles:
    """What a run on a system says beside its result, made when it is asked for: schedule.json, and the text of
    trace.json; None where there is no schedule."""

    schedule: "Callable[[], Json | None]"
    trace: "Callable[[], str | None]"

    def __reduce__(self) -> "tuple[type[ScheduleFiles], tuple[object, object]]":
        """What it makes is pickled, not what it is made from: that has functions which no pickle holds, and is larger.
        Whoever prices many models in processes of their own gets results back as pickles."""
        return ScheduleFiles, (partial(_made, self.schedule()), partial(_made, self.trace()))


def _made(what: "Made") -> "Made":
    return what


@dataclass(frozen=True)
class ResultFiles:
    """`json`, `csv` and `html` are files, `plot` is a folder for the figures (SVG and PNG, by matplotlib), `onnx` the
    model's file with costs (onnx_costs.py), `trace` events for Perfetto; None is not written."""

    json: Path | None = None
    csv: Path | None = None
    html: Path | None = None
    plot: Path | None = None
    onnx: Path | None = None
    trace: Path | None = None

    def check(self, workload: "PricedWorkload") -> None:
        """What can be told before anything is priced. Raises InputError where the model cannot be written again."""
        if self.onnx is not None:
            from onnx2zz.report.onnx_costs import raise_if_no_onnx

            if not workload.from_model:
                raise InputError(Problem(str(self.onnx), f"{workload.file} is a workload", "give the model itself"))
            raise_if_no_onnx(self.onnx, Path(workload.file))

    def write(
        self, evaluation: "Evaluation", workload: "PricedWorkload", of_system: ScheduleFiles | None = None
    ) -> None:
        """Writes each, whole or not at all. `of_system`: what is drawn of a run on a system. Raises InputError where
        one cannot be written."""
        from onnx2zz.files.written_file import write_whole
        from onnx2zz.pricing.result import as_csv, as_json

        if self.csv is not None:
            write_whole(self.csv, as_csv(evaluation))
        if self.json is not None:
            write_whole(self.json, as_json(evaluation))
        if self.html is not None:
            write_whole(self.html, report(evaluation, workload, of_system))
        if self.plot is not None:
            from onnx2zz.report.figures import write_figures

            write_figures(evaluation, self.plot)
        if self.onnx is not None:
            from onnx2zz.report.onnx_costs import write_priced_model

            assert workload.coverage is not None, "a model that was compiled has a coverage"
            write_priced_model(self.onnx, Path(workload.file), evaluation, workload.coverage)
        if self.trace is not None:
            write_whole(self.trace, _trace(self.trace, evaluation, of_system))


def _trace(file: Path, evaluation: "Evaluation", of_system: ScheduleFiles | None) -> str:
    from onnx2zz.report.core_trace import core_trace

    if of_system is None:
        return core_trace(evaluation)
    text = of_system.trace()
    if text is None:
        raise InputError(Problem(str(file), "not written: the system has no schedule for this model", "see the faults"))
    return text


def report(evaluation: "Evaluation", workload: "PricedWorkload", of_system: ScheduleFiles | None = None) -> str:
    """The HTML of an evaluation, with its schedule, if it was on a system."""
    from onnx2zz.report.page import page

    return page([page_run(evaluation, workload, of_system)])


def page_run(evaluation: "Evaluation", workload: "PricedWorkload", of_system: ScheduleFiles | None = None) -> "PageRun":
    """The evaluation as pages draw it."""
    from onnx2zz.pricing.result import document
    from onnx2zz.report.model_graph import workload_feeds
    from onnx2zz.report.page import PageRun
    from onnx2zz.report.timeline import timeline

    written = of_system.schedule() if of_system is not None else None
    drawn = timeline(written) if written is not None else None
    return PageRun(document(evaluation), workload.coverage, drawn, workload_feeds(workload.layers))
