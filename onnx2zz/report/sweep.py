"""The table of a sweep: the Pareto front of each model, what its runs buy, and which parameter moves which total."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.design_space.columns import OPTIONS
from onnx2zz.design_space.front import ALL
from onnx2zz.printable import printable
from onnx2zz.report.sweep_words import MEANING_OF_ALL, heading
from onnx2zz.report.whole_table import print_whole

Row = Mapping[str, object]


def print_fronts(
    rows: Sequence[Row],
    fronts: Mapping[str, Sequence[Row]],
    objectives: Sequence[str],
    told: Mapping[str, Mapping[str, Sequence[str]]],
    um2: bool,
    console: Console,
) -> None:
    """Print the fronts, and what `decisions` (sweep_words.py) tells of each; options that are the same in all runs are
    left out. `um2`: areas are in um2."""
    # What all runs have alike tells none of them apart; the accelerator stays, since a row without any name says
    # nothing.
    varying = [name for name in OPTIONS if name == "accelerator" or len({row[name] for row in rows}) > 1]
    for model, front in fronts.items():
        head = printable(f"Pareto front of {model}: {', '.join(objectives)}")
        console.print(head, style="bold", highlight=False, markup=False)
        if model == ALL:
            console.print(MEANING_OF_ALL, style="dim", highlight=False, markup=False, soft_wrap=True)
        table = _table(varying, [heading(name, um2) for name in objectives])
        for row in front:
            # As Text and not as str: names come from files, and brackets in them would be read as markup.
            how = (Text(printable(str(row[name]))) for name in varying)
            table.add_row(*how, *(_number(row[name]) for name in objectives))
        print_whole(table, console)
        for title, key in (("What they buy", "trade_offs"), ("What moves what, all else alike", "moves")):
            for line in [f"{title}:", *(f"  {one}" for one in told[model][key])] if told[model][key] else ():
                console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
        console.print()


def _number(value: object) -> str:
    """Ten digits, all of those before the point."""
    assert isinstance(value, int | float), "what lacks a number is on no front"
    return f"{value:,.10g}" if value < 1e10 else f"{value:,.0f}"


def _table(varying: Sequence[str], objectives: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in varying:
        table.add_column(name, no_wrap=True)
    for name in objectives:
        table.add_column(Text(name), justify="right", no_wrap=True)
    return table
