"""The table of chosen mappings: one row for each kind of layer and mapping, with what came second."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.certificate import Certificate
from onnx2zz.pricing.choice_record import ChoiceRecord, RunnerUp
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.printable import printable
from onnx2zz.report.undeclared_wires import ChosenLayer, undeclared_wires
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective


def print_choices(evaluation: Evaluation, console: Console) -> None:
    """What was chosen for which layers, and why; nothing where no mapping was chosen."""
    chosen = [layer for layer in evaluation.layers if layer.choice]
    if not chosen:
        return
    opt = _minimised(evaluation.opt)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    for head in ("Chosen for", "Mapping", "From", "Priced", "Next best"):
        table.add_column(head, overflow="fold")
    for layers in _alike(chosen):
        table.add_row(*_row(layers, opt))
    console.print()
    console.print(table)
    told = [ChosenLayer(layer.name, layer.choice) for layer in chosen if layer.choice]
    for said in _sentences(evaluation.total.certificate, told, evaluation.accelerator, opt):
        console.print(Text(printable(said)))


def told_of_choices(evaluation: Mapping[str, Any]) -> list[str]:
    """What follows that table, of a result as its JSON has it."""
    certificate = evaluation["total"].get("certificate")
    told = [ChosenLayer(layer["name"], layer["choice"]) for layer in evaluation["layers"] if layer.get("choice")]
    proof = Certificate(**certificate) if certificate else None
    return _sentences(proof, told, evaluation["accelerator"], _minimised(evaluation["opt"])) if told else []


def _sentences(
    certificate: Certificate | None, layers: Sequence[ChosenLayer], accelerator: str, opt: ObjectiveName
) -> list[str]:
    """What is proven of the whole network, and what wires that nobody declared would save."""
    proof = [proven(certificate)] if certificate else []
    return [*proof, *undeclared_wires(layers, accelerator, objective(opt))]


def proven(certificate: Certificate) -> str:
    """What `--mapping optimal` proves of the whole network, in a sentence."""
    asked = objective(certificate.objective)
    unit = asked.unit if asked.of_all == asked.name else f"{asked.unit} of {asked.of_all}"
    counts = f"{certificate.priced:,} priced, {certificate.bounded:,} ruled out by bounds, {certificate.left:,} left"
    if certificate.gap is None:
        return f"Of some layers nothing is proven ({counts})."
    least = f"{certificate.price:,.0f} {unit}: no mapping of the space takes less than {certificate.bound:,.0f}"
    return f"{least}, a gap of {certificate.gap:.3%} ({counts})."


def _alike(layers: Sequence[LayerResult]) -> list[list[LayerResult]]:
    """Layers of one type with one mapping, in order of appearance."""
    groups: dict[str, list[LayerResult]] = {}
    for layer in layers:
        groups.setdefault(repr((layer.operator_type, _unrolled(layer.spatial_mapping))), []).append(layer)
    return list(groups.values())


def _row(layers: Sequence[LayerResult], opt: ObjectiveName) -> tuple[Text, ...]:
    choices = [layer.choice for layer in layers if layer.choice is not None]
    first = layers[0]
    name = f"{first.operator_type} {first.name.split('_')[0]}" + (f" +{len(layers) - 1}" if len(layers) > 1 else "")
    origins = ", ".join(dict.fromkeys(choice["origin"] or "mapping file" for choice in choices))
    most = max(choices, key=lambda choice: choice["priced"])
    priced = f"{most['priced']} of {most['priced'] + most['enumerated']}"
    cells = (name, _unrolled(first.spatial_mapping), origins, priced, _second(choices, opt))
    return tuple(Text(printable(cell)) for cell in cells)


def _second(choices: Sequence[ChoiceRecord], opt: ObjectiveName) -> str:
    """What the best runner-up costs more, in what is minimised, where it is closest."""
    asked = objective(opt)
    shares: list[tuple[float, RunnerUp]] = []
    for choice in choices:
        least = _cost(choice["honest_energy_pj"], choice["honest_latency_cycles"], opt)
        for other in choice["runners_up"]:
            cost = _cost(other["honest_energy_pj"], other["honest_latency_cycles"], opt)
            if least and cost and not other["refused"]:
                shares.append((cost / least, other))
    if not shares:
        return "none"
    share, other = min(shares, key=lambda pair: pair[0])
    return f"{share:.2f}x {asked.unit}: {_unrolled(other['spatial_mapping'])} ({other['origin']})"


def _minimised(opt: str) -> ObjectiveName:
    return next(name for name in NAMES if name == opt)


def _cost(energy: float | None, cycles: float | None, opt: ObjectiveName) -> float | None:
    return None if energy is None or cycles is None else objective(opt).value(energy, cycles)


def _unrolled(mapping: Mapping[str, Mapping[str, float]] | None) -> str:
    dims = (mapping or {}).values()
    return " | ".join(" ".join(f"{loop}{factor:g}" for loop, factor in d.items() if factor > 1) or "-" for d in dims)
