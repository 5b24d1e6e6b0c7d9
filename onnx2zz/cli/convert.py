"""`onnx2zz convert`: files of other forms as ZigZag's of today, and workloads as other tools read them."""

from typing import TYPE_CHECKING

import click

from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.conversion.write import Form

FORMS = ("scale-sim", "scale-sim-gemm", "accelforge")


@click.command("convert")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--to", "form", type=click.Choice(FORMS), help="Write a workload.yaml in another tool's form.")
@click.option("-o", "--output", metavar="FILE|DIR", help="Where to write it; a folder where several files come of it.")
def convert_command(files: tuple[str, ...], form: "Form | None", output: str | None) -> None:
    """Write ZigZag's Python, SCALE-Sim's CSV or Timeloop's YAML as ZigZag's YAML, or a workload in another form."""
    from onnx2zz.api.convert import convert
    from onnx2zz.conversion.yaml_files import no_folder

    if form is not None and len(files) > 1:
        raise click.UsageError("--to takes one workload")
    found = convert(*files, to=form, output=output)
    if output is None and len(found) > 1:
        raise no_folder([one.kind for one in found])
    for one in found:
        for note in one.notes:
            click.echo(f"note: {printable(note if form else f'{one.kind}: {note}')}", err=True)
        if one.file is None:
            click.echo(one.text, nl=False)
        else:
            click.echo(f"{printable(str(one.file))}: {one.kind}")
