"""`onnx2zz verify`: whether the workload computes what the model computes."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from onnx2zz.cli import completion
from onnx2zz.cli.exit_codes import DIFFERS, INCOMPLETE
from onnx2zz.cli.memory_limit import memory_limit_option
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options
from onnx2zz.cli.notes import tell_notes
from onnx2zz.cli.screen import screen
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.formats.workload_entry import WorkloadEntry
    from onnx2zz.proof.result import Verification
    from onnx2zz.proof.verify import VerifyOptions
    from onnx2zz.system.replay.result import Replay


@click.command("verify")
@click.argument("model", shell_complete=completion.models)
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
@click.option("--schedule", metavar="FOLDER", help="Play the schedule that `evaluate --arch SYSTEM -o FOLDER` wrote.")
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
    schedule: str | None,
    json_file: str | None,
    **options: Unpack[ModelArguments],
) -> None:
    """Run every layer of MODEL as ZigZag will read it, and compare with onnxruntime.

    Exit code 1 if anything differs: a value, a volume, an edge, a width; else 3 if not all was run that claims to be
    exact, or nothing was.

    With --schedule its tiles are run, each on what had come to its core by then.
    """
    if workload and schedule:
        raise click.UsageError("--workload and --schedule: a schedule is of the compiled workload; leave one out")
    written = _entries(workload) if workload else None
    compiled, asked = _asked(model, points, seed, inputs, options)
    if schedule:
        played = _played(compiled, Path(schedule), asked)
        _report_played(played, json_file)
        ctx.exit(DIFFERS if played.faults else 0 if played.complete else INCOMPLETE)
    result = _verified(compiled, asked, written)
    _report(result, json_file)
    if result.mismatches:
        ctx.exit(DIFFERS)
    if not result.complete:
        ctx.exit(INCOMPLETE)


def _asked(
    model: str, points: int, seed: int, inputs: str | None, options: ModelArguments
) -> "tuple[Compiled, VerifyOptions]":
    """The model, compiled, and how it is to be run."""
    chosen = compile_options(**options)
    from onnx2zz.compiler import compile_layers
    from onnx2zz.formats.shipped_files import find_model
    from onnx2zz.proof.given_inputs import read_inputs
    from onnx2zz.proof.verify import VerifyOptions

    found = find_model(model)
    if found.note:
        click.echo(printable(found.note), err=True)
    compiled = compile_layers(found.path, chosen)
    tell_notes(compiled.notes)
    given = read_inputs(Path(inputs), compiled.graph) if inputs else {}
    return compiled, VerifyOptions(points, seed, found.path.parent, given)


def _verified(
    compiled: "Compiled", asked: "VerifyOptions", written: "tuple[WorkloadEntry, ...] | None"
) -> "Verification":
    from onnx2zz.proof.by_hand.verify import verify_by_hand
    from onnx2zz.proof.verify import verify
    from onnx2zz.report.progress import progress_on_stderr

    with progress_on_stderr() as watch:
        return verify(compiled, asked, watch) if written is None else verify_by_hand(compiled, written, asked, watch)


def _played(compiled: "Compiled", folder: Path, asked: "VerifyOptions") -> "Replay":
    from onnx2zz.report.progress import progress_on_stderr
    from onnx2zz.system.replay.play import play

    with progress_on_stderr() as watch:
        return play(folder, compiled, asked, watch)


def _entries(workload: str) -> "tuple[WorkloadEntry, ...]":
    """The layers of a workload file. Raises InputError for what makes them no workload."""
    from onnx2zz.errors import raise_if_any
    from onnx2zz.formats.yaml_source import load_yaml
    from onnx2zz.pricing.workload_check import entries_with_fields, inconsistencies

    entries = entries_with_fields(workload, load_yaml(Path(workload)))
    raise_if_any(inconsistencies(workload, entries))
    return entries


def _report(result: "Verification", json_file: str | None) -> None:
    from onnx2zz.proof.result import as_json
    from onnx2zz.report.verification import print_verification

    if not _as_json(as_json(result), json_file):
        print_verification(result, screen())


def _report_played(result: "Replay", json_file: str | None) -> None:
    from onnx2zz.report.verification import print_replay
    from onnx2zz.system.replay.result import replay_json

    if not _as_json(replay_json(result), json_file):
        print_replay(result, screen())


def _as_json(text: str, json_file: str | None) -> bool:
    """Writes a result as JSON where that is asked for; whether it went to stdout."""
    from onnx2zz.files.written_file import write_whole

    if json_file not in (None, "-"):
        write_whole(Path(json_file), text)
    if json_file == "-":
        click.echo(text, nl=False)
    return json_file == "-"
