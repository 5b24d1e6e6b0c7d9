"""`onnx2zz show`: an accelerator to look at."""

from pathlib import Path

import click

from onnx2zz.cli import completion


@click.command("show")
@click.argument("arch", metavar="ARCH", shell_complete=completion.architectures)
@click.option("--svg", "svg_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw it.")
def show_command(arch: str, svg_file: Path | None) -> None:
    """Show an accelerator (a file, or the name of one that ships): its memories from the highest to the array, what
    they hold, their ports and widths, what an access costs and where that figure comes from. Of a system of cores, each
    kind of core; its drawing has the network too."""
    from onnx2zz.api.show import shown
    from onnx2zz.files.written_file import write_whole

    found = shown(arch)
    if svg_file is not None:
        write_whole(svg_file, found.svg)
    click.echo("\n".join(found.lines))
