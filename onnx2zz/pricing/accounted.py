"""What the numbers of a compiled model do not hold, or hold by a stand-in: coverage.json knows."""

from collections.abc import Iterable
from dataclasses import dataclass

from onnx2zz.formats.coverage import Coverage, CoveredNode
from onnx2zz.ir.experts import ExpertTokens

ONE_ELEMENT = "one element"
"""Why a node of a single operation is left to the host: nothing worth a mention."""


@dataclass(frozen=True)
class HostNode:
    """A node that is left to the host and not priced, and why.

    `macs`: multiply-accumulates that no layer holds therefore; None if there are some, or may be, of unknown number.
    """

    node: str
    op: str
    why: str
    macs: int | None = 0

    def __str__(self) -> str:
        return f"{self.node} ({self.op}) with {'unknown' if self.macs is None else f'{self.macs:,}'} MACs: {self.why}"


@dataclass(frozen=True)
class Unpriced:
    """What is in no total: a layer without a price, or a node that is left to the host with MACs; and why.

    `macs`: of such a node; None if they are not known, and of a layer.
    """

    name: str
    op: str
    macs: int | None
    why: str


def host_nodes(coverage: Coverage | None) -> tuple[HostNode, ...]:
    """The nodes that no layer stands for because an array of units is not for them."""
    return tuple(
        HostNode(_label(node), node["op"], node["why"], node.get("macs", 0))
        for node in (coverage["nodes"] if coverage else ())
        if node["status"] == "host" and node["why"] != ONE_ELEMENT
    )


def _label(node: CoveredNode) -> str:
    """What a user recognises the node by: its name, else its first output."""
    return node["node"] or next(filter(None, node["outputs"]), "")


def lost_work(hosts: Iterable[HostNode]) -> tuple[HostNode, ...]:
    """Those with multiply-accumulates, or that may have some: without them a total is incomplete."""
    return tuple(host for host in hosts if host.macs != 0)


def experts_of(coverage: Coverage | None) -> tuple[ExpertTokens, ...]:
    """How many tokens each expert was taken to get, router by router."""
    return tuple(
        ExpertTokens(one["output"], one["node"], one["op"], tuple(one["tokens"]), one["decided"])
        for one in (coverage.get("experts", ()) if coverage else ())
    )


def stand_ins(coverage: Coverage | None) -> tuple[int, ...]:
    """The layers, by id, that approximate what their node computes."""
    return tuple(layer["id"] for layer in (coverage["layers"] if coverage else ()) if layer["kind"] == "approximate")
