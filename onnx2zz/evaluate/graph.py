"""The edges between a workload's layers, and the order in which ZigZag goes through them."""

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from onnx2zz.evaluate.tensors import Entry

Edge = tuple[int, int]
"""Ids of a producing and a consuming layer."""


def producers(entry: Entry) -> tuple[int, ...]:
    """The layers that `operand_source` names, constants left out."""
    sources = (entry.get("operand_source") or {}).values()
    return tuple(source for source in sources if source != entry["id"])


def further_edges(layers: Sequence[Entry], coverage: Mapping[str, Any] | None) -> tuple[Edge, ...]:
    """The edges that only coverage.json knows: `operand_source` has room for one producer an operand, and an operand
    may be several layers' outputs behind each other."""
    entries = {(layer["id"], layer.get("name")): layer for layer in layers}
    found = (
        (source, described["id"])
        for described in (coverage or {}).get("layers", ())
        if (described["id"], described["name"]) in entries
        for sources in described["sources"].values()
        for source in sources
        if isinstance(source, int) and source not in producers(entries[described["id"], described["name"]])
    )
    return tuple(dict.fromkeys(found))


def execution_order(layers: Sequence[Entry]) -> list[int]:
    """The ids in the order in which ZigZag runs the layers and adds them up (workload/dnn_workload.py:22-37)."""
    graph = nx.DiGraph()
    for layer in layers:
        graph.add_node(layer["id"])
        graph.add_edges_from((source, layer["id"]) for source in producers(layer))
    return list(nx.topological_sort(graph))
