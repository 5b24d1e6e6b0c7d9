"""What is shown of a verification and of a played schedule: what differs and why, what was not run, the sum of it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.printable import printable
from onnx2zz.proof.result import NotExecuted, Verification
from onnx2zz.system.replay.result import Replay

LONGEST = 60
"""Characters of a name that are shown."""
LISTED = 20
"""Rows of a table before the rest is only counted; the JSON has all of them."""


def print_verification(result: Verification, console: Console) -> None:
    """Print what was proven, then what was not, then what differs."""
    for title, nodes in (
        ("not provable here", result.not_checkable),
        ("moves data only: volumes and edges proven", result.movement),
        ("stand-in", result.approximate),
        ("left to the host", result.host),
    ):
        _print_nodes(title, nodes, console)
    if result.mismatches:
        console.print(mismatches_table(result.mismatches))
        if len(result.mismatches) > LISTED:
            console.print(f"and {len(result.mismatches) - LISTED} more")
        for line in _causes(result.mismatches):
            console.print(printable(line), highlight=False, markup=False)
    console.print(printable(result.summary), highlight=False, markup=False)
    console.print(result.verdict, highlight=False, markup=False, soft_wrap=True)


def print_replay(result: Replay, console: Console) -> None:
    """Print what keeps a schedule from being carried out, in the order of time, then what was played."""
    _print_nodes("not computed", result.not_run, console)
    for fault in result.faults[:LISTED]:
        console.print(printable(str(fault)), highlight=False, markup=False, soft_wrap=True)
    if len(result.faults) > LISTED:
        console.print(f"and {len(result.faults) - LISTED} more")
    console.print(printable(result.summary), highlight=False, markup=False, soft_wrap=True)


def _causes(mismatches: Sequence[Mismatch]) -> Iterator[str]:
    """Each cause with the layers that it concerns, or with the nodes if it is no single layer's."""
    places: dict[str, dict[str, None]] = {}
    for m in mismatches:
        places.setdefault(m.cause, {})[m.node if m.layer is None else f"layer {m.layer}"] = None
    for cause, concerned in places.items():
        names = ", ".join(concerned).replace(", layer ", ", ")
        yield f"{cause}: {names}"


def _print_nodes(title: str, nodes: Sequence[NotExecuted], console: Console) -> None:
    """One line for each operator and reason."""
    kinds = Counter((node.op, node.why) for node in nodes)
    for (op, why), count in kinds.most_common():
        first = next(node.node for node in nodes if (node.op, node.why) == (op, why))
        more = f" and {count - 1} more" if count > 1 else ""
        line = f"{title}: {op} {printable(first, LONGEST)}{more}{': ' + why if why else ''}"
        console.print(printable(line), highlight=False, markup=False)


def mismatches_table(mismatches: Sequence[Mismatch]) -> Table:
    """Node, layer, where, expected, got and the likely cause, a row each."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)
    for heading in ("Node", "Layer", "Where", "Expected", "Got", "Likely cause"):
        table.add_column(heading, overflow="fold")
    for m in mismatches[:LISTED]:
        layer = "" if m.layer is None else str(m.layer)
        table.add_row(*map(_cell, (m.node, layer, m.where, _number(m.expected), _number(m.got), m.cause)))
    return table


def _cell(text: str) -> Text:
    return Text(printable(text))


def _number(value: str | float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
