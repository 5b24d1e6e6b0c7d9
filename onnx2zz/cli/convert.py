"""`onnx2zz convert`: files of other forms as ZigZag's of today."""

import click

from onnx2zz.printable import printable


@click.command("convert")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-o", "--output", metavar="FILE|DIR", help="Where to write it; a folder where several files come of it.")
def convert_command(files: tuple[str, ...], output: str | None) -> None:
    """Write FILE as ZigZag's YAML of today: accelerators, mappings and workloads in Python (before 2024-05)."""
    from onnx2zz.convert.read import read_any
    from onnx2zz.convert.yaml_files import places, yaml_text
    from onnx2zz.files.written_file import write_whole

    documents = read_any(files)
    targets = places(documents, output)
    for document in documents:
        for note in document.notes:
            click.echo(f"note: {printable(document.kind)}: {printable(note)}", err=True)
    for document, target in zip(documents, targets, strict=True):
        if target is None:
            click.echo(yaml_text(document), nl=False)
        else:
            write_whole(target, yaml_text(document))
            click.echo(f"{printable(str(target))}: {document.kind}")
