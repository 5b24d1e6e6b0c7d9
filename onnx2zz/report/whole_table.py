"""Tables that are printed as wide as they are: a name that was cut is no name to search for."""

from rich.console import Console
from rich.table import Table

WIDEST = 1000


def print_whole(table: Table, console: Console) -> None:
    """Print a table uncut, wider than the console if need be, and an empty line."""
    before = console.width
    console.width = max(before, console.measure(table, options=console.options.update(width=WIDEST)).maximum)
    console.print(table)
    console.width = before
    console.print()
