"""What decides at scale, below the table of layers: work, weights and caches by block, and what a token costs."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.footprint import Footprint, PricedBlock
from onnx2zz.pricing.rate import PJ_PER_JOULE, Rate
from onnx2zz.pricing.result import Evaluation
from onnx2zz.printable import printable
from onnx2zz.report.quantity import BYTES, ENERGY, quantity, significant


def print_footprint(evaluation: Evaluation, console: Console) -> None:
    """Print the footprint of a network that repeats blocks or keeps caches, and the rate that was asked for; nothing
    where there is neither."""
    whole = evaluation.footprint
    if whole is not None and (evaluation.blocks or whole.cache_bits):
        console.print()
        console.print(_table(evaluation, whole))
    if evaluation.per is not None:
        console.print(printable(rate_told(evaluation.per)), highlight=False, markup=False)


def _table(evaluation: Evaluation, whole: Footprint) -> Table:
    caches = bool(whole.cache_bits)
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_footer=True, show_edge=False, pad_edge=False
    )
    table.add_column("At scale", "Total", no_wrap=True)
    heads = ("MACs", "Weights", *(["Caches"] if caches else []), "MACs/bit", "Energy")
    for head, foot in zip(heads, _numbers(whole, caches), strict=True):
        table.add_column(head, foot, justify="right", no_wrap=True)
    for name, part in _parts(evaluation):
        table.add_row(Text(printable(name)), *_numbers(part, caches))
    return table


def _parts(evaluation: Evaluation) -> Iterator[tuple[str, Footprint]]:
    """Each block, told by its first layer, and what is in none of them."""
    for one in evaluation.blocks:
        if isinstance(one, PricedBlock):
            yield f"{one.times} x {one.layers} layers from L{evaluation.layers[one.first].id}", one.footprint
    if evaluation.outside_blocks is not None:
        yield "other layers", evaluation.outside_blocks


def _numbers(part: Footprint, caches: bool) -> tuple[str, ...]:
    intensity = "" if part.macs_per_bit is None else significant(part.macs_per_bit, 3)
    weights, kept = (quantity(bits, BYTES) if bits else "" for bits in (part.weight_bits, part.cache_bits))
    return (f"{part.macs:,}", weights, *([kept] if caches else []), intensity, quantity(part.energy_pj, ENERGY))


def rate_told(rate: Rate) -> str:
    """What one token, frame or sample costs, and how many of them there are a second."""
    least = "at least " if rate.incomplete else ""
    costs = f"{least}{quantity(rate.joules * PJ_PER_JOULE, ENERGY)}, {rate.latency_cycles:,.0f} cycles"
    many = f"{rate.unit}{'s' * (rate.count != 1)}"
    speed = "no clock is known that would say how many a second"
    if rate.per_second is not None:
        speed = f"{'at most ' if rate.incomplete else ''}{significant(rate.per_second, 4)} {rate.unit}s a second"
    return (
        f"For a {rate.unit}: {costs}, {rate.macs:,.0f} MACs; {speed} ({rate.count:,} {many} in a run: {rate.decided})"
    )
