"""`onnx2zz compare`: two evaluations side by side."""

from pathlib import Path

import click

from onnx2zz.cli.exit_codes import INCOMPLETE
from onnx2zz.printable import printable


@click.command("compare")
@click.argument("first", metavar="A.json")
@click.argument("second", metavar="B.json")
@click.option("--html", "html_file", required=True, metavar="FILE", help="Where the report goes: one file to look at.")
@click.pass_context
def compare_command(ctx: click.Context, first: str, second: str, html_file: str) -> None:
    """Put two results of `evaluate` (--json, or result.json) side by side, layer by layer, by their names.

    Exit code 3 if one of them is incomplete: what it lacks would pass for saved.
    """
    from onnx2zz.errors import Problem, noted_in, raise_if_any
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.report.comparison import is_incomplete, line
    from onnx2zz.report.page import PageRun, page
    from onnx2zz.report.saved_run import read_run

    problems: list[Problem] = []
    runs: list[PageRun] = []
    for file in (first, second):
        with noted_in(problems):
            runs.append(read_run(Path(file)))
    raise_if_any(problems)
    write_whole(Path(html_file), page(runs))
    for run in runs:
        click.echo(printable(line(run)))
    if any(map(is_incomplete, runs)):
        ctx.exit(INCOMPLETE)
