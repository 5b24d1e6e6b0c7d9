"""What an event-driven core would spend, layer by layer, beside the dense number."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.event_driven import LayerEvents
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.printable import printable
from onnx2zz.report.quantity import ENERGY, quantity
from onnx2zz.report.system_events import system_events_told
from onnx2zz.report.table import SHORTEST_NAME, energy_unit

DENSE = "*"


def print_events(evaluation: Evaluation, console: Console) -> None:
    """Print densities, executed operations, energies and events; nothing where none were counted."""
    if evaluation.total.events is None or evaluation.events_from is None:
        return
    console.print()
    inputs = evaluation.events_from.inputs
    source = "random inputs" if inputs == "random" else f"the inputs in {inputs}"
    console.print(printable(f"Event-driven, on {source}"), style="bold", highlight=False, markup=False)
    narrowest = console.measure(_table(evaluation, SHORTEST_NAME), options=console.options.update(width=1000))
    console.print(_table(evaluation, SHORTEST_NAME + max(console.width - narrowest.maximum, 0)))
    for sentence in (*_sentences(evaluation), *_of_system(evaluation)):
        console.print(sentence, highlight=False, markup=False)


def _of_system(evaluation: Evaluation) -> Iterator[str]:
    return system_events_told(evaluation.system) if evaluation.system is not None else iter(())


def _table(evaluation: Evaluation, name_width: int) -> Table:
    scale, unit = energy_unit(_dense_pj(evaluation))
    total = evaluation.total.events
    assert total is not None
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_footer=True, show_edge=False, pad_edge=False
    )
    table.add_column("Layer", "Total", min_width=SHORTEST_NAME, no_wrap=True)
    for head, foot in (
        ("Density", ""),
        ("Executed", f"{total.operations_executed:,}"),
        (f"Dense [{unit}]", f"{_dense_pj(evaluation) / scale:,.1f}"),
        (f"Events [{unit}]", f"{total.energy_pj / scale:,.1f}"),
        ("NoC events", f"{total.noc_events:,}"),
    ):
        table.add_column(Text(head), foot, justify="right", no_wrap=True)
    for layer in evaluation.layers:
        table.add_row(Text(printable(layer.name, name_width)), *_cells(layer, scale))
    return table


def _dense_pj(evaluation: Evaluation) -> float:
    """What the energies of the layers come to: on a system without links and what lies off the chip."""
    return evaluation.total.energy_pj if evaluation.system is None else evaluation.system.energy["cores_pj"]


def _cells(layer: LayerResult, scale: float) -> tuple[str, ...]:
    events = layer.events
    if events is None:
        return ("", "", "not priced", "", "")
    return (
        _density(events),
        f"{events.operations_executed:,}",
        f"{(layer.energy_pj or 0) / scale:,.1f}",
        f"{events.energy_pj / scale:,.1f}{DENSE if events.why_dense else ''}",
        f"{events.noc_events:,}",
    )


def _density(events: LayerEvents) -> str:
    """The share of the activation, and of the second operand where the run brings it as well."""
    return ", ".join(f"{share:.0%}" for _, share in sorted(events.density.items()))


def _sentences(evaluation: Evaluation) -> list[str]:
    total, source = evaluation.total.events, evaluation.events_from
    assert total is not None and source is not None
    said: list[str] = []
    if total.noc_energy_pj is not None:
        noc = quantity(total.noc_energy_pj, ENERGY)
        said.append(f"NoC: {total.noc_events:,} events, {noc}, not in the energies above.")
    reasons = dict.fromkeys(layer.events.why_dense for layer in evaluation.layers if layer.events)
    said += [f"{DENSE} priced dense: {reason}." for reason in reasons if reason]
    if source.random_weights:
        said.append(
            f"{source.random_weights} layers have random weights, as the model's files lack theirs: after a ReLU about "
            "half of the values are then zero, whatever the trained network would show."
        )
    if source.not_run:
        said.append(f"onnxruntime did not run {', '.join(source.not_run)}: what follows saw random values.")
    return said
