"""`onnx2zz evaluate`: what a model or a workload costs on an accelerator."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from onnx2zz.api.extras import require
from onnx2zz.cli import completion
from onnx2zz.cli.auto_mapping import auto_options
from onnx2zz.cli.cache import cache_option
from onnx2zz.cli.cacti import no_cacti_option
from onnx2zz.cli.density import density_option
from onnx2zz.cli.events import events_option, refuse_events_of_a_workload
from onnx2zz.cli.exit_codes import INCOMPLETE
from onnx2zz.cli.from_cache import tell_of_prices
from onnx2zz.cli.gaps import tell_of_gaps
from onnx2zz.cli.html import html_option
from onnx2zz.cli.lost_work import tell_of_lost_work
from onnx2zz.cli.memory_limit import memory_limit_option
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options, refuse_model_options
from onnx2zz.cli.notes import tell_notes
from onnx2zz.cli.output_folder import named_folder
from onnx2zz.cli.per import per_option
from onnx2zz.cli.screen import screen
from onnx2zz.cli.system_options import refuse_what_is_for_others, system_options
from onnx2zz.cli.talk import detail, notice, talk_options
from onnx2zz.cli.where_priced import WherePriced, refuse_with_scheduler, resources_at, where_priced_options
from onnx2zz.cli.which_mapping import mapping_told
from onnx2zz.cli.written import Targets
from onnx2zz.cli.zigzag_options import lpf_limit_option, opt_option, refuse_annealing, zigzag_options
from onnx2zz.errors import InputError, Problem
from onnx2zz.printable import printable
from onnx2zz.zigzag.layer_price import Engine, PriceOptions, Search, TemporalMappingType
from onnx2zz.zigzag.objective import ObjectiveName

if TYPE_CHECKING:
    from onnx2zz.api.inputs import GivenFiles
    from onnx2zz.api.system import SystemOptions
    from onnx2zz.compiler import Compiled
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.request import EvaluationRequest, MappingSearch, Rules
    from onnx2zz.pricing.result import Evaluation
    from onnx2zz.pricing.schedule_kind import CoresChoice, ScheduleChoice
    from onnx2zz.report.result_files import ResultFiles

    Source = Callable[[], tuple[Compiled | None, PricedWorkload]]
    """Compiles or reads what is priced."""


@click.command("evaluate")
@click.argument("model", required=False, metavar="[MODEL|WORKLOAD.yaml]", shell_complete=completion.models)
@click.option(
    "--arch",
    required=True,
    metavar="A",
    shell_complete=completion.architectures,
    help="Accelerator or system of cores: a file, or the name of one that ships.",
)
@click.option(
    "--mapping",
    metavar="FILE|NAME",
    shell_complete=completion.mappings,
    help="Mapping: a file, a name, zigzag:NAME, generated, auto (also the default where none ships), auto:FILE, or "
    "optimal (optimal:FILE): the best there is, with a certificate.",
)
@auto_options
@click.option(
    "--save-mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the mapping as priced, loop orders fixed, for stock ZigZag to take.",
)
@system_options
@opt_option
@lpf_limit_option
@click.option("--exploit-data-locality", "locality", is_flag=True, help="Keep data in lower memories between layers.")
@click.option(
    "--search",
    type=click.Choice(["fast", "exhaustive"]),
    default="fast",
    show_default=True,
    help="Temporal search: ours, or ZigZag's own.",
)
@click.option("--paranoid", is_flag=True, help="Run both searches; where they differ the layer fails.")
@zigzag_options
@where_priced_options
@memory_limit_option
@events_option
@density_option
@per_option
@cache_option
@click.option("--no-cache", is_flag=True, help="Neither take prices from earlier runs nor keep any.")
@no_cacti_option
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default="onnx2zz_out",
    metavar="DIR",
    help="Folder to write to; `auto` calls it MODEL_on_ARCH.",
)
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is stdout, without the table.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the layers as CSV.")
@html_option
@click.option(
    "--plot",
    "plot_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the figures as SVG and PNG (onnx2zz[plot]).",
)
@click.option(
    "--onnx",
    "onnx_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the model with each node's cost in its metadata, for Netron to show.",
)
@click.option(
    "--trace",
    "trace_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the run over time, for Perfetto to show.",
)
@talk_options
@click.option("--full", is_flag=True, help="Show every layer, also those of blocks that come again and again.")
@model_options
@click.pass_context
def evaluate_command(
    ctx: click.Context,
    model: str | None,
    arch: str,
    mapping: str | None,
    mapping_rules: "Rules",
    mapping_budget: int | None,
    gap: float | None,
    save_mapping: Path | None,
    placement: Path | None,
    schedule: "ScheduleChoice",
    frames: int | None,
    cores: "CoresChoice | None",
    opt: ObjectiveName,
    lpf_limit: int,
    locality: bool,
    search: Search,
    paranoid: bool,
    engine: Engine,
    temporal: TemporalMappingType,
    mixed_mapping: bool,
    jobs: int | None,
    scheduler: str | None,
    layer_timeout: float | None,
    events: str | None,
    density: tuple[str, ...],
    per: str | None,
    cache_folder: Path | None,
    no_cache: bool,
    no_cacti: bool,
    output: Path,
    json_file: str | None,
    csv_file: Path | None,
    html_file: Path | None,
    plot_folder: Path | None,
    onnx_file: Path | None,
    trace_file: Path | None,
    full: bool,
    **model_arguments: Unpack[ModelArguments],
) -> None:
    """Price every layer of MODEL (or of a compiled WORKLOAD.yaml) with ZigZag.

    Without either, takes what `compile` left in the output folder, where the result and ZigZag's log go too.
    """
    from onnx2zz.api.inputs import is_workload
    from onnx2zz.api.system import SystemOptions, names_a_system
    from onnx2zz.api.where_priced import cluster_at
    from onnx2zz.pricing.cache_on_disk import folder_or_default
    from onnx2zz.pricing.rate import at_scale
    from onnx2zz.pricing.request import MappingSearch
    from onnx2zz.report.result_files import ResultFiles

    output = named_folder(output, model, arch)
    asked = Path(json_file) if json_file not in (None, "-") else None
    files = ResultFiles(asked, csv_file, html_file, plot_folder, onnx_file, trace_file)
    # What lies there now, before anything is written: else it could not be told in the end what was overwritten.
    targets = Targets.of(output, asked, csv_file, html_file, plot_folder, onnx_file, trace_file, save_mapping)
    if model is None or is_workload(model):
        refuse_model_options(ctx, model_arguments)
        refuse_events_of_a_workload(ctx, events)
        if onnx_file is not None:
            raise click.UsageError("--onnx: for a MODEL; a workload has no ONNX file", ctx)
    refuse_with_scheduler(scheduler, jobs, layer_timeout)
    if plot_folder is not None:
        require("matplotlib", "plot", "--plot")
    options = PriceOptions(
        opt, lpf_limit, temporal_mapping_type=temporal, mixed_spatial_mapping=mixed_mapping, engine=engine
    )
    search = "both" if paranoid else search
    of_system = names_a_system(arch)
    # What is remembered of a compile are its layers, without the graph that events are counted on and systems read
    # views from.
    kept = None if no_cache or of_system or events is not None else folder_or_default(cache_folder)
    source = partial(_workload, model, output, model_arguments, kept, files, per)
    refuse_what_is_for_others(ctx, arch, of_system)
    chosen = MappingSearch(mapping_rules, mapping_budget, gap=gap)
    with cluster_at(scheduler, notice) as cluster:
        where = WherePriced(cache_folder, no_cache, jobs, layer_timeout, cluster)
        if of_system:
            many = SystemOptions(
                options, search, chosen, mapping, placement, schedule, frames, cores, not no_cacti, events
            )
            evaluation, workload = _on_a_system(arch, source, many, output, where)
        else:
            one = OneAccelerator(arch, mapping, options, search, locality, chosen, save_mapping, not no_cacti, density)
            evaluation, workload = _on_one(ctx, one, source, events, output, where)
    evaluation = at_scale(evaluation, workload, per)
    _write(evaluation, workload, output, files)
    _show(evaluation, json_file, full)
    tell_of_prices(evaluation, cache_folder, kept=not no_cache, repeatable=options.repeatable)
    targets.tell()
    unproven = tell_of_gaps(evaluation, gap)
    # Everything is written and said before: an incomplete result is a result, and its exit code says so to scripts.
    if evaluation.total.incomplete or unproven:
        ctx.exit(INCOMPLETE)


@dataclass(frozen=True)
class OneAccelerator:
    """What is asked of an evaluation on one accelerator, as the options say."""

    arch: str
    mapping: str | None
    options: PriceOptions
    search: Search
    locality: bool
    mapping_search: "MappingSearch"
    save_mapping: Path | None
    cacti: bool
    density: tuple[str, ...]


def _on_one(
    ctx: click.Context, asked: OneAccelerator, source: "Source", events: str | None, output: Path, where: WherePriced
) -> tuple["Evaluation", "PricedWorkload"]:
    from onnx2zz.api.inputs import gather
    from onnx2zz.api.system import forget_schedule
    from onnx2zz.mapping.evaluation import run

    files = gather(asked.arch, asked.mapping, source, events, notice, asked.cacti, asked.density)
    told = mapping_told(asked.mapping, files.accelerator, files.mapping, files.choice, output)
    refuse_annealing(ctx, asked.options, asked.search, files.choice is not None)
    request = files.request(asked.options, asked.locality, asked.search, asked.mapping_search)
    request = replace(request, save_mapping=asked.save_mapping)
    forget_schedule(output)
    request = _with_events(request, files, asked.arch, events, output)
    with resources_at(where.unless(not request.repeatable)) as resources:
        found = run(request, output, resources)
    notice(told)
    return found, request.workload


def _on_a_system(
    arch: str, source: "Source", asked: "SystemOptions", output: Path, where: WherePriced
) -> tuple["Evaluation", "PricedWorkload"]:
    """The compiled model goes to the output folder before, its schedule after."""
    from onnx2zz.api.system import forget_schedule, run_on_system, system_request, with_events, write_schedule
    from onnx2zz.report.progress import progress_on_stderr

    request, compiled = system_request(arch, source, asked, notice)
    forget_schedule(output)
    if compiled is not None:
        compiled.write(output, None, arch)
    if asked.events is not None:
        with progress_on_stderr() as watch:
            request = with_events(request, compiled, asked.events, watch)
    with resources_at(where.unless(not request.repeatable)) as resources:
        found = run_on_system(request, output, resources)
    write_schedule(found, output)
    return found.evaluation, request.workload


def _workload(
    model: str | None,
    output: Path,
    model_arguments: ModelArguments,
    kept: Path | None,
    files: "ResultFiles",
    per: str | None,
) -> tuple["Compiled | None", "PricedWorkload"]:
    """`kept`: the folder in which compiles are remembered, None where they are not, or where a model is to be run."""
    from onnx2zz.api.inputs import is_workload, noticed
    from onnx2zz.formats.shipped_files import find_model
    from onnx2zz.pricing.cache_on_disk import COMPILES, Store
    from onnx2zz.pricing.price_cache import NoStore
    from onnx2zz.pricing.rate import check_per
    from onnx2zz.pricing.remembered_compile import remembered

    if model is None or is_workload(model):
        read = _read(model, output)
        check_per(per, read)
        return None, read
    path = noticed(find_model(model), notice).path
    detail(f"model: {path}")
    with nullcontext(NoStore()) if kept is None else Store(kept, _warn, COMPILES) as store:
        compiled, workload, notes = remembered(path, model_arguments, store, partial(_compiled, path, model_arguments))
    files.check(workload)
    check_per(per, workload)
    tell_notes(notes)
    return compiled, workload


def _compiled(path: Path, model_arguments: ModelArguments) -> "Compiled":
    options = compile_options(**model_arguments)
    from onnx2zz.compiler import compile_layers

    return compile_layers(path, options)


def _with_events(
    request: "EvaluationRequest", files: "GivenFiles", arch: str, events: str | None, output: Path
) -> "EvaluationRequest":
    """Leaves the compiled model and its mapping in the output folder, and runs it where events are to be counted."""
    from onnx2zz.api.events import counted_events
    from onnx2zz.report.progress import progress_on_stderr

    if files.workload.from_model:
        # Nothing is chosen yet: a mapping that is goes to the folder after the run.
        mapping = None if files.choice else files.mapping.path.read_text(encoding="utf-8")
        files.workload.write(output, mapping, arch)
    if events is None:
        return request
    with progress_on_stderr() as watch:
        activities = counted_events(events, files.compiled, Path(files.workload.file), files.events, watch)
    return replace(request, supplement=replace(request.supplement, activities=activities))


def _read(workload: str | None, output: Path) -> "PricedWorkload":
    from onnx2zz.pricing.workload_file import read_workload

    path = Path(workload) if workload is not None else output / "workload.yaml"
    if workload is None and not path.is_file():
        raise InputError(
            Problem(str(path), "nothing is compiled here", "name a model, or run `onnx2zz compile MODEL` first")
        )
    return read_workload(path)


def _write(evaluation: "Evaluation", workload: "PricedWorkload", output: Path, files: "ResultFiles") -> None:
    from onnx2zz.api.system import written_schedule
    from onnx2zz.report.result_files import ResultFiles

    ResultFiles(json=output / "result.json").write(evaluation, workload)
    files.write(evaluation, workload, written_schedule(output, evaluation))
    if files.onnx is not None:
        from onnx2zz.report.onnx_costs import stays_behind

        tell_notes(filter(None, (stays_behind(files.onnx, Path(workload.file)),)))


def _show(evaluation: "Evaluation", json_file: str | None, full: bool) -> None:
    """Comes after all files: whoever reads the screen may be gone."""
    from onnx2zz.report.unpriced import reasons

    if json_file == "-":
        from onnx2zz.pricing.result import as_json

        click.echo(as_json(evaluation), nl=False)
    else:
        from onnx2zz.report.on_screen import print_evaluation

        print_evaluation(evaluation, screen(), full)
    for reason in reasons(evaluation.layers):
        click.echo(f"not priced: {printable(reason)}", err=True)
    tell_of_lost_work(evaluation.host)


def _warn(sentence: str) -> None:
    click.echo(f"warning: {printable(sentence)}", err=True)
