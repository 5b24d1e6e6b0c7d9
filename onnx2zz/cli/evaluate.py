"""`onnx2zz evaluate`: what a model or a workload costs on an accelerator."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import click
from click.core import ParameterSource

from onnx2zz.cli.auto_mapping import auto_options, base_of, choose_and_write, policy_of, with_choices
from onnx2zz.cli.beyond import counted_events, event_inputs, events_option, refuse_events_of_a_workload, sidecar_of
from onnx2zz.cli.cache import cache_folder_or_default, cache_option
from onnx2zz.cli.model_options import compile_options, model_options
from onnx2zz.cli.zigzag_options import refuse_salsa_with, zigzag_options
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.shipped_files import Found, choose_mapping, find_accelerator, find_mapping, find_model

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.evaluate.beyond import Beyond
    from onnx2zz.evaluate.inputs import Workload
    from onnx2zz.evaluate.result import Evaluation
    from onnx2zz.evaluate.run import Means
    from onnx2zz.zigzag.layer_price import Search

NOT_PRICED = 3


@click.command("evaluate")
@click.argument("model", required=False, metavar="[MODEL|WORKLOAD.yaml]")
@click.option("--arch", required=True, metavar="A", help="Accelerator: a file, or the name of one that ships.")
@click.option(
    "--mapping", metavar="FILE|NAME", help="Mapping: a file, a name, zigzag:NAME, generated, auto or auto:FILE."
)
@auto_options
@click.option("--opt", type=click.Choice(["latency", "energy", "EDP"]), default="latency", show_default=True)
@click.option("--lpf-limit", type=click.IntRange(min=1), default=6, show_default=True, help="Loop factors to order.")
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
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes; else one for each usable core."
)
@events_option
@cache_option
@click.option("--no-cache", is_flag=True, help="Neither take prices from earlier runs nor keep any.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), default="onnx2zz_out", metavar="DIR")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is stdout, without the table.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the layers as CSV.")
@model_options
@click.pass_context
def evaluate_command(
    ctx: click.Context,
    model: str | None,
    arch: str,
    mapping: str | None,
    mapping_rules: Any,
    mapping_budget: int | None,
    opt: Any,
    lpf_limit: int,
    locality: bool,
    search: Any,
    paranoid: bool,
    engine: Any,
    temporal: Any,
    mixed_mapping: bool,
    jobs: int | None,
    events: str | None,
    cache_folder: Path | None,
    no_cache: bool,
    output: Path,
    json_file: str | None,
    csv_file: str | None,
    **model_arguments: Any,
) -> None:
    """Price every layer of MODEL (or of a compiled WORKLOAD.yaml) with ZigZag.

    Without either, takes what `compile` left in the output folder, where the result and ZigZag's log go too.
    """
    from onnx2zz.evaluate.run import evaluate
    from onnx2zz.zigzag.layer_price import PriceOptions

    if not _is_model(model):
        _refuse_model_options(ctx, model_arguments)
        refuse_events_of_a_workload(ctx, events)
    auto, base = base_of(mapping)
    accelerator, workload, chosen, beyond = _inputs(model, arch, base, auto, output, model_arguments, events)
    refuse_salsa_with(ctx, engine, opt, paranoid, auto)
    options = PriceOptions(opt, lpf_limit, 3, temporal, mixed_mapping, engine)
    kept_in = None if no_cache or engine == "salsa" else cache_folder_or_default(cache_folder)
    with _means("both" if paranoid else search, kept_in, jobs) as means:
        choice = None
        if auto:
            policy = policy_of(mapping_rules, mapping_budget, means, beyond.sidecar)
            chosen, choice = choose_and_write(workload, accelerator, chosen, options, output, policy)
        evaluation = evaluate(workload, accelerator, chosen, options, output / "zigzag.log", locality, means, beyond)
    if choice is not None:
        evaluation = with_choices(evaluation, choice)
    _report(evaluation, chosen, output, json_file, csv_file)
    if any(layer.error for layer in evaluation.layers):
        ctx.exit(NOT_PRICED)


def _inputs(
    model: str | None,
    arch: str,
    mapping: str | None,
    auto: bool,
    output: Path,
    model_arguments: dict[str, Any],
    events: str | None,
) -> tuple[Found, "Workload", Found, "Beyond"]:
    from onnx2zz.evaluate.beyond import Beyond

    problems: list[Problem] = []
    accelerator = compiled = workload = chosen = sidecar = None
    given = {}
    with noted_in(problems):
        accelerator = _told(find_accelerator(arch))
        _warn_if_old(accelerator)
        sidecar = sidecar_of(accelerator)
    with noted_in(problems):
        if _is_model(model):
            compiled, workload = _compile(model, model_arguments)
            given = event_inputs(events, compiled)
        else:
            workload = _read(model, output)
    with noted_in(problems):
        chosen = _mapping(mapping, accelerator, None if auto else workload)
    raise_if_any(problems)
    assert accelerator is not None and workload is not None and chosen is not None
    if compiled is not None:
        compiled.write(output, choose_mapping(None, accelerator).path.read_text(encoding="utf-8"), arch)
    activities = counted_events(events, compiled, Path(workload.file), given)
    return accelerator, workload, chosen, Beyond(sidecar, activities)


def _is_model(argument: str | None) -> TypeGuard[str]:
    return argument is not None and Path(argument).suffix not in (".yaml", ".yml")


def _refuse_model_options(ctx: click.Context, arguments: dict[str, Any]) -> None:
    typed = [name for name in arguments if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    flags = [parameter.opts[0] for parameter in ctx.command.params if parameter.name in typed]
    if flags:
        raise click.UsageError(f"{', '.join(flags)}: for a MODEL; a workload is compiled already", ctx)


def _compile(model: str, arguments: dict[str, Any]) -> tuple["Compiled", "Workload"]:
    options = compile_options(**arguments)
    found = _told(find_model(model))
    from onnx2zz.compiler import compile_model
    from onnx2zz.evaluate.inputs import Workload

    compiled = compile_model(found.path, options)
    coverage = compiled.coverage
    return compiled, Workload(coverage["model"], str(found.path), compiled.entries, coverage)


def _warn_if_old(accelerator: Found) -> None:
    from onnx2zz.accelerator_schema import is_old_schema
    from onnx2zz.yaml_source import load_yaml

    if is_old_schema(load_yaml(accelerator.path)):
        click.echo(
            f"{accelerator.path} is in the format of zigzag-dse up to 3.8.1: converted for this run; "
            "`onnx2zz check FILE --fix -o DIR` writes the new form",
            err=True,
        )


def _read(workload: str | None, output: Path) -> "Workload":
    from onnx2zz.evaluate.workload_file import read_workload

    path = Path(workload) if workload is not None else output / "workload.yaml"
    if workload is None and not path.is_file():
        raise InputError(
            Problem(str(path), "nothing is compiled here", "name a model, or run `onnx2zz compile MODEL` first")
        )
    return read_workload(path)


def _mapping(asked: str | None, accelerator: Found | None, workload: "Workload | None") -> Found | None:
    if accelerator is None:
        return find_mapping(asked) if asked is not None else None
    return _told(choose_mapping(asked, accelerator, _compiled_mapping(accelerator, workload)))


def _compiled_mapping(accelerator: Found, workload: "Workload | None") -> Path | None:
    if workload is None or not workload.arch:
        return None
    try:
        same = find_accelerator(workload.arch).path.resolve() == accelerator.path.resolve()
    except InputError:
        return None
    return Path(workload.file).with_name("mapping.yaml") if same else None


@contextmanager
def _means(search: "Search", cache_folder: Path | None, jobs: int | None) -> Iterator["Means"]:
    """What is told meanwhile is said once the progress bar is gone, whatever ended the run."""
    from onnx2zz.evaluate.remembered import NoMemory
    from onnx2zz.evaluate.run import Means
    from onnx2zz.evaluate.store import Store
    from onnx2zz.evaluate.workers import usable_cores
    from onnx2zz.report.progress import progress_on_stderr

    told: list[str] = []
    try:
        with (
            nullcontext(NoMemory()) if cache_folder is None else Store(cache_folder, told.append) as memory,
            progress_on_stderr() as watch,
        ):
            yield Means(search, memory, jobs or usable_cores(), watch, told.append)
    finally:
        for sentence in told:
            click.echo(f"warning: {sentence}", err=True)


def _report(
    evaluation: "Evaluation", mapping: Found, output: Path, json_file: str | None, csv_file: str | None
) -> None:
    from rich.console import Console

    from onnx2zz.evaluate.result import as_csv, as_json
    from onnx2zz.report.choices import print_choices
    from onnx2zz.report.events import print_events
    from onnx2zz.report.physical import print_physical
    from onnx2zz.report.table import print_table
    from onnx2zz.written_file import write_whole

    write_whole(output / "result.json", as_json(evaluation))
    if csv_file is not None:
        write_whole(Path(csv_file), as_csv(evaluation))
    if json_file == "-":
        click.echo(as_json(evaluation), nl=False)
    else:
        console = Console(file=sys.stdout)
        print_table(evaluation, mapping.name, console)
        print_choices(evaluation, console)
        print_physical(evaluation, console)
        print_events(evaluation, console)
        print_choices(evaluation, console)
    if json_file not in (None, "-"):
        write_whole(Path(json_file), as_json(evaluation))
    for layer in evaluation.layers:
        if layer.error:
            click.echo(f"not priced: {layer.error}", err=True)


def _told(found: Found) -> Found:
    if found.note:
        click.echo(f"note: {found.note}", err=True)
    return found
