"""The proof of a network that is too large to be run: each distinct node once, by itself, on operands that are drawn.

A node is run at its own sizes, or at smaller ones where its layers' access maps hold for any (reduced.py). Of a
thousand layers of a language model some thirty differ, so that seventy billion weights are proven as fast as eight.
Work, volumes and edges are counted layer by layer, as for every compile, and not element by element.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.compiler import Compiled
from onnx2zz.conservation.groups import Group
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.proof.check_node import NodeCheck, check_node, said_of
from onnx2zz.proof.distinct import node_kind
from onnx2zz.proof.options import VerifyOptions, Watch
from onnx2zz.proof.reduced import is_large, reduced
from onnx2zz.proof.room import GIB, bytes_of, memory
from onnx2zz.proof.stored_values import StoredValues
from onnx2zz.proof.values import Values

MOST_OPERATIONS = 50_000_000_000
"""Loop points of a network that is run as a whole: some minutes' work."""
MOST_WEIGHTS = 1_000_000_000
"""Elements of its weights: a token of a language model costs few operations, and all of its weights."""


@dataclass(frozen=True)
class KindChecks:
    """What became of each node, of how many kinds they are, and how many kinds were run at smaller sizes."""

    checks: Mapping[Node, NodeCheck]
    kinds: int
    reduced: int


def too_large_to_run(compiled: Compiled) -> bool:
    """Whether a network is proven kind by kind."""
    graph = compiled.graph
    weights = sum(graph.tensors[name].elements for name in graph.constants if name not in graph.maker)
    operations = sum(placed.layer.operations for placed in compiled.workload.layers)
    return operations > MOST_OPERATIONS or weights > MOST_WEIGHTS


def checks_by_kind(exact: Mapping[Node, Group], compiled: Compiled, options: VerifyOptions, watch: Watch) -> KindChecks:
    """Checks one node of each kind. Of the others it says the same, without any points of their own."""
    kinds: dict[Hashable, list[Group]] = {}
    entries = dict(enumerate(compiled.entries))
    for group in exact.values():
        # Not by operator alone: two nodes of one operator may have other attributes, shapes or views before them.
        kinds.setdefault(node_kind(group, compiled.graph, entries), []).append(group)
    found: dict[Node, NodeCheck] = {}
    smaller = 0
    for number, alike in enumerate(kinds.values()):
        watch(number, len(kinds), alike[0].node.label)
        check, was_reduced = _check(alike[0], compiled, options, number)
        smaller += was_reduced
        found[alike[0].node] = check
        found.update((group.node, _said_of_another(check, group)) for group in alike[1:])
    return KindChecks(found, len(kinds), smaller)


def _said_of_another(check: NodeCheck, group: Group) -> NodeCheck:
    """The check of a node that is like the one that was run."""
    # Ids are those of the layers that ran; this node has others.
    wrong = tuple(replace(one, node=group.node.label, layer=None) for one in check.found)
    return NodeCheck(0, mismatches=wrong, unchecked=check.unchecked)


def _check(group: Group, compiled: Compiled, options: VerifyOptions, number: int) -> tuple[NodeCheck, bool]:
    """One node, and whether it was run at smaller sizes. The same numbers are drawn on every run of a file."""
    graph = compiled.graph
    said = said_of(group, compiled.entries)
    # Where entry and layer disagree only the entry's own sizes show it, since the reduced entry is made of the layer.
    if not said and is_large(group, graph) and (small := reduced(group, graph)) is not None:
        check = _drawn(small[0], small[1], small[2], options, number)
        # A fault at smaller sizes is looked at again at the node's own, whose numbers the user can find in the model.
        if not check.found and not check.unchecked:
            return check, True
    needed = bytes_of(group.node, graph)
    # Asked before any tensor is made: the system ends a process that takes too much without a word.
    if needed > (there := memory()):
        what = f"its tensors take about {needed / GIB:,.0f} GiB, there are {there / GIB:,.1f}"
        return NodeCheck(0, said, unchecked=what), False
    return _drawn(group, graph, compiled.entries, options, number), False


def _drawn(
    group: Group,
    graph: Graph,
    entries: Sequence[WorkloadEntry] | Mapping[int, WorkloadEntry],
    options: VerifyOptions,
    number: int,
) -> NodeCheck:
    # A generator for each kind: what one draws does not depend on how much the others have taken.
    values = Values(graph, StoredValues(graph, options.directory), np.random.default_rng([options.seed, number]))
    values.failed[group.node] = ""  # no run of the whole model has operands for it: they are drawn
    return check_node(group, values, entries, options.points)


def told(found: KindChecks) -> Iterator[str]:
    """What a reader must know of how it was proven."""
    nodes = len(found.checks)
    smaller = f"{found.reduced} of them at smaller sizes, which their access maps do not depend on"
    yield f"{found.kinds} kinds of {nodes} nodes were run, each once, {smaller}"
