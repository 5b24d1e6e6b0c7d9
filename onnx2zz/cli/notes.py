"""What the user should know of a model's file, and what is no fault."""

from typing import TYPE_CHECKING

import click

from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled


def tell_notes(compiled: "Compiled") -> None:
    """Says on stderr what was noted while a model was read and lowered."""
    for note in compiled.notes:
        click.echo(f"note: {printable(note)}", err=True)
