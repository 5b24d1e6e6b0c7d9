"""`onnx2zz list`: what ships, by the names that other commands take."""

from typing import TYPE_CHECKING, Literal, get_args

import click

if TYPE_CHECKING:
    from onnx2zz.formats.shipped_files import Shelf

Kind = Literal["models", "accelerators", "mappings", "systems"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
def list_command(kind: Kind | None) -> None:
    """List the names of what ships with onnx2zz, and with ZigZag: models, accelerators, mappings or systems; all of
    them if none is said."""
    from onnx2zz.formats.shipped_files import ACCELERATORS, MAPPINGS, MODELS, SYSTEMS

    shelves = {"models": MODELS, "accelerators": ACCELERATORS, "mappings": MAPPINGS, "systems": SYSTEMS}
    for name in [kind] if kind else KINDS:
        for line in ([] if kind else [f"{name}:"]) + [
            f"{'' if kind else '  '}{entry}" for entry in _entries(shelves[name])
        ]:
            click.echo(line)


def _entries(shelf: "Shelf") -> list[str]:
    """Names, ours first; ZigZag's with who ships them. One that both have is ours, `zigzag:NAME` the other."""
    from onnx2zz.formats.shipped_files import SYSTEMS, ZIGZAG, ours, zigzags

    mine = ours(shelf)
    theirs = {} if shelf is SYSTEMS else zigzags(shelf)
    width = max(map(len, (*mine, *theirs)), default=0)
    return [*mine, *(f"{name:{width}}  ZigZag's{f', as {ZIGZAG}{name}' if name in mine else ''}" for name in theirs)]
