"""What CACTI said of the memories that ask for it (`auto_cost_extraction`)."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.result import Evaluation
from onnx2zz.printable import printable

HEADS = ("Read [pJ]", "Write [pJ]", "Area [mm2]")


def print_extracted(evaluation: Evaluation, console: Console) -> None:
    """pJ for an access of the full width, and mm2, of one instance of each memory; nothing where none was asked for."""
    if not evaluation.extracted:
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    table.add_column("By CACTI", no_wrap=True)
    for head in HEADS:
        table.add_column(Text(head), justify="right", no_wrap=True)
    for costs in evaluation.extracted:
        numbers = (f"{number:,.5g}" for number in (costs.read_pj, costs.write_pj, costs.area_mm2))
        table.add_row(Text(printable(costs.memory)), *numbers)
    console.print()
    console.print(table)
