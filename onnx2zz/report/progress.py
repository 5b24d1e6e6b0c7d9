"""How far a run is: a bar on a terminal, a line a layer elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_on_stderr() -> Iterator[Callable[[int, int, str], None]]:
    """Yields a function to call with (layers done, layers in all, name of the layer at work)."""
    console = Console(file=sys.stderr)  # this very stream, so that it may be redirected later on without loss
    if not console.is_terminal:
        yield lambda done, total, layer: console.print(f"{done + 1}/{total} {layer}") if layer else None
        return
    with _bar(console) as bar:
        task = bar.add_task("reading the files", total=None)
        yield lambda done, total, layer: bar.update(task, completed=done, total=total, description=layer)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
