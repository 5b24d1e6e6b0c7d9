"""`onnx2zz sweep`: many models on many accelerators, priced once each."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnx2zz.cli.cache import cache_option
from onnx2zz.cli.cacti import no_cacti_option
from onnx2zz.cli.exit_codes import NOT_PRICED
from onnx2zz.cli.html import html_option
from onnx2zz.cli.memory_limit import memory_limit_option
from onnx2zz.cli.screen import screen
from onnx2zz.cli.talk import notice, talk_options
from onnx2zz.cli.where_priced import WherePriced, refuse_with_scheduler, resources_at, where_priced_options
from onnx2zz.cli.written import Targets
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.api.sweep import Sweep
    from onnx2zz.design_space.plan import AnyRun
    from onnx2zz.design_space.run import Progress
    from onnx2zz.design_space.spec import Spec


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
@click.option("--log-axes", is_flag=True, help="Logarithmic axes in --plot, which else begin at zero.")
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Runs, fronts, trade-offs and effects as JSON; - is stdout."
)
@html_option
@cache_option
@no_cacti_option
@talk_options
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
    log_axes: bool,
    json_file: str | None,
    html_file: Path | None,
    cache_folder: Path | None,
    no_cacti: bool,
) -> None:
    """Price models x accelerators x options; what was done before, by whatever run, is not done again.

    Started again after a kill it goes on. Results: sweep.sqlite, runs.csv, layers.csv and pareto.csv in the output
    folder.
    """
    from onnx2zz.api.figure_file import kind_problems
    from onnx2zz.api.sweep import planned, reports_beside, require_packages
    from onnx2zz.api.where_priced import cluster_at
    from onnx2zz.design_space.reading import read_spec
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.report.sweep import print_fronts

    refuse_with_scheduler(scheduler, jobs, layer_timeout)
    for problem in kind_problems(plot, "--plot"):
        raise click.UsageError(str(problem), ctx)
    require_packages(parquet, plot)
    asked = read_spec(spec)
    # Everything that can be wrong is found before the first price: sweeps run for hours.
    runs = planned(asked, not no_cacti)
    if dry_run:
        _list(runs)
        return
    written_json = Path(json_file) if json_file not in (None, "-") else None
    reports = reports_beside(html_file) if html_file is not None else None
    targets = Targets.of(output, plot, html_file, reports, written_json)
    with cluster_at(scheduler, notice) as cluster:
        where = WherePriced(cache_folder, False, jobs, layer_timeout, cluster)
        found = _priced(asked, runs, output, where, html_file is not None)
    found.write(output, parquet=parquet)
    if plot and found.fronts:
        found.plot(plot, logarithmic=log_axes)
    if html_file:
        found.to_html(html_file)
    document = json_text(found.to_dict(), indent=2) + "\n"
    if written_json is not None:
        write_whole(written_json, document)
    if json_file == "-":
        click.echo(document, nl=False)
    else:
        print_fronts(found.runs, found.fronts, asked.pareto, found.decisions, found.areas_are_um2, screen())
        click.echo(f"{found.summary} -> {output}")
    targets.tell()
    notice(f"priced {found.priced:,} distinct units for {found.wanted:,} layers of runs")
    if not found.complete:
        ctx.exit(NOT_PRICED)


def _list(runs: "tuple[AnyRun, ...]") -> None:
    for run in runs:
        options = run.options
        how = f"{options.opt}, limit {options.lpf_limit}, mapping {options.mapping}, {options.precision}"
        if (asked := run.scheduling) is not None:
            fewest = ", fewest cores" if asked.cores else ""
            frames = "" if asked.frames is None else f", {asked.frames} frame{'s' if asked.frames > 1 else ''}"
            how += f", schedule {asked.schedule}{frames}{fewest}"
        where = printable(f"{run.workload.model} on {run.design.name}")
        click.echo(f"{where}: {how}{', locality' if options.locality else ''}")
    click.echo(f"{len(runs)} runs")


def _priced(asked: "Spec", runs: "tuple[AnyRun, ...]", output: Path, where: WherePriced, with_reports: bool) -> "Sweep":
    from onnx2zz.api.sweep import swept

    with resources_at(where) as resources:
        return swept(asked, runs, output, resources, _say, with_reports)


def _say(state: "Progress") -> None:
    notice(f"{state.done} of {state.total} runs done")
