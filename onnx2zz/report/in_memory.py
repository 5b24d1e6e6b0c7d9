"""An array that computes in memory: its clock, its area by part, and its rates at their peak and as achieved."""

from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.in_memory import InMemoryTotal
from onnx2zz.pricing.result import Evaluation
from onnx2zz.printable import printable
from onnx2zz.report.quantity import TIME, quantity

LARGEST = 4
"""Parts of an area or a clock period that are named."""


def print_in_memory(evaluation: Evaluation, console: Console) -> None:
    """Print what the array's own figures say; nothing for other accelerators."""
    found = evaluation.total.in_memory
    if found is None:
        return
    kind = "Analog" if found.array.analog else "Digital"
    console.print()
    console.print(f"{kind} compute in memory", style="bold", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    for head in ("Array", "Value"):
        table.add_column(head, no_wrap=True)
    table.add_column("Of it")
    for name, value, part in _rows(evaluation, found):
        table.add_row(name, value, Text(printable(part)))
    console.print(table)


def _rows(evaluation: Evaluation, found: InMemoryTotal) -> Iterator[tuple[str, str, str]]:
    array = found.array
    yield "Clock period", f"{array.tclk_ns:.3f} ns", _largest(array.tclk_by_part, "ns")
    yield "Latency", quantity(found.latency_ns, TIME), _beside(evaluation, found)
    yield "Area", f"{array.area_mm2:.4f} mm2", _largest(array.area_by_part, "mm2")
    yield "Peak", f"{array.tops_peak:.3f} TOP/s", f"{array.topsw_peak:.1f} TOP/s/W, {array.topsmm2_peak:.1f} TOP/s/mm2"
    if found.input_toggle != 1:
        yield "Peak", f"{found.topsw_peak_at_toggle:.1f} TOP/s/W", f"at a toggle rate of {found.input_toggle:g}"
    if found.tops is not None:
        yield "Achieved", f"{found.tops:.3f} TOP/s", f"{found.topsw:.3f} TOP/s/W"
    if found.array_tops is not None and found.companion_latency_ns:
        yield "By the array", f"{found.array_tops:.3f} TOP/s", f"{found.array_topsw:.3f} TOP/s/W"


def _beside(evaluation: Evaluation, found: InMemoryTotal) -> str:
    names = [layer.name for layer in evaluation.layers if layer.priced_on is not None]
    if not names:
        return ""
    count = f"{len(names)} layer{'s' * (len(names) != 1)}"
    return f"{quantity(found.companion_latency_ns, TIME)} on {found.companion}, {count}"


def _largest(parts: Mapping[str, float], unit: str) -> str:
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {value:.3g}" for name, value in ordered[:LARGEST] if value) + f" {unit}"
