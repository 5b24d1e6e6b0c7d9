"""A whole result on a terminal: the table of layers, then what only some results have."""

from rich.console import Console

from onnx2zz.pricing.result import Evaluation
from onnx2zz.report.choices import print_choices
from onnx2zz.report.footprint import print_footprint
from onnx2zz.report.table import print_table


def print_evaluation(evaluation: Evaluation, console: Console, full: bool) -> None:
    """Print all of it; a block of layers that comes again and again once, unless `full`."""
    print_table(evaluation, evaluation.mapping or "", console, full)
    print_footprint(evaluation, console)
    if evaluation.system is not None:
        from onnx2zz.report.system import print_system

        print_system(evaluation, console)
    print_choices(evaluation, console)
    _print_beside(evaluation, console)


def _print_beside(evaluation: Evaluation, console: Console) -> None:
    """What stands beside ZigZag's numbers; that most results have none of it is seen without importing how it is
    shown."""
    if evaluation.extracted:
        from onnx2zz.report.extracted import print_extracted

        print_extracted(evaluation, console)
    if evaluation.total.in_memory is not None:
        from onnx2zz.report.in_memory import print_in_memory

        print_in_memory(evaluation, console)
    if evaluation.sidecar is not None:
        from onnx2zz.report.physical import print_physical

        print_physical(evaluation, console)
    if evaluation.events_from is not None:
        from onnx2zz.report.events import print_events

        print_events(evaluation, console)
