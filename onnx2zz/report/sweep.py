"""The table of a sweep: the Pareto front of each model."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.design_space.columns import OPTIONS
from onnx2zz.printable import printable
from onnx2zz.report.whole_table import print_whole

Row = Mapping[str, object]


def print_fronts(
    rows: Sequence[Row], fronts: Mapping[str, Sequence[Row]], objectives: Sequence[str], console: Console
) -> None:
    """Print the fronts; options that are the same in all runs are left out."""
    varying = [name for name in OPTIONS if name == "accelerator" or len({row[name] for row in rows}) > 1]
    for model, front in fronts.items():
        head = printable(f"Pareto front of {model}: {', '.join(objectives)}")
        console.print(head, style="bold", highlight=False, markup=False)
        table = _table(varying, objectives)
        for row in front:
            how = (Text(printable(str(row[name]))) for name in varying)
            table.add_row(*how, *(f"{row[name]:,.10g}" for name in objectives))
        print_whole(table, console)


def _table(varying: Sequence[str], objectives: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in varying:
        table.add_column(name, no_wrap=True)
    for name in objectives:
        table.add_column(name, justify="right", no_wrap=True)
    return table
