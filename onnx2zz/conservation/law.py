"""The law that every compile holds: what a graph asks for is what its workload does, or nothing is written.

The cheap part of a proof: nothing is executed, no element is counted one by one, and each layer costs a few
microseconds. `verify` counts the same things element by element, and runs the layers.
"""

import math
from collections.abc import Iterator, Sequence

from onnx2zz.conservation.edges import Reach, wrong_edges
from onnx2zz.conservation.groups import Group, fates_of, groups
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.conservation.volumes import wrong_volumes
from onnx2zz.conservation.work import work_of
from onnx2zz.errors import BrokenLawError
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.frontend.graph import Graph
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer, Workload

PRODUCTS = ("Conv", "Gemm")
MOST_TOLD = 5


def hold(broken: Sequence[Mismatch]) -> None:
    """Raises BrokenLawError where `violations` found that a workload does not do what its graph asks for."""
    if broken:
        raise BrokenLawError(_told(broken))


def _told(broken: Sequence[Mismatch]) -> str:
    told = [f"node {m.node}, {m.where}: {m.got} instead of {m.expected}" for m in broken[:MOST_TOLD]]
    more = [f"and {len(broken) - MOST_TOLD} more"] if len(broken) > MOST_TOLD else []
    return "the workload contradicts the model: " + "; ".join(told + more)


def violations(graph: Graph, workload: Workload, entries: Sequence[WorkloadEntry]) -> Iterator[Mismatch]:
    """Everything in which work, volumes or edges of the workload differ from the graph's."""
    fates = fates_of(graph, workload)
    lowered = groups(graph, workload, fates)
    reach = Reach(graph, fates, lowered)
    for group in lowered.values():
        for member in group.members:
            if isinstance(member, PlacedLayer):
                yield from wrong_edges(member, entries[member.id], reach)
                yield from wrong_volumes(member, entries[member.id])
        yield from wrong_work(group, graph, entries)
        yield from overwritten(group, graph)


def wrong_work(group: Group, graph: Graph, entries: Sequence[WorkloadEntry]) -> Iterator[Mismatch]:
    """Multiply-accumulates of the entries against the node's own, which its shapes give."""
    node = group.node
    expected = work_of(node, graph)
    # The operator's page counts no multiply-accumulates: nothing independent to compare with.
    if expected is None:
        return
    got = 0
    for member in group.members:
        if not isinstance(member, PlacedLayer):
            # Work that is left out of the workload is work of the node all the same.
            got += member.macs if member.macs_useful is None else member.macs_useful
        # From what is written, not from the layer: a slip of the emitter is to be caught as well.
        elif (entry := entries[member.id])["operator_type"] in PRODUCTS:
            useful = member.layer.macs_useful
            got += math.prod(entry["loop_sizes"]) if useful is None else useful
    if got != expected:
        yield Mismatch(node.label, None, "MACs", expected, got, "group or size")


def overwritten(group: Group, graph: Graph) -> Iterator[Mismatch]:
    """Outputs into which several layers of the node write more elements than they have; of one layer `wrong_volumes`
    says whether it stays inside."""
    # Two layers that write the same elements twice keep inside their tensor each, and only their sum tells.
    if len(group.members) < 2:
        return
    writers: dict[str, list[Layer]] = {}
    for layer in group.layers:
        writers.setdefault(layer.output.tensor, []).append(layer)
    for output in group.node.outputs:
        several = writers.get(output, ())
        written = sum(layer.output.volume(layer.sizes) for layer in several) if len(several) > 1 else 0
        if output and written > (elements := graph.tensors[output].elements):
            yield Mismatch(group.node.label, None, f"elements of {output}", elements, written, "size")
