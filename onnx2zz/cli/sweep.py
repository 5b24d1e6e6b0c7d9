"""`onnx2zz sweep`: many models on many accelerators, priced once each."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnx2zz.api.extras import require
from onnx2zz.cli.cache import cache_option
from onnx2zz.cli.cacti import no_cacti_option
from onnx2zz.cli.exit_codes import NOT_PRICED
from onnx2zz.cli.html import html_option
from onnx2zz.cli.memory_limit import memory_limit_option
from onnx2zz.cli.where_priced import refuse_with_scheduler, where_priced_options
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.design_space.plan import Run
    from onnx2zz.design_space.results import Results
    from onnx2zz.design_space.run import Progress
    from onnx2zz.design_space.tables import Row
    from onnx2zz.pricing.run import Resources

PLOTS = (".svg", ".png", ".pdf")


@click.command("sweep")
@click.argument("spec", type=click.Path(dir_okay=False, path_type=Path), metavar="SPEC.yaml")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), default="onnx2zz_sweep", metavar="DIR"
)
@where_priced_options
@memory_limit_option
@click.option("--dry-run", is_flag=True, help="Read and check SPEC.yaml, list the runs, and price nothing.")
@click.option("--parquet", is_flag=True, help="Write Parquet files beside the CSV files (needs onnx2zz[parquet]).")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw the front (svg, png)."
)
@html_option
@cache_option
@no_cacti_option
@click.pass_context
def sweep_command(
    ctx: click.Context,
    spec: Path,
    output: Path,
    jobs: int | None,
    scheduler: str | None,
    layer_timeout: float | None,
    dry_run: bool,
    parquet: bool,
    plot: Path | None,
    html_file: Path | None,
    cache_folder: Path | None,
    no_cacti: bool,
) -> None:
    """Price models x accelerators x options; what was done before, by whatever run, is not done again.

    Started again after a kill it goes on. Results: sweep.sqlite, runs.csv, layers.csv and pareto.csv in the output
    folder.
    """
    from rich.console import Console

    from onnx2zz.api.where_priced import cluster_at
    from onnx2zz.design_space.front import fronts, grouped
    from onnx2zz.design_space.plan import plan
    from onnx2zz.design_space.reading import read_spec
    from onnx2zz.design_space.results import Results
    from onnx2zz.design_space.tables import write_parquet
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.pricing.run import Resources
    from onnx2zz.pricing.workers import usable_cores
    from onnx2zz.report.sweep import print_fronts
    from onnx2zz.report.sweep_page import sweep_page
    from onnx2zz.report.sweep_plot import write_plot

    # All that can be refused is refused before the first unit is priced: a sweep may take hours, and must not end at a
    # picture that cannot be drawn.
    if plot is not None and plot.suffix not in PLOTS:
        raise click.UsageError(f"--plot {plot}: one of {', '.join(PLOTS)} is needed", ctx)
    refuse_with_scheduler(scheduler, jobs, layer_timeout)
    if parquet:
        require("pyarrow", "parquet", "--parquet")
    if plot:
        require("matplotlib", "plot", "--plot")
    asked = read_spec(spec)
    runs = plan(asked)
    if no_cacti:
        _refuse_cacti(runs)
    if dry_run:
        _list(runs)
        return
    with Results(output) as results, cluster_at(scheduler, _tell) as cluster:
        resources = Resources(jobs=jobs or usable_cores(), layer_timeout=layer_timeout, elsewhere=cluster)
        state = _priced(runs, output, results, resources, cache_folder)
        keys = list(dict.fromkeys(run.key for run in runs))
        rows = results.runs(keys)
        groups = grouped(rows)
        best = fronts(groups, asked.pareto)
        tables = _write(keys, rows, best, results, output)
    if parquet:
        for name, table in tables.items():
            write_parquet(output / f"{name}.parquet", table)
    if plot and best:
        write_plot(plot, {model: (groups[model], best[model]) for model in best}, asked.pareto)
    if html_file:
        write_whole(html_file, sweep_page(asked, runs, groups, best, state.priced))
    print_fronts(rows, best, asked.pareto, Console(file=sys.stdout))
    without = sum(row["not_priced"] > 0 for row in rows)
    click.echo(f"{len(rows)} of {len(runs)} runs done, {without} with layers that have no price -> {output}")
    click.echo(f"priced {state.priced:,} distinct units for {state.wanted:,} layers of runs", err=True)
    if without or len(rows) < len(runs):
        ctx.exit(NOT_PRICED)


def _refuse_cacti(runs: "tuple[Run, ...]") -> None:
    """Raises InputError for the accelerators that would have it started."""
    from onnx2zz.errors import raise_if_any
    from onnx2zz.zigzag.cacti_costs import refusals

    designs = {run.design.name: run.design for run in runs}.values()
    raise_if_any(problem for design in designs for problem in refusals(design.name, design.document))


def _list(runs: "tuple[Run, ...]") -> None:
    for run in runs:
        options = run.options
        how = f"{options.opt}, limit {options.lpf_limit}, mapping {options.mapping}, {options.precision}"
        where = printable(f"{run.workload.model} on {run.design.name}")
        click.echo(f"{where}: {how}{', locality' if options.locality else ''}")
    click.echo(f"{len(runs)} runs")


def _priced(
    runs: "tuple[Run, ...]", output: Path, results: "Results", resources: "Resources", cache_folder: Path | None
) -> "Progress":
    from onnx2zz.design_space.run import sweep
    from onnx2zz.pricing.store import Store, folder_or_default
    from onnx2zz.report.progress import progress_on_stderr

    notices: list[str] = []
    try:
        with Store(folder_or_default(cache_folder), notices.append) as store, progress_on_stderr() as watch:
            resources = replace(resources, store=store, watch=watch, tell=notices.append)
            return sweep(runs, output, results, resources, _say)
    finally:
        for sentence in dict.fromkeys(notices):
            click.echo(f"warning: {printable(sentence)}", err=True)


def _tell(sentence: str) -> None:
    click.echo(printable(sentence), err=True)


def _say(state: "Progress") -> None:
    click.echo(f"{state.done} of {state.total} runs done", err=True)


def _write(
    keys: "Sequence[str]", rows: "Sequence[Row]", best: "Mapping[str, Sequence[Row]]", results: "Results", folder: Path
) -> "Mapping[str, Sequence[Row]]":
    """Writes the tables as CSV."""
    from onnx2zz.design_space.tables import spread
    from onnx2zz.files.comma_separated import csv_text
    from onnx2zz.files.written_file import write_whole

    fronts = [row for front in best.values() for row in front]
    tables = {"runs": spread(rows), "layers": results.layers(keys), "pareto": spread(fronts)}
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", csv_text(table))
    return tables
