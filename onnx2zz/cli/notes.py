"""What the user should know of a model's file, and what is no fault."""

from collections.abc import Iterable

import click

from onnx2zz.printable import printable


def tell_notes(notes: Iterable[str]) -> None:
    """Says on stderr what was noted while a model was read and lowered."""
    for note in notes:
        click.echo(f"note: {printable(note)}", err=True)
