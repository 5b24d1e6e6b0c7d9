"""`onnx2zz.sweep`: many models on many accelerators, priced once each."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from onnx2zz.api.compare import pair_of
from onnx2zz.api.extras import require
from onnx2zz.api.figure_file import kind_problems, written
from onnx2zz.api.prices import store_at
from onnx2zz.api.reported import Reported
from onnx2zz.api.where_priced import cluster_at, scheduler_conflicts
from onnx2zz.design_space.columns import OPTIONS, SHARED
from onnx2zz.design_space.designs import areas_are_um2
from onnx2zz.design_space.front import fronts, grouped
from onnx2zz.design_space.plan import AnyRun, Run, plan
from onnx2zz.design_space.reading import read_spec, spec_of
from onnx2zz.design_space.results import Results
from onnx2zz.design_space.run import Progress, revisited
from onnx2zz.design_space.run import sweep as price
from onnx2zz.design_space.spec import Spec
from onnx2zz.design_space.system_run import SystemRun
from onnx2zz.design_space.tables import spread, write_parquet
from onnx2zz.errors import IncompleteResult, Problem, raise_if_any
from onnx2zz.files.comma_separated import csv_text
from onnx2zz.files.strict_json import json_text
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.files.written_file import write_whole
from onnx2zz.pricing.resources import Resources
from onnx2zz.report.page import PageRun, page
from onnx2zz.report.result_files import page_run
from onnx2zz.report.saved_run import read_run
from onnx2zz.report.sweep_page import Told, sweep_page
from onnx2zz.report.sweep_plot import plot
from onnx2zz.report.sweep_words import decisions
from onnx2zz.zigzag.cacti_costs import refusals

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure

Row = Mapping[str, Any]
MOST_DETAILS = 100
"""Runs of a sweep that get a report of their own."""
MOST_PAIRS = 600
"""Pairs of runs whose comparison a page holds."""
UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, repr=False)
class Sweep(Reported, Tabular):
    """What a sweep found. Its table has a row for each run that is done: what it is of, and the objectives.

    `spec`: what was asked, `planned`: the runs that this comes to. `runs` and `layers` are rows by the names of their
    columns, `fronts` the rows of each model's Pareto front, by model, and `groups` the rows that they are taken from.
    `priced`: how many distinct layers were priced in this start, of the `wanted` ones. `details`: whole runs by their
    keys, for the reports that a page of the sweep leads to.
    """

    spec: Spec
    planned: tuple[AnyRun, ...] = field(compare=False)
    runs: tuple[Row, ...]
    layers: tuple[Row, ...]
    groups: Mapping[str, Sequence[Row]]
    fronts: Mapping[str, Sequence[Row]]
    priced: int
    wanted: int
    details: Mapping[str, PageRun] = field(default_factory=dict[str, PageRun], compare=False)

    @cached_property
    def areas_are_um2(self) -> bool:
        """Whether it is known that areas are in um2; else they are in whatever unit the accelerators' files have."""
        return areas_are_um2(tuple({run.design.name: run.design for run in self.planned}.values()))

    @cached_property
    def decisions(self) -> Mapping[str, Mapping[str, Any]]:
        """By model: what the runs of the front buy and pay (`trade_offs`), and which parameter moves which total, as
        sentences (`moves`) and as numbers (`effects`, docs/sweep.md)."""
        return decisions(self.groups, self.fronts, self.spec.pareto, self.areas_are_um2)

    def to_dict(self) -> dict[str, object]:
        """Everything as plain data, as the command's --json writes it: energies in pJ, latencies in cycles."""
        return {
            "sweep": self.spec.path,
            "objectives": list(self.spec.pareto),
            "area_unit": "um2" if self.areas_are_um2 else None,
            "runs": spread(self.runs),
            "fronts": {model: spread(front) for model, front in self.fronts.items()},
            "decisions": self.decisions,
        }

    @property
    def not_priced(self) -> int:
        """How many of the runs have layers without a price."""
        return sum(row["not_priced"] > 0 for row in self.runs)

    @property
    def complete(self) -> bool:
        """Whether each run is done, and each of its layers has a price."""
        return len(self.runs) == len(self.planned) and not self.not_priced

    @property
    def summary(self) -> str:
        """How many runs are done."""
        return f"{len(self.runs)} of {len(self.planned)} runs done, {self.not_priced} with layers that have no price"

    def table(self) -> TextTable:
        shown = [name for name in ("model", "accelerator") if self.runs]
        options = [name for name in OPTIONS if name not in shown and len({row[name] for row in self.runs}) > 1]
        words = [*shown, *options]
        columns = (*map(Column, words), *(Column(name, ",.10g") for name in self.spec.pareto))
        rows = (tuple(row[name] for name in (*words, *self.spec.pareto)) for row in self.runs)
        return TextTable(f"{self.spec.path}: {self.summary}", columns, tuple(rows))

    def records(self) -> Sequence[Row]:
        """The rows as runs.csv has them: each parameter of a template is a column."""
        return spread(self.runs)

    def page(self) -> str:
        return self._page("")

    def to_html(self, file: str | Path | None = None) -> str:
        """The report as the command writes it, `file` if it is to be written as well (whole or not at all). Beside it,
        in FILE_runs/, go the report and the result of each run that `details` has: points lead to them.

        Raises InputError where a file cannot be written.
        """
        if file is None or not self.details:
            return super().to_html(file)
        folder = reports_beside(Path(file))
        for key, run in self.details.items():
            name = self.names[key]
            write_whole(folder / f"{name}.html", page([run]))
            write_whole(folder / f"{name}.json", json_text(run.evaluation, indent=2) + "\n")
        html = self._page(folder.name)
        write_whole(Path(file), html)
        return html

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What the files of each run are called."""
        return {
            row["run"]: UNSAFE.sub("_", f"{row['model']}_on_{row['accelerator']}_{row['run'][:6]}") for row in self.runs
        }

    def _page(self, folder: str) -> str:
        reports = {key: f"{folder}/{self.names[key]}" for key in self.details} if folder else {}
        told = Told(self.decisions, self.areas_are_um2, reports, self._compared())
        return sweep_page(self.spec, self.planned, self.groups, self.fronts, self.priced, told)

    def _compared(self) -> Mapping[str, list[str]]:
        """By the keys of two runs of one model: which is better, and why. Runs of the front come first."""
        best = {row["run"] for front in self.fronts.values() for row in front if "run" in row}
        rows = sorted((row for row in self.runs if row["run"] in self.details), key=lambda row: row["run"] not in best)
        pairs = ((one, other) for one, other in combinations(rows, 2) if one["model"] == other["model"])
        return {
            f"{one['run']} {other['run']}": pair_of(
                ("A", "B"), self.details[one["run"]], self.details[other["run"]]
            ).sentences
            for one, other in islice(pairs, MOST_PAIRS)
        }

    def plot(self, file: str | Path | None = None, *, logarithmic: bool = False) -> "ShownFigure":
        """The runs and the front of each model as matplotlib's Figure, which a notebook shows. `file` (.svg, .png,
        .pdf): where it is written as well. Axes begin at zero unless they are to be `logarithmic`.

        Raises InputError without matplotlib, and where that cannot be written."""
        require("matplotlib", "plot", "plot")
        drawn = {model: (self.groups[model], front) for model, front in self.fronts.items()}
        return written(plot(drawn, self.spec.pareto, logarithmic), file)

    @property
    def tables(self) -> dict[str, Sequence[Row]]:
        """The rows of runs.csv, layers.csv and pareto.csv, by these names."""
        front = [row for rows in self.fronts.values() for row in rows]
        return {"runs": spread(self.runs), "layers": self.layers, "pareto": spread(front)}

    def write(self, folder: str | Path, *, parquet: bool = False) -> None:
        """Writes the tables as CSV, and as Parquet where that is asked for. Raises InputError where they cannot be."""
        for name, table in self.tables.items():
            write_whole(Path(folder) / f"{name}.csv", csv_text(table))
            if parquet:
                write_parquet(Path(folder) / f"{name}.parquet", table)


def reports_beside(page: Path) -> Path:
    """The folder of the reports that a page leads to."""
    return page.with_name(f"{page.stem}_runs")


def sweep(
    spec: str | Path | Mapping[str, object],
    *,
    output: str | Path | None = None,
    jobs: int = 1,
    layer_timeout: float | None = None,
    scheduler: str | None = None,
    cache: bool | str | Path = True,
    parquet: bool = False,
    json: str | Path | None = None,
    html: str | Path | None = None,
    plot: str | Path | None = None,
    cacti: bool = True,
) -> Sweep:
    """Models x accelerators x options, each distinct layer priced once (docs/sweep.md).

    `spec`: a sweep file, or what stands in one, as a dictionary. `output`: the folder of sweep.sqlite and the tables;
    a sweep that is started again there goes on. Without it nothing is kept but prices. The other options have the
    names and meanings that they have on the command line and for `evaluate`.

    Warns (IncompleteResult) where runs lack something. Raises InputError with everything that is wrong with the file,
    before anything is priced.

    >>> import onnx2zz
    >>> spec = {"models": ["lenet5"], "accelerators": ["seneca", "tpu_like"], "options": {"lpf_limit": [3]}}
    >>> found = onnx2zz.sweep(spec)
    >>> [row["accelerator"] for row in found.fronts["lenet5"]]
    ['seneca', 'tpu_like']
    """
    conflicts = scheduler_conflicts(scheduler, None if jobs == 1 else jobs, layer_timeout)
    raise_if_any([*(Problem("", conflict) for conflict in conflicts), *kind_problems(plot, "plot")])
    require_packages(parquet, plot)
    asked = read_spec(Path(spec)) if isinstance(spec, str | Path) else spec_of(spec)
    runs = planned(asked, cacti)
    # Without a folder for the user, too: results go through a database on disk, so that they need not fit memory.
    kept = nullcontext(output) if output is not None else TemporaryDirectory(prefix="onnx2zz-")
    with kept as folder, cluster_at(scheduler, _warn) as cluster, store_at(cache, _warn) as store:
        resources = Resources(store, jobs, tell=_warn, layer_timeout=layer_timeout, elsewhere=cluster)
        found = swept(asked, runs, Path(folder), resources, lambda progress: None, html is not None)
    if output is not None:
        found.write(output, parquet=parquet)
    if json is not None:
        write_whole(Path(json), json_text(found.to_dict(), indent=2) + "\n")
    if html is not None:
        found.to_html(html)
    # Where no run has all its numbers there is no front, and an empty picture would say that nothing is good.
    if plot is not None and found.fronts:
        found.plot(plot)
    if not found.complete:
        warnings.warn(f"{found.summary}: see .runs", IncompleteResult, stacklevel=2)
    return found


def require_packages(parquet: bool, plot: str | Path | None) -> None:
    """Raises InputError for what cannot be written here. A sweep may take hours, and must not end at a picture that
    cannot be drawn: all that can be refused is refused before the first layer is priced."""
    if parquet:
        require("pyarrow", "parquet", "--parquet")
    if plot is not None:
        require("matplotlib", "plot", "--plot")


def planned(asked: Spec, cacti: bool) -> tuple[AnyRun, ...]:
    """The runs that a sweep comes to. Raises InputError with everything that does not fit; without `cacti` for the
    accelerators that would have that program started, too."""
    runs = plan(asked)
    if not cacti:
        designs = {run.design.name: run.design for run in runs}.values()
        asked_of = {name: document for design in designs for name, document in design.documents.items()}
        raise_if_any(problem for name, document in asked_of.items() for problem in refusals(name, document))
    return runs


def swept(
    asked: Spec,
    runs: tuple[AnyRun, ...],
    folder: Path,
    resources: Resources,
    told: Callable[[Progress], None],
    with_details: bool = False,
) -> Sweep:
    """Prices what `folder` does not have yet; `told` hears how far it is. `with_details`: runs are kept whole, those of
    the fronts first, up to MOST_DETAILS."""
    with Results(folder) as results:
        state = price(runs, folder, results, resources, told)
        keys = list(dict.fromkeys(run.key for run in runs))
        rows, layers = results.runs(keys), results.layers(keys)
    groups = grouped(rows)
    best = fronts(groups, asked.pareto)
    details: Mapping[str, PageRun] = {}
    if with_details:
        details = _details(runs, rows, best, folder, resources)
    return Sweep(asked, runs, tuple(rows), tuple(layers), groups, best, state.priced, state.wanted, details)


def _details(
    runs: Sequence[AnyRun],
    rows: Sequence[Row],
    best: Mapping[str, Sequence[Row]],
    folder: Path,
    resources: Resources,
) -> Mapping[str, PageRun]:
    """Whole runs by their keys; none whose numbers are not those of its row, to the last bit."""
    known = {row["run"]: row for row in rows}
    # A row of sums has no key: the runs that it sums up are on it, too.
    first = {tuple(row[name] for name in SHARED) for front in best.values() for row in front}
    done = list({run.key: run for run in runs if run.key in known}.values())
    done.sort(key=lambda run: tuple(known[run.key][name] for name in SHARED) not in first)
    found: dict[str, PageRun] = {}
    shown = done[:MOST_DETAILS]
    for run, evaluation in revisited([run for run in shown if isinstance(run, Run)], folder, resources):
        told = known[run.key]["energy_pj"], known[run.key]["latency_cycles"]
        if evaluation.total.incomplete or told == (evaluation.total.energy_pj, evaluation.total.latency_cycles):
            found[run.key] = page_run(evaluation, run.workload)
    for run in shown:
        # Of a run on a system the result lies beside the tables: its schedule would have to be looked for again.
        if isinstance(run, SystemRun) and run.result_file(folder).is_file():
            found[run.key] = read_run(run.result_file(folder))
    return found


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)
