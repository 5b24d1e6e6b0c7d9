"""`onnx2zz validate`: published figures of chips and of other models beside ours."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnx2zz.cli import completion
from onnx2zz.cli.cache import cache_option
from onnx2zz.cli.exit_codes import DIFFERS
from onnx2zz.cli.screen import screen
from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.validation.run import Outcome


@click.command("validate")
@click.argument("cases", nargs=-1, metavar="[CASE ...]", shell_complete=completion.cases)
@click.option("--list", "listed", is_flag=True, help="List the cases and leave.")
@cache_option
@click.option("--no-cache", is_flag=True, help="Neither take prices from earlier runs nor keep any.")
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Write what was found as JSON; - is stdout, without tables."
)
@click.option("--update-golden", "update", is_flag=True, help="Keep what is found as our figures of the case.")
@click.pass_context
def validate_command(
    ctx: click.Context,
    cases: tuple[str, ...],
    listed: bool,
    cache_folder: Path | None,
    no_cache: bool,
    json_file: str | None,
    update: bool,
) -> None:
    """Price what was published, and say how far ours is from it (docs/validation.md).

    CASE is the name of a case that ships, or a folder with a case.yaml; without one all that ship are run. The exit
    code is 1 if a figure leaves its band, or is not what it was.
    """
    from onnx2zz.api.validate import chosen, outcomes
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.report.validation import document, print_outcome
    from onnx2zz.validation.keep import keep

    asked = chosen(cases)
    if listed:
        for case in asked:
            click.echo(printable(f"{case.name}: {case.title} ({case.label}, {len(case.figures)} figures)"))
        return
    console = screen()
    found: list[Outcome] = []
    for outcome in outcomes(asked, False if no_cache else cache_folder or True, _tell, _tell):
        found.append(outcome)
        # Kept one by one: whoever stops a long run keeps what it has found so far.
        if update:
            keep(outcome)
        if json_file != "-":
            print_outcome(outcome, console)
    text = json_text(document(found), indent=2) + "\n"
    if json_file == "-":
        click.echo(text, nl=False)
    elif json_file is not None:
        write_whole(Path(json_file), text)
    # Of figures that have just been kept nobody asks whether they are what was kept; bands hold all the same.
    if not all(one.in_band and (update or one.as_kept) for outcome in found for one in outcome.held):
        ctx.exit(DIFFERS)


def _tell(sentence: str) -> None:
    click.echo(printable(sentence), err=True)
