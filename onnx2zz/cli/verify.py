"""`onnx2zz verify`: whether the workload computes what the model computes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from onnx2zz.cli.exit_codes import DIFFERS, INCOMPLETE
from onnx2zz.cli.memory_limit import memory_limit_option
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options
from onnx2zz.cli.notes import tell_notes
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.formats.workload_entry import WorkloadEntry
    from onnx2zz.proof.result import Verification


@click.command("verify")
@click.argument("model")
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Output elements at which a large layer is run.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of random inputs and of weights that are missing."
)
@click.option("--inputs", metavar="x.npz", help="Values of the model's inputs, by name; the others are random.")
@click.option("--workload", metavar="FILE", help="Verify this workload, written by hand, in place of the compiled one.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is stdout, without the table.")
@memory_limit_option
@model_options
@click.pass_context
def verify_command(
    ctx: click.Context,
    model: str,
    points: int,
    seed: int,
    inputs: str | None,
    workload: str | None,
    json_file: str | None,
    **options: Unpack[ModelArguments],
) -> None:
    """Run every layer of MODEL as ZigZag will read it, and compare with onnxruntime.

    Exit code 1 if anything differs: a value, a volume, an edge, a width; else 3 if not all was run that claims to be
    exact, or nothing was.
    """
    result = _verified(model, points, seed, inputs, workload, options)
    _report(result, json_file)
    if result.mismatches:
        ctx.exit(DIFFERS)
    if not result.complete:
        ctx.exit(INCOMPLETE)


def _verified(
    model: str, points: int, seed: int, inputs: str | None, workload: str | None, options: ModelArguments
) -> "Verification":
    chosen = compile_options(**options)
    from onnx2zz.compiler import compile_layers
    from onnx2zz.formats.shipped_files import find_model
    from onnx2zz.proof.by_hand.verify import verify_by_hand
    from onnx2zz.proof.given_inputs import read_inputs
    from onnx2zz.proof.verify import VerifyOptions, verify
    from onnx2zz.report.progress import progress_on_stderr

    found = find_model(model)
    if found.note:
        click.echo(printable(found.note), err=True)
    written = _entries(workload) if workload else None
    compiled = compile_layers(found.path, chosen)
    tell_notes(compiled)
    given = read_inputs(Path(inputs), compiled.graph) if inputs else {}
    asked = VerifyOptions(points, seed, found.path.parent, given)
    with progress_on_stderr() as watch:
        return verify(compiled, asked, watch) if written is None else verify_by_hand(compiled, written, asked, watch)


def _entries(workload: str) -> "tuple[WorkloadEntry, ...]":
    """The layers of a workload file. Raises InputError for what makes them no workload."""
    from onnx2zz.errors import raise_if_any
    from onnx2zz.formats.yaml_source import load_yaml
    from onnx2zz.pricing.workload_check import entries_with_fields, inconsistencies

    entries = entries_with_fields(workload, load_yaml(Path(workload)))
    raise_if_any(inconsistencies(workload, entries))
    return entries


def _report(result: "Verification", json_file: str | None) -> None:
    from rich.console import Console

    from onnx2zz.files.written_file import write_whole
    from onnx2zz.proof.result import as_json
    from onnx2zz.report.verification import print_verification

    if json_file not in (None, "-"):
        write_whole(Path(json_file), as_json(result))
    if json_file == "-":
        click.echo(as_json(result), nl=False)
    else:
        print_verification(result, Console(file=sys.stdout))
