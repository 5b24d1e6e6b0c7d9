"""`onnx2zz compile`: a model in, workload.yaml and coverage.json out."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from onnx2zz.cli import completion
from onnx2zz.cli.cacti import no_cacti_option
from onnx2zz.cli.exit_codes import INCOMPLETE
from onnx2zz.cli.lost_work import tell_of_lost_work
from onnx2zz.cli.memory_limit import memory_limit_option
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options
from onnx2zz.cli.notes import tell_notes
from onnx2zz.cli.output_folder import named_folder
from onnx2zz.cli.talk import notice, talk_options
from onnx2zz.cli.written import Targets
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.formats.shipped_files import Found


MOST_BLOCKS = 4
"""Those that are told, the longest first; the JSON of an evaluation has all."""


@click.command("compile")
@click.argument("model", shell_complete=completion.models)
@click.option(
    "-o",
    "--output",
    "directory",
    type=click.Path(path_type=Path),
    default=Path("onnx2zz_out"),
    show_default=True,
    help="Folder to write to; `auto` calls it after the model, and the accelerator.",
)
@click.option(
    "--arch",
    metavar="A",
    shell_complete=completion.architectures,
    help="Also write a mapping for this accelerator; none for a system of cores.",
)
@memory_limit_option
@no_cacti_option
@talk_options
@model_options
@click.pass_context
def compile_command(
    ctx: click.Context, model: str, directory: Path, arch: str | None, no_cacti: bool, **options: Unpack[ModelArguments]
) -> None:
    """Compile MODEL (an ONNX file, or the name of one that ships) to a ZigZag workload.

    Exit code 3 if MACs are left to the host: what is written lacks them.
    """
    directory = named_folder(directory, model, arch)
    targets = Targets.of(directory)
    chosen = compile_options(**options)
    from onnx2zz.api.inputs import refuse_cacti
    from onnx2zz.api.system import forget_schedule, names_a_system, system_called
    from onnx2zz.compiler import compile_layers
    from onnx2zz.formats.shipped_files import find_accelerator, find_model
    from onnx2zz.pricing.accounted import host_nodes

    found = find_model(model)
    if found.note:
        notice(found.note)
    accelerator = None
    if arch is not None and names_a_system(arch):
        system_called(arch, notice, not no_cacti)  # its tiles get their mappings once they are cut
    elif arch is not None:
        accelerator = find_accelerator(arch)
        refuse_cacti(accelerator.path, not no_cacti)
    compiled = compile_layers(found.path, chosen)
    tell_notes(compiled.notes)
    forget_schedule(directory)
    compiled.write(directory, _mapping(compiled, accelerator), arch)
    click.echo(summary(compiled, directory))
    targets.tell()
    if tell_of_lost_work(host_nodes(compiled.coverage)):
        ctx.exit(INCOMPLETE)


def _mapping(compiled: "Compiled", accelerator: "Found | None") -> str | None:
    from onnx2zz.api.compiled_mapping import compiled_mapping

    return compiled_mapping(compiled, accelerator) if accelerator else None


def summary(compiled: "Compiled", directory: Path) -> str:
    """What was made of the model, for a person."""
    most = sorted(compiled.blocks, key=lambda block: block.first - block.end)[:MOST_BLOCKS]
    worth = [block for block in most if block.layers > 1 or block is most[0]]
    blocks = [", ".join(map(str, sorted(worth, key=lambda block: block.first)))] if worth else []
    lines = [f"{compiled.headline} -> {directory}", *blocks, f"nodes: {compiled.fates_told}"]
    hosts = sorted({fate.op for fate in compiled.workload.nodes if fate.status == "host"})
    if hosts:
        lines.append(f"left to the host: {', '.join(hosts)} (reasons in coverage.json)")
    return "\n".join(map(printable, lines))
