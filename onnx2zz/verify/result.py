"""What a verification found, and its JSON."""

from dataclasses import asdict, dataclass
from typing import Any

from onnx2zz.strict_json import json_text
from onnx2zz.tabular import Column, Table, Tabular


@dataclass(frozen=True)
class Mismatch:
    """Something in the workload that the model contradicts. `layer`: its id; None for what concerns the whole node."""

    node: str
    layer: int | None
    where: str
    expected: str | float
    got: str | float
    cause: str


@dataclass(frozen=True)
class NotExecuted:
    """A node that was not run, and why: it could not be, it only moves data, or it is a documented stand-in."""

    node: str
    op: str
    why: str


@dataclass(frozen=True, repr=False)
class Verification(Tabular):
    """What was checked and what differs. Its table has a row for each mismatch.

    `nodes_exact`: nodes whose layers claim to compute what they compute. `points`: output elements compared.
    `approximate_share`: the share of stand-ins in all MACs and element operations.
    """

    model: str
    nodes_exact: int
    nodes_checked: int
    nodes_matched: int
    layers_checked: int
    points: int
    approximate_share: float
    not_checkable: tuple[NotExecuted, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    movement: tuple[NotExecuted, ...] = ()
    approximate: tuple[NotExecuted, ...] = ()
    host: tuple[NotExecuted, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.mismatches

    @property
    def summary(self) -> str:
        """What was proven, in a sentence."""
        count = len(self.mismatches)
        verdict = f"{count} difference{'s' if count > 1 else ''}" if count else "volumes and edges agree"
        return (
            f"{self.model}: {self.nodes_matched} of {self.nodes_exact} nodes compute what the model computes "
            f"({self.nodes_checked} run, {self.layers_checked} layers, {self.points:,} points); "
            f"stand-ins {self.approximate_share:.1%} of the operations; {verdict}"
        )

    def table(self) -> Table:
        columns = tuple(Column(name) for name in ("node", "layer", "where", "expected", "got", "cause"))
        return Table(self.summary, columns, tuple(tuple(asdict(one).values()) for one in self.mismatches))


def as_json(result: Verification) -> str:
    """The JSON of a verification, in its fixed form."""
    document: dict[str, Any] = {
        "nodes_exact": result.nodes_exact,
        "nodes_checked": result.nodes_checked,
        "nodes_matched": result.nodes_matched,
        "layers_checked": result.layers_checked,
        "points": result.points,
        "approximate_share": result.approximate_share,
        "not_checkable": [{"node": n.node, "op": n.op, "why": n.why} for n in result.not_checkable],
        "mismatches": [asdict(mismatch) for mismatch in result.mismatches],
    }
    return json_text(document, indent=1, ensure_ascii=False) + "\n"
