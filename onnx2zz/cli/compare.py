"""`onnx2zz compare`: which of several evaluations is better, and why."""

from pathlib import Path

import click

from onnx2zz.cli.exit_codes import INCOMPLETE
from onnx2zz.printable import printable


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.argument("more", metavar="[C ...]", nargs=-1)
@click.option("--html", "html_file", metavar="FILE", help="A report of all runs side by side: one file to look at.")
@click.option("--json", "json_file", metavar="FILE", help="All parts of the gaps as JSON; `-` is stdout.")
@click.option("--full", is_flag=True, help="Name every layer, also those of blocks that come again and again.")
@click.pass_context
def compare_command(
    ctx: click.Context,
    first: str,
    second: str,
    more: tuple[str, ...],
    html_file: str | None,
    json_file: str | None,
    full: bool,
) -> None:
    """Say which result of `evaluate` is better, and why: result.json, another --json file, or the folder it lies in.

    B, and each that follows, is set beside A: who wins what, and the gap in energy and latency taken apart by layer,
    memory and operand until most of it is explained. Layers are matched by name.

    Exit code 3 if one of them is incomplete: what it lacks would pass for saved.
    """
    from onnx2zz.api.compare import compare
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.files.written_file import write_whole

    found = compare(first, second, *more, full=full)
    if html_file is not None:
        found.to_html(html_file)
    document = json_text(found.to_dict(), indent=2) + "\n"
    if json_file not in (None, "-"):
        write_whole(Path(json_file), document)
    click.echo(
        document if json_file == "-" else "\n".join(printable(line) for line in found.lines), nl=json_file != "-"
    )
    if found.incomplete:
        ctx.exit(INCOMPLETE)
