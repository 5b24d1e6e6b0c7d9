"""How far a run is: a bar on a terminal, a line a layer elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from onnx2zz.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress

LONGEST = 60
"""Characters of a name that are shown."""


@contextmanager
def progress_on_stderr() -> Generator[Callable[[int, int, str], None]]:
    """Yields a function to call with (layers done, layers in all, name of the layer at work).

    Both hold this very stream, so that stderr may be redirected later on without loss.
    """
    # FORCE_COLOR makes any stream a terminal to rich, and a CI system keeps every state of a bar: lines are for both.
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield _Lines(sys.stderr)
        return
    with _bar(sys.stderr) as bar:
        task = bar.add_task("reading the files", total=None)
        yield lambda done, total, layer: bar.update(
            task, completed=done, total=total, description=printable(layer, LONGEST)
        )


class _Lines:
    """A line for each layer that is begun, with the time that is left at the pace so far."""

    def __init__(self, stream: TextIO):
        self._stream, self._begun, self._start = stream, 0, time.monotonic()

    def __call__(self, done: int, total: int, layer: str) -> None:
        if not layer:
            self._begun, self._start = 0, time.monotonic()
            return
        self._begun += 1
        left = (time.monotonic() - self._start) / done * (total - done) if done else None
        told = "" if left is None else f", about {left:.0f} s left"
        self._stream.write(f"{self._begun}/{total} {printable(layer, LONGEST)}{told}\n")


def _bar(stream: TextIO) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    )
