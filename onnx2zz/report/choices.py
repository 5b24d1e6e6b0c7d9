"""The table of chosen mappings: one row for each kind of layer and mapping, with what came second."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.choice_record import ChoiceRecord
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.printable import printable


def print_choices(evaluation: Evaluation, console: Console) -> None:
    """What was chosen for which layers, and why; nothing where no mapping was chosen."""
    chosen = [layer for layer in evaluation.layers if layer.choice]
    if not chosen:
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    for head in ("Chosen for", "Mapping", "From", "Priced", "Next best"):
        table.add_column(head, overflow="fold")
    for layers in _alike(chosen):
        table.add_row(*_row(layers))
    console.print()
    console.print(table)


def _alike(layers: Sequence[LayerResult]) -> list[list[LayerResult]]:
    """Layers of one type with one mapping, in order of appearance."""
    groups: dict[str, list[LayerResult]] = {}
    for layer in layers:
        groups.setdefault(repr((layer.operator_type, _unrolled(layer.spatial_mapping))), []).append(layer)
    return list(groups.values())


def _row(layers: Sequence[LayerResult]) -> tuple[Text, ...]:
    choices = [layer.choice for layer in layers if layer.choice is not None]
    first = layers[0]
    name = f"{first.operator_type} {first.name.split('_')[0]}" + (f" +{len(layers) - 1}" if len(layers) > 1 else "")
    origins = ", ".join(dict.fromkeys(choice["origin"] or "mapping file" for choice in choices))
    most = max(choices, key=lambda choice: choice["priced"])
    priced = f"{most['priced']} of {most['priced'] + most['enumerated']}"
    cells = (name, _unrolled(first.spatial_mapping), origins, priced, _second(choices))
    return tuple(Text(printable(cell)) for cell in cells)


def _second(choices: Sequence[ChoiceRecord]) -> str:
    """What the best runner-up of another source costs more, where it is closest."""
    shares = [
        (cycles / least, other)
        for choice in choices
        if (least := choice["honest_latency_cycles"]) is not None
        for other in choice["runners_up"]
        if not other["refused"] and (cycles := other["honest_latency_cycles"]) is not None
    ]
    if not shares:
        return "none"
    cycles, other = min(shares, key=lambda share: share[0])
    return f"{cycles:.2f}x cycles: {_unrolled(other['spatial_mapping'])} ({other['origin']})"


def _unrolled(mapping: Mapping[str, Mapping[str, float]] | None) -> str:
    dims = (mapping or {}).values()
    return " | ".join(" ".join(f"{loop}{factor:g}" for loop, factor in d.items() if factor > 1) or "-" for d in dims)
