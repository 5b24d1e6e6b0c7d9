"""What stands behind each layer of a verification, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Literal

from onnx2zz.conservation.groups import Group
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.frontend.graph import Node
from onnx2zz.ir.layer import Kind
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.proof.check_node import NodeCheck

Verdict = Literal["proven", "differs", "not run", "stand-in"]


@dataclass(frozen=True)
class LayerProof:
    """One layer. `verdict` is its node's, whose layers are run together: what is compared are the node's outputs, at
    `points` elements (0 where data is only moved, and where a node of the same kind was run in its place).

    `why` says why it was not run, or what differs.
    """

    id: int
    name: str
    node: str
    op: str
    kind: Kind
    verdict: Verdict
    points: int
    why: str


@dataclass(frozen=True, repr=False)
class LayerProofs(Tabular):
    """All layers of a workload, by their ids."""

    layers: tuple[LayerProof, ...] = ()

    def table(self) -> TextTable:
        proven = sum(layer.verdict == "proven" for layer in self.layers)
        columns = tuple(Column(one.name, ",d" if one.type is int else "") for one in fields(LayerProof))
        return TextTable(
            f"{proven} of {len(self.layers)} layers proven", columns, tuple(astuple(layer) for layer in self.layers)
        )


def layer_proofs(
    lowered: Mapping[Node, Group], checks: Mapping[Node, NodeCheck], mismatches: Sequence[Mismatch]
) -> LayerProofs:
    """The table of all layers of the lowered nodes; `checks`: those of the nodes that were to be run."""
    causes: dict[str, dict[str, None]] = {}
    for one in mismatches:
        causes.setdefault(one.node, {})[one.cause] = None
    proofs = [
        _proof(
            placed, group, checks.get(node, NodeCheck()), "; ".join(causes.get(node.label, ())), node.label in causes
        )
        for node, group in lowered.items()
        for placed in group.placed
    ]
    return LayerProofs(tuple(sorted(proofs, key=lambda layer: layer.id)))


def _proof(placed: PlacedLayer, group: Group, check: NodeCheck, cause: str, wrong: bool) -> LayerProof:
    verdict: Verdict = (
        "differs"
        if wrong
        else "stand-in"
        if group.kind == "approximate"
        else "not run"
        if check.unchecked
        else "proven"
    )
    why = cause or check.unchecked or placed.layer.why
    return LayerProof(
        placed.id, placed.name, group.node.label, group.node.op, placed.layer.kind, verdict, check.points, why
    )
