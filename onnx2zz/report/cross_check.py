"""Second opinions: the table of `onnx2zz cross-check`, and its JSON."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.printable import printable
from onnx2zz.report.whole_table import print_whole
from onnx2zz.second_opinion.counts import Count, LayerOpinion, Opinion


def print_opinion(opinion: Opinion, console: Console) -> None:
    """Print what a tool says: its counts beside ours, then what it cannot say, a sentence each."""
    for line in _heads(opinion):
        console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
    if any(layer.counts for layer in opinion.layers):
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for head in ("Layer", "Count"):
            table.add_column(head, no_wrap=True)
        for head in ("Theirs", "ZigZag's", "After rules", "Ours/theirs"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("Reason", no_wrap=True)
        for layer in opinion.layers:
            for count in layer.counts:
                table.add_row(*(Text(printable(cell)) for cell in (named(layer), *_cells(count))))
        print_whole(table, console)
    for layer in opinion.layers:
        if layer.cannot_say:
            said = f"{named(layer)}: {layer.cannot_say}"
            console.print(printable(said), highlight=False, markup=False, soft_wrap=True)


def named(layer: LayerOpinion) -> str:
    """The layer, and how many others are like it."""
    return layer.layer + (f" (and {len(layer.alike)} alike)" if layer.alike else "")


def reason(count: Count) -> str:
    """Why it differs; that nobody knows is said."""
    return count.reason or ("" if count.ratio == 1 else "unexplained")


def _heads(opinion: Opinion) -> Iterator[str]:
    name = f"{opinion.tool} {opinion.version}".strip()
    if opinion.cannot_say:
        yield f"{name}: {opinion.cannot_say}"
    else:
        yield name
        yield from opinion.notes


def _cells(count: Count) -> tuple[str, ...]:
    return (
        count.what,
        f"{count.theirs:,.10g}",
        f"{count.zigzag:,.10g}",
        "" if count.after_rules is None else f"{count.after_rules:,.10g}",
        "" if count.ratio is None else f"{count.ratio:.4f}",
        reason(count),
    )


def document(model: str, accelerator: str, opinions: Sequence[Opinion]) -> dict[str, object]:
    """What JSON has of it."""
    return {"model": model, "accelerator": accelerator, "tools": [_tool(opinion) for opinion in opinions]}


def _tool(opinion: Opinion) -> dict[str, object]:
    return {
        "tool": opinion.tool,
        "version": opinion.version or None,
        "cannot_say": opinion.cannot_say or None,
        "notes": list(opinion.notes),
        "layers": [_layer(layer) for layer in opinion.layers],
    }


def _layer(layer: LayerOpinion) -> dict[str, object]:
    return {
        "layer": layer.layer,
        "alike": list(layer.alike),
        "cannot_say": layer.cannot_say or None,
        "counts": [_count(count) for count in layer.counts],
    }


def _count(count: Count) -> dict[str, object]:
    return {
        "count": count.what,
        "theirs": count.theirs,
        "zigzag": count.zigzag,
        "after_rules": count.after_rules,
        "ours_over_theirs": count.ratio,
        "reason": reason(count) or None,
    }
