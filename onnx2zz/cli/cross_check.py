"""`onnx2zz cross-check`: what other models say of the same layers, beside ours."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from onnx2zz.cli import completion
from onnx2zz.cli.cache import cache_option
from onnx2zz.cli.exit_codes import INCOMPLETE
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options, refuse_model_options
from onnx2zz.cli.notes import tell_notes
from onnx2zz.cli.screen import screen
from onnx2zz.cli.zigzag_options import lpf_limit_option
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.second_opinion.tools import ToolName


@click.command("cross-check")
@click.argument("model", metavar="MODEL|WORKLOAD.yaml", shell_complete=completion.models)
@click.option("--arch", required=True, metavar="A", shell_complete=completion.architectures, help="Accelerator.")
@click.option("--mapping", metavar="FILE|NAME", shell_complete=completion.mappings, help="As for evaluate.")
@click.option(
    "--with",
    "tools",
    required=True,
    multiple=True,
    type=click.Choice(["scalesim", "accelforge", "timeloop"]),
    help="Whom to ask. Repeatable.",
)
@click.option(
    "--python",
    metavar="PATH",
    envvar="ONNX2ZZ_CROSS_CHECK_PYTHON",
    help="The Python that has the tools, if not this one; also from ONNX2ZZ_CROSS_CHECK_PYTHON.",
)
@lpf_limit_option
@cache_option
@click.option("--no-cache", is_flag=True, help="Neither take prices from earlier runs nor keep any.")
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Write what was found as JSON; - is stdout, without tables."
)
@model_options
@click.pass_context
def cross_check_command(
    ctx: click.Context,
    model: str,
    arch: str,
    mapping: str | None,
    tools: "tuple[ToolName, ...]",
    python: str | None,
    lpf_limit: int,
    cache_folder: Path | None,
    no_cache: bool,
    json_file: str | None,
    **model_arguments: Unpack[ModelArguments],
) -> None:
    """Price MODEL, ask other tools about the same layers, and show the counts of both side by side.

    Each kind of layer runs once. Where a known rule explains a difference it is named; else it is unexplained. What a
    tool cannot say is a sentence. Exit code 3 if a tool that was asked said nothing (docs/howto/second_opinion.md).
    """
    from onnx2zz.api.cross_check import cross_check
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.report.cross_check import print_opinion

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        found = cross_check(
            _model(ctx, model, model_arguments),
            arch,
            mapping,
            tools=tools,
            python=python,
            lpf_limit=lpf_limit,
            cache=False if no_cache else cache_folder or True,
        )
    for one in told:
        click.echo(printable(str(one.message)), err=True)
    text = json_text(found.to_dict(), indent=2) + "\n"
    if json_file == "-":
        click.echo(text, nl=False)
    else:
        if json_file is not None:
            write_whole(Path(json_file), text)
        console = screen()
        for opinion in found.opinions:
            print_opinion(opinion, console)
    if found.incomplete:
        ctx.exit(INCOMPLETE)


def _model(ctx: click.Context, model: str, arguments: ModelArguments) -> "Compiled | str":
    from onnx2zz.api.inputs import is_workload
    from onnx2zz.compiler import compile_model
    from onnx2zz.formats.shipped_files import find_model

    if is_workload(model):
        refuse_model_options(ctx, arguments)
        return model
    chosen = compile_options(**arguments)
    found = find_model(model)
    if found.note:
        click.echo(printable(found.note), err=True)
    compiled = compile_model(found.path, chosen)
    tell_notes(compiled.notes)
    return compiled
