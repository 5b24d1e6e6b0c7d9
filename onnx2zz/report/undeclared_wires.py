"""What wires would save that the accelerator does not declare, in sentences: for the terminal and the page."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from onnx2zz.pricing.choice_record import ChoiceRecord, UndeclaredRecord
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.printable import printable
from onnx2zz.zigzag.objective import NAMES, Objective, objective

WORTH_A_SENTENCE = 0.001
"""Of the whole network; less than this is in the JSON only."""


def print_undeclared_wires(evaluation: Evaluation, console: Console) -> None:
    """A sentence for each set of wires that would save something; nothing where no mapping was chosen."""
    for said in undeclared_wires(evaluation):
        console.print(Text(printable(said)))


def undeclared_wires(evaluation: Evaluation) -> list[str]:
    """What each set of undeclared wires would save at least, the largest saving first; layers that need the same wires
    are added up."""
    asked = next(objective(name) for name in NAMES if name == evaluation.opt)
    everything = sum(_chosen(layer.choice, asked) for layer in evaluation.layers if layer.choice)
    groups: dict[frozenset[str], list[LayerResult]] = {}
    for layer in evaluation.layers:
        if found := _undeclared(layer):
            groups.setdefault(frozenset(wire["key"] for wire in found["needs"]), []).append(layer)
    savings = [(sum(_saved(layer, asked) for layer in layers), layers) for layers in groups.values()]
    savings.sort(key=lambda pair: -pair[0])
    worth = [(saved / everything, layers) for saved, layers in savings if saved >= WORTH_A_SENTENCE * everything]
    return [_sentence(share, layers, evaluation, asked) for share, layers in worth]


def _undeclared(layer: LayerResult) -> UndeclaredRecord | None:
    return layer.choice.get("undeclared") if layer.choice else None


def _chosen(choice: ChoiceRecord | None, asked: Objective) -> float:
    if choice is None or choice["honest_energy_pj"] is None or choice["honest_latency_cycles"] is None:
        return 0.0
    return asked.value(choice["honest_energy_pj"], choice["honest_latency_cycles"])


def _saved(layer: LayerResult, asked: Objective) -> float:
    found = _undeclared(layer)
    return _chosen(layer.choice, asked) * found["saves"] if found else 0.0


def _sentence(share: float, layers: Sequence[LayerResult], evaluation: Evaluation, asked: Objective) -> str:
    found = [one for layer in layers if (one := _undeclared(layer))]
    wires, keys = (sorted({wire[part] for one in found for wire in one["needs"]}) for part in ("what", "key"))
    most = max(layers, key=lambda layer: _saved(layer, asked))
    where = most.name if len(layers) == 1 else f"{len(layers)} layers, {most.name} first"
    would = f"{', '.join(wires)} would save at least {share:.1%} of the {asked.name} ({where})"
    way = f"say so in {evaluation.accelerator}.onnx2zz.yaml: interconnect: {{{', '.join(keys)}}}"
    return f"Refused for wires that are not declared: {would}. If the chip has them, {way}"
