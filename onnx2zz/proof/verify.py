"""Proves a compiled model: layers are run as ZigZag reads them and compared with onnxruntime, volumes are counted."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from onnx2zz.compiler import Compiled
from onnx2zz.conservation.groups import Group, fates_of, groups
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.proof.by_kind import checks_by_kind, told, too_large_to_run
from onnx2zz.proof.check_node import NodeCheck, check_node
from onnx2zz.proof.conservation import conservation
from onnx2zz.proof.layer_proofs import layer_proofs
from onnx2zz.proof.options import VerifyOptions, Watch
from onnx2zz.proof.result import NotExecuted, Verification
from onnx2zz.proof.room import check_room
from onnx2zz.proof.stored_values import StoredValues
from onnx2zz.proof.values import Values, walk


def verify(compiled: Compiled, options: VerifyOptions | None = None, watch: Watch | None = None) -> Verification:
    """Runs and counts the whole workload; `watch` is told how many nodes are done, of how many, and the next's name."""
    lowered = groups(compiled.graph, compiled.workload)
    exact = {node: group for node, group in lowered.items() if group.kind == "exact"}
    options, watch = options or VerifyOptions(), watch or (lambda done, total, name: None)
    # Inputs that the user brings are for a run of the whole model, however long it takes.
    if too_large_to_run(compiled) and not options.inputs:
        found = checks_by_kind(exact, compiled, options, watch)
        # The cheap counts, which do not go element by element: a large network's tensors would not fit.
        counted = compiled.contradictions
        return replace(summary(compiled, lowered, found.checks, counted), kinds=found.kinds, how=(*told(found),))
    run = dict(checks(exact, compiled, options, watch))
    return summary(compiled, lowered, run, conservation(compiled, lowered))


def begin(compiled: Compiled, options: VerifyOptions) -> Values:
    """The tensors of a run of the model, of which none is made yet. Raises InputError if they will not fit."""
    check_room(compiled.graph, str(compiled.file or compiled.workload.model))
    stored = StoredValues(compiled.graph, options.directory)
    return Values(compiled.graph, stored, np.random.default_rng(options.seed), dict(options.inputs))


def checks(
    exact: Mapping[Node, Group], compiled: Compiled, options: VerifyOptions, watch: Watch
) -> Iterator[tuple[Node, NodeCheck]]:
    """Checks node after node, while the run has their operands at hand."""
    for group, values in at_hand(exact, compiled, options, watch):
        yield group.node, check_node(group, values, compiled.entries, options.points)


def at_hand(
    exact: Mapping[Node, Group], compiled: Compiled, options: VerifyOptions, watch: Watch
) -> Iterator[tuple[Group, Values]]:
    """Runs the model; stops at each lowered node, its operands and outputs among the values."""
    graph, values = compiled.graph, begin(compiled, options)
    dead = {node for node, fate in fates_of(graph, compiled.workload).items() if fate.why == "dead"}
    reads = {node: group.reads for node, group in exact.items()}
    done = 0
    for node in walk(values, reads, dead):
        if node in exact:
            watch(done, len(exact), node.label)
            yield exact[node], values
            done += 1


def summary(
    compiled: Compiled, lowered: Mapping[Node, Group], checks: Mapping[Node, NodeCheck], counted: tuple[Mismatch, ...]
) -> Verification:
    """What was checked, and what differs: in the checks, and `counted` beside them."""
    workload = compiled.workload
    checked = [check for check in checks.values() if not check.unchecked]
    # A node counts as matched only if its run and the counts beside it agree: values can be right by luck where a
    # volume or an edge is wrong, and ZigZag prices the volumes.
    wrong = {m.node for m in counted}
    mismatches = (*(m for check in checks.values() for m in check.found), *counted)
    operations = dict.fromkeys(("exact", "movement", "approximate"), 0)
    for placed in workload.layers:
        operations[placed.layer.kind] += placed.layer.operations
    return Verification(
        model=workload.model,
        nodes_exact=sum(group.kind == "exact" for group in lowered.values()),
        nodes_checked=len(checked),
        nodes_matched=sum(not c.found and n.label not in wrong for n, c in checks.items() if not c.unchecked),
        layers_checked=sum(len(lowered[node].placed) for node, check in checks.items() if not check.unchecked),
        points=sum(check.points for check in checked),
        approximate_share=operations["approximate"] / max(1, sum(operations.values())),
        not_checkable=tuple(NotExecuted(n.label, n.op, c.unchecked) for n, c in checks.items() if c.unchecked),
        mismatches=mismatches,
        movement=_of_kind(lowered, "movement"),
        approximate=_of_kind(lowered, "approximate"),
        host=_hosts(compiled.graph, compiled),
        proofs=layer_proofs(lowered, checks, mismatches),
    )


def _of_kind(lowered: Mapping[Node, Group], kind: str) -> tuple[NotExecuted, ...]:
    whys = {
        node: next((layer.why for layer in group.layers if layer.why), "")
        for node, group in lowered.items()
        if group.kind == kind
    }
    return tuple(NotExecuted(node.label, node.op, why) for node, why in whys.items())


def _hosts(graph: Graph, compiled: Compiled) -> tuple[NotExecuted, ...]:
    fates = fates_of(graph, compiled.workload)
    return tuple(NotExecuted(node.label, node.op, f.why) for node, f in fates.items() if f.status == "host")
