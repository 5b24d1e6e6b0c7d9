"""What the user should know of a model's file, and what is no fault."""

from collections.abc import Iterable

from onnx2zz.cli.talk import notice


def tell_notes(notes: Iterable[str]) -> None:
    """Says on stderr what was noted while a model was read and lowered."""
    for note in notes:
        notice(f"note: {note}")
