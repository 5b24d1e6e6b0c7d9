"""The tables of `onnx2zz zoo`."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.report.table import energy_unit
from onnx2zz.report.whole_table import print_whole
from onnx2zz.zoo.difference import Moved, Value
from onnx2zz.zoo.models import ZooModel
from onnx2zz.zoo.record import Record
from onnx2zz.zoo.run import ModelRun


def _table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), justify="right" if column in numbers else "left", no_wrap=True)
    return table


def print_list(models: Sequence[ZooModel], kept: Sequence[str], console: Console) -> None:
    """Print the models, where they come from, and what they are priced on in the golden files."""
    table = _table("Model", "From", "Golden on")
    for model, accelerators in zip(models, kept, strict=True):
        table.add_row(Text(model.name), model.origin, Text(accelerators))
    print_whole(table, console)


def print_runs(runs: Sequence[ModelRun], accelerators: Sequence[str], console: Console) -> None:
    """Print what was found, then faults, then what moved; the last line counts the green ones."""
    table = _table("Model", "Layers", "MACs", "Verified", "", numbers=("Layers", "MACs", "Verified"))
    for run in runs:
        table.add_row(Text(run.model.name), *_counts(run), verdict(run))
    print_whole(table, console)
    _print_prices(runs, accelerators, console)
    for run in runs:
        for fault in run.faults:
            console.print(f"{run.model.name}: {fault}", markup=False, highlight=False, soft_wrap=True)
    print_moved([moved for run in runs for moved in run.moved], console)
    for sentence in other_versions(runs):
        console.print(sentence, markup=False, highlight=False)
    console.print(f"{sum(run.green for run in runs)} of {len(runs)} models green", highlight=False)


def print_moved(moved: Sequence[Moved], console: Console) -> None:
    """Print what is not as it was, and by how much."""
    if not moved:
        return
    table = _table("Moved", "Where", "What", "Was", "Is", "By", numbers=("Was", "Is", "By"))
    for one in moved:
        by = "" if one.by is None else f"{one.by:+.3%}"
        table.add_row(Text(one.model), Text(one.place), Text(one.what), _value(one.was), _value(one.now), by)
    print_whole(table, console)


def other_versions(runs: Sequence[ModelRun]) -> list[str]:
    """Which versions made what moved, where they are others than those at hand."""
    said = {
        f"{package} {was[package]} made the golden on {step}, here is {now[package]}"
        for run in runs
        if run.moved and run.golden and run.found
        for step, now in run.found.made_with.items()
        for was in [run.golden.made_with.get(step, now)]
        for package in now
        if was.get(package, now[package]) != now[package]
    }
    return sorted(said)


def _counts(run: ModelRun) -> tuple[str, str, str]:
    if run.found is None:
        return ("", "", "")
    proof = run.verification
    checked = f"{proof.nodes_matched} of {proof.nodes_exact}" if proof else ""
    return (f"{len(run.found.layers):,}", f"{run.found.macs:,}", checked)


def _print_prices(runs: Sequence[ModelRun], accelerators: Sequence[str], console: Console) -> None:
    """Print what the evaluated models cost in all."""
    table = _table("Priced", "On", "Energy", "Cycles", "", numbers=("Energy", "Cycles"))
    for run in runs:
        for name in accelerators:
            if run.found and name in run.found.accelerators:
                energy, cycles = run.found.total(name)
                scale, unit = energy_unit(energy)
                numbers = (f"{energy / scale:,.1f} {unit}", f"{cycles:,.0f}")
                table.add_row(Text(run.model.name), Text(name), *numbers, _incomplete(run.found, name))
    if table.row_count:
        print_whole(table, console)


def _incomplete(found: Record, accelerator: str) -> str:
    missing = found.unpriced(accelerator)
    return f"incomplete: {missing} of {len(found.layers)} layers not priced" if missing else ""


def verdict(run: ModelRun) -> str:
    """The run in two words."""
    if run.faults:
        return "red: at fault"
    if run.updated:
        return "golden written"
    if run.golden is None:
        return "red: no golden"
    return f"red: {len(run.moved)} moved" if run.moved else "green"


def _value(value: Value) -> Text:
    if isinstance(value, int | float):
        return Text(f"{value:,.10g}" if value != round(value) else f"{value:,.0f}")
    return Text("none" if value is None else value)
