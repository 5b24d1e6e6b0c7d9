"""The edges between a workload's layers, and the order in which ZigZag goes through them."""

from collections.abc import Sequence

from onnx2zz.formats.coverage import Coverage
from onnx2zz.formats.workload_entry import WorkloadEntry, operand_sources

Edge = tuple[int, int]
"""Ids of a producing and a consuming layer."""


def producers(entry: WorkloadEntry) -> tuple[int, ...]:
    """The layers that `operand_source` names, constants left out."""
    return tuple(source for source in operand_sources(entry).values() if source != entry["id"])


def further_edges(layers: Sequence[WorkloadEntry], coverage: Coverage | None) -> tuple[Edge, ...]:
    """The edges that only coverage.json knows: `operand_source` has room for one producer an operand, and an operand
    may be several layers' outputs behind each other."""
    # By id and name: a coverage.json beside an edited workload may describe another layer under the same number.
    entries = {(layer["id"], layer.get("name")): layer for layer in layers}
    found = (
        (source, described["id"])
        for described in (coverage["layers"] if coverage else ())
        if (described["id"], described["name"]) in entries
        for sources in described["sources"].values()
        for source in sources
        if isinstance(source, int) and source not in producers(entries[described["id"], described["name"]])
    )
    return tuple(dict.fromkeys(found))


def execution_order(layers: Sequence[WorkloadEntry]) -> list[int]:
    """The ids in the order in which ZigZag runs the layers and adds them up (workload/dnn_workload.py:22-37).

    It is that of networkx's topological_sort, generation after generation; importing networkx takes longer than the
    rest of a run that finds everything in the cache.
    """
    missing = {layer["id"]: set(producers(layer)) for layer in layers}
    consumers: dict[int, list[int]] = {layer: [] for layer in missing}
    # Consumers are listed in the order of the layers, as networkx keeps its edges: within a generation it decides the
    # order, and with it how floats are added up.
    for layer, sources in missing.items():
        for source in sources:
            consumers[source].append(layer)
    order: list[int] = []
    generation = [layer for layer, sources in missing.items() if not sources]
    while generation:
        order += generation
        done, generation = generation, list[int]()
        for source in done:
            for layer in consumers[source]:
                missing[layer].discard(source)
                if not missing[layer]:
                    generation.append(layer)
    return order
