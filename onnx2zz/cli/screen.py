"""Where tables are printed: as wide as a terminal is, and as wide as they are in a pipe or a file."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

UNCUT = 1000
"""Columns of what is no terminal: a name that was cut there is no name to search for, or to count by."""


def screen() -> "Console":
    """Stdout. Whoever sets COLUMNS has that many."""
    from rich.console import Console

    cut = sys.stdout.isatty() or os.environ.get("COLUMNS")
    # Names of layers are names: `:cat:` in one is no picture.
    return Console(file=sys.stdout, width=None if cut else UNCUT, emoji=False)
