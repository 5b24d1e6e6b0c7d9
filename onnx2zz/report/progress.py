"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

import math
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
EVERY = 1.0
"""Seconds between two lines at least."""


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
    """A line for a layer that is begun, with the time that is left at the pace so far: for the first, and for none
    within a second of the last line, since a system has hundreds of tiles."""

    def __init__(self, stream: TextIO):
        self._stream, self._begun, self._start = stream, 0, time.monotonic()
        self._told = -math.inf

    def __call__(self, done: int, total: int, layer: str) -> None:
        now = time.monotonic()
        if not layer:
            self._begun, self._start, self._told = 0, now, -math.inf
            return
        self._begun += 1
        if now - self._told < EVERY:
            return
        self._told = now
        left = (now - self._start) / done * (total - done) if done else None
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
