"""`onnx2zz check`: what is wrong with an accelerator, a mapping, a workload, and what cures it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from onnx2zz.cli import completion
from onnx2zz.cli.cacti import no_cacti_option
from onnx2zz.cli.exit_codes import INPUT_AT_FAULT
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options
from onnx2zz.cli.zigzag_options import lpf_limit_option
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.checks.context import Context
    from onnx2zz.checks.finding import Diagnosis, Finding
    from onnx2zz.formats.workload_entry import WorkloadEntry

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def _explain(ctx: click.Context, parameter: click.Parameter, code: str | None) -> None:
    """Prints what is known of a code and ends; it goes before the files, which need not be there."""
    if code is None:
        return
    from onnx2zz.checks.registry import checks
    from onnx2zz.report.check_table import explanation

    if code not in checks():
        raise click.UsageError(f"there is no code {code}; codes: {', '.join(sorted(checks()))}")
    click.echo(explanation(checks()[code]))
    ctx.exit()


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.checked_files)
@click.option(
    "--model", metavar="MODEL", shell_complete=completion.models, help="ONNX model that the workload was written for."
)
@lpf_limit_option
@click.option("--exploit-data-locality", is_flag=True, help="Judge a run that keeps data in low memories.")
@click.option("--fix", is_flag=True, help="Write repaired files to -o DIR and show what changed.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--decide", "decisions", multiple=True, metavar="CODE=CHOICE", help="Decide what --fix leaves open.")
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Write the findings as JSON; - is stdout, without the text."
)
@click.option(
    "--explain",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Say what a code means, what ZigZag does and what cures it.",
)
@no_cacti_option
@model_options
@click.pass_context
def check_command(
    ctx: click.Context,
    files: tuple[str, ...],
    model: str | None,
    lpf_limit: int,
    exploit_data_locality: bool,
    fix: bool,
    output: Path | None,
    decisions: tuple[str, ...],
    json_file: str | None,
    no_cacti: bool,
    **model_arguments: Unpack[ModelArguments],
) -> None:
    """Say what is wrong with an accelerator, a mapping and a workload: alone, or all three as ZigZag would run them."""
    from onnx2zz.checks.diagnosis import diagnose
    from onnx2zz.checks.finding import Diagnosis

    if fix and output is None:
        raise click.UsageError("--fix needs a folder for the repaired files: -o DIR")
    if decisions and not fix:
        raise click.UsageError("--decide goes with --fix")
    choices = _decisions(decisions)
    context = replace(
        _context(files, model, model_arguments), lpf_limit=lpf_limit, exploit_data_locality=exploit_data_locality
    )
    if no_cacti:
        _refuse_cacti(context)
    if fix and output is not None:
        context = _fix(context, choices, output, quiet=json_file == "-")
    found = Diagnosis(diagnose(context))
    _report(found, context, json_file)
    if fix:
        _open_decisions(found.findings)
    if not found.ok:
        ctx.exit(INPUT_AT_FAULT)


def _decisions(texts: Sequence[str]) -> dict[str, str]:
    from onnx2zz.checks.decisions import decision_problem

    pairs = {code: choice for code, _, choice in (text.partition("=") for text in texts)}
    for code, choice in pairs.items():
        problem = decision_problem(code, choice)
        if problem:
            raise click.UsageError(f"--decide {code}={choice}: {problem}")
    return pairs


def _context(files: Sequence[str], model: str | None, model_arguments: ModelArguments) -> "Context":
    from onnx2zz.api.check import read_context

    context = read_context(files, _tell)
    return replace(context, model=_entries(model, model_arguments)) if model else context


def _refuse_cacti(context: "Context") -> None:
    """Raises InputError for an accelerator that would have it started."""
    from onnx2zz.errors import raise_if_any
    from onnx2zz.zigzag.cacti_costs import refusals

    source = context.accelerator
    raise_if_any(refusals(source.path, source.data) if source else ())


def _tell(sentence: str) -> None:
    click.echo(printable(sentence), err=True)


def _entries(model: str, arguments: ModelArguments) -> "tuple[WorkloadEntry, ...]":
    options = compile_options(**arguments)
    from onnx2zz.compiler import compile_model
    from onnx2zz.formats.shipped_files import find_model

    found = find_model(model)
    if found.note:
        _tell(found.note)
    return compile_model(found.path, options).entries


def _fix(context: "Context", choices: dict[str, str], output: Path, *, quiet: bool) -> "Context":
    from onnx2zz.checks.fixing import fix

    fixed = fix(context, choices, output)
    for file in fixed.files:
        click.echo("".join(f"{printable(line)}\n" for line in file.diff.splitlines()), nl=False, err=quiet)
    if fixed.written:
        names = ", ".join(path.name for path in fixed.written)
        _tell(f"wrote {names} to {output}; cured: {', '.join(fixed.cured) or 'nothing'}")
    return fixed.context


def _report(found: "Diagnosis", context: "Context", json_file: str | None) -> None:
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.files.written_file import write_whole

    text = json_text({"findings": found.records()}, indent=1, ensure_ascii=False) + "\n"
    if json_file not in (None, "-"):
        write_whole(Path(json_file), text)
    if json_file == "-":
        click.echo(text, nl=False)
    else:
        texts = {source.path: source.text for source in (*context.sources, *context.unreadable)}
        for one in found.findings:
            _show(one, texts.get(one.file, ""))
    click.echo(found.summary, err=True)


def _show(one: "Finding", text: str) -> None:
    """A finding, and the line that it is about, where `text`, its file's, has it."""
    from onnx2zz.report.excerpt import excerpt

    severity = click.style(one.severity, fg=COLOURS[one.severity], bold=True)
    click.echo(f"{printable(one.file)}:{one.line}:{one.column}: {severity} [{one.code}] {printable(one.message)}")
    for line in excerpt(text, one.line, one.column):
        click.echo(line)
    click.echo(f"    ZigZag: {printable(one.zigzag)}")
    click.echo(f"    cure:   {printable(one.fix)}")


def _open_decisions(findings: Sequence["Finding"]) -> None:
    """What is left for the user to decide, and what each choice costs."""
    from onnx2zz.checks.decisions import choices

    known = choices()
    for code in dict.fromkeys(one.code for one in findings if one.code in known):
        click.echo(f"to decide: {code}", err=True)
        for choice, cost in known[code].items():
            click.echo(f"    --decide {code}={choice}: {cost}", err=True)
