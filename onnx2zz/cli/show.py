"""`onnx2zz show`: an accelerator to look at."""

from pathlib import Path

import click

from onnx2zz.cli import completion


@click.command("show")
@click.argument("arch", metavar="ARCH", shell_complete=completion.architectures)
@click.option("--svg", "svg_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw it.")
def show_command(arch: str, svg_file: Path | None) -> None:
    """Show an accelerator (a file, or the name of one that ships): its memories from the highest to the array, what
    they hold, their ports and widths, what an access costs. Of a system of cores, each kind of core."""
    from onnx2zz.api.show import shown
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.report.hardware import lines, svg

    found = shown(arch)
    if svg_file is not None and len(found) > 1:
        raise click.UsageError(f"{arch} has {len(found)} kinds of cores: show one of them, {', '.join(found)}")
    if svg_file is not None:
        ((name, document),) = found.items()
        write_whole(svg_file, svg(name, document))
    click.echo("\n\n".join("\n".join(lines(name, document)) for name, document in found.items()))
