"""What a verification found, and its JSON."""

from dataclasses import asdict, dataclass, field

from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.files.strict_json import json_text
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.proof.layer_proofs import LayerProofs


@dataclass(frozen=True)
class NotExecuted:
    """A node that was not run, and why: it could not be, it only moves data, or it is a documented stand-in."""

    node: str
    op: str
    why: str


@dataclass(frozen=True, repr=False)
class Verification(Tabular):
    """What was checked and what differs. Its table has a row for each mismatch; `proofs` is one with a row for each
    layer, and what stands behind it.

    `nodes_exact`: nodes whose layers claim to compute what they compute. `points`: output elements compared.
    `kinds`: of a network too large to be run, how many kinds its nodes are of, of which one each was; `how`: in words.
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
    kinds: int | None = None
    how: tuple[str, ...] = ()
    proofs: LayerProofs = field(default_factory=LayerProofs)

    @property
    def ok(self) -> bool:
        """Whether all that claims to be exact was run, and nothing differs."""
        return self.complete and not self.mismatches

    @property
    def complete(self) -> bool:
        """Whether every node that claims to be exact was run; at least one, where anything is computed: stand-ins alone
        prove nothing, but what only moves data is proven by volumes and edges."""
        nothing_run = self.nodes_checked == 0 and bool(self.approximate)
        return self.nodes_checked == self.nodes_exact and not nothing_run

    @property
    def nodes_differing(self) -> int:
        """Nodes whose values, volumes, edges or widths are others than the model's."""
        return len({mismatch.node for mismatch in self.mismatches})

    @property
    def nodes_moved(self) -> int:
        """Nodes that only move data, and whose volumes and edges agree."""
        wrong = {mismatch.node for mismatch in self.mismatches}
        return sum(node.node not in wrong for node in self.movement)

    @property
    def nodes_proven(self) -> int:
        """Nodes that were run and compute what the model computes, and those that only move data."""
        return self.nodes_matched + self.nodes_moved

    @property
    def nodes_not_provable(self) -> int:
        """Nodes that were not run, stand-ins among them, and of which nothing is known to differ."""
        wrong = {mismatch.node for mismatch in self.mismatches}
        return sum(node.node not in wrong for node in (*self.not_checkable, *self.approximate))

    @property
    def verdict(self) -> str:
        """What a reader must know, in a line: how much was proven, could not be, and differs."""
        moved = f" ({self.nodes_moved} by volumes and edges)" if self.nodes_moved else ""
        rest = f"{self.nodes_not_provable} not provable here, {self.nodes_differing} differing"
        how = "".join(f"; {sentence}" for sentence in self.how)
        return f"nodes: {self.nodes_proven} proven{moved}, {rest}{how}"

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

    def table(self) -> TextTable:
        columns = tuple(Column(name) for name in ("node", "layer", "where", "expected", "got", "cause"))
        return TextTable(
            f"{self.summary}; {self.verdict}", columns, tuple(tuple(asdict(one).values()) for one in self.mismatches)
        )


def as_json(result: Verification) -> str:
    """The JSON of a verification, in its fixed form."""
    document: dict[str, object] = {
        "nodes_exact": result.nodes_exact,
        "nodes_checked": result.nodes_checked,
        "nodes_matched": result.nodes_matched,
        "layers_checked": result.layers_checked,
        "points": result.points,
        "approximate_share": result.approximate_share,
        "nodes_proven": result.nodes_proven,
        "nodes_not_provable": result.nodes_not_provable,
        "nodes_differing": result.nodes_differing,
        **({} if result.kinds is None else {"kinds": result.kinds, "how": list(result.how)}),
        "not_checkable": [{"node": n.node, "op": n.op, "why": n.why} for n in result.not_checkable],
        "mismatches": [asdict(mismatch) for mismatch in result.mismatches],
    }
    return json_text(document, indent=1, ensure_ascii=False) + "\n"
