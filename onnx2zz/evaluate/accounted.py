"""What the numbers of a compiled model do not hold, or hold by a stand-in: coverage.json knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ONE_ELEMENT = "one element"
"""Why a node of a single operation is left to the host: nothing worth a mention."""


@dataclass(frozen=True)
class HostNode:
    """A node that is left to the host and not priced, and why."""

    node: str
    op: str
    why: str


def host_nodes(coverage: Mapping[str, Any] | None) -> tuple[HostNode, ...]:
    """The nodes that no layer stands for because an array of units is not for them."""
    return tuple(
        HostNode(node["node"], node["op"], node["why"])
        for node in (coverage or {}).get("nodes", ())
        if node["status"] == "host" and node["why"] != ONE_ELEMENT
    )


def stand_ins(coverage: Mapping[str, Any] | None) -> tuple[int, ...]:
    """The layers, by id, that approximate what their node computes."""
    return tuple(layer["id"] for layer in (coverage or {}).get("layers", ()) if layer.get("kind") == "approximate")
