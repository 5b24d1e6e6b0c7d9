"""`onnx2zz convert`: files of other forms as ZigZag's of today, and workloads as other tools read them."""

from collections.abc import Iterable

import click

from onnx2zz.printable import printable

FORMS = ("scale-sim", "scale-sim-gemm", "accelforge")


@click.command("convert")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--to", "form", type=click.Choice(FORMS), help="Write a workload.yaml in another tool's form.")
@click.option("-o", "--output", metavar="FILE|DIR", help="Where to write it; a folder where several files come of it.")
def convert_command(files: tuple[str, ...], form: str | None, output: str | None) -> None:
    """Write ZigZag's Python, SCALE-Sim's CSV or Timeloop's YAML as ZigZag's YAML, or a workload in another form."""
    if form is None:
        _to_yaml(files, output)
        return
    if len(files) > 1:
        raise click.UsageError("--to takes one workload")
    for path in files:
        _to_other_form(path, form, output)


def _to_yaml(files: tuple[str, ...], output: str | None) -> None:
    from onnx2zz.conversion.read import read_any
    from onnx2zz.conversion.yaml_files import places, yaml_text

    documents = read_any(files)
    targets = places(documents, output)
    for document, target in zip(documents, targets, strict=True):
        _tell(f"{document.kind}: {note}" for note in document.notes)
        _put(yaml_text(document), None if target is None else str(target), document.kind)


def _to_other_form(path: str, form: str, output: str | None) -> None:
    from onnx2zz.conversion.write import FORMS as KNOWN
    from onnx2zz.conversion.write import written_as

    written = written_as(next(known for known in KNOWN if known == form), path)
    _tell(written.notes)
    _put(written.text, output, form)


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(f"note: {printable(note)}", err=True)


def _put(text: str, target: str | None, what: str) -> None:
    if target is None:
        click.echo(text, nl=False)
        return
    from pathlib import Path

    from onnx2zz.files.written_file import write_whole

    write_whole(Path(target), text)
    click.echo(f"{printable(target)}: {what}")
