"""First look at every node: is it folded, left to the host, or work? (docs/conventions.md)"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.inference import RANDOM, SHAPED_BY_SHAPE
from onnx2zz.frontend.loops import MOST_THAT_MULTIPLY
from onnx2zz.lowering import shaped_by_values
from onnx2zz.lowering.host_macs import carries_macs
from onnx2zz.ops.registry import has_lowering, operators


@dataclass(frozen=True, slots=True)
class Verdict:
    """`work` nodes go on to views, fusion and lowering; the others are settled here."""

    status: Literal["folded", "host", "work"]
    why: str = ""


WORK = Verdict("work")
DEAD = Verdict("folded", "dead")
CONSTANT = Verdict("folded", "constant")
SHAPE_ARITHMETIC = Verdict("folded", "shape arithmetic")
SHAPED_BY_DATA = Verdict("host", "its output's shape depends on data")
READS_SHAPED_BY_DATA = Verdict("host", "the shape of what it reads depends on data")
BY_DATA = (SHAPED_BY_DATA, READS_SHAPED_BY_DATA)
NO_LOWERING = Verdict("host", "no lowering for this operator")
CONTROL_FLOW = {
    "If": "only a run knows its condition; give what decides it with --value NAME=X",
    "Loop": f"it cannot be unrolled (more than {MOST_THAT_MULTIPLY} iterations that differ, or a number "
    "that only a run knows)",
    "Scan": f"it cannot be unrolled (more than {MOST_THAT_MULTIPLY} iterations that differ, of unknown "
    "length, or a Scan of opset 8, with its batch); shorten its inputs, or export it with opset 9 or later",
}


def triage(graph: Graph, unsupported: str) -> dict[Node, Verdict]:
    """The verdict on each node.

    Raises InputError naming every node that has no lowering, unless they may go to the host.
    """
    alive, sizes, behind = live_nodes(graph), _sizes(graph), _behind_unknown(graph)
    verdicts = {node: _verdict(node, graph, alive, sizes, behind) for node in graph.nodes}
    refused = [node for node, verdict in verdicts.items() if verdict.status == "host" and _refused(node)]
    if refused and unsupported == "error":
        # No --value cures an operator without a lowering, and control flow has a cure of its own: both keep
        # their sentences.
        by_values = [n for n in refused if verdicts[n] in BY_DATA and has_lowering(n.op) and n.op not in CONTROL_FLOW]
        others = [_problem(node, verdicts[node], graph) for node in refused if node not in set(by_values)]
        raise InputError([*others, *shaped_by_values.problems(by_values, graph)])
    return verdicts


def live_nodes(graph: Graph) -> frozenset[Node]:
    """The nodes that some output of the graph depends on."""
    live: set[Node] = set()
    pending = [graph.maker[o] for o in graph.outputs if o in graph.maker]
    while pending:
        node = pending.pop()
        if node not in live:
            live.add(node)
            pending.extend(graph.maker[i] for i in node.inputs if i in graph.maker)
    return frozenset(live)


def _sizes(graph: Graph) -> frozenset[str]:
    """What sizes and constants alone decide, those sizes included that only a run can tell."""
    known = set(graph.static)
    for node in graph.nodes if graph.shaped_by_data else ():
        fixed = node.op not in RANDOM and node.op not in CONTROL_FLOW
        if node.op in SHAPED_BY_SHAPE or (fixed and known.issuperset(filter(None, node.inputs))):
            known.update(node.outputs)
    return frozenset(known)


def _behind_unknown(graph: Graph) -> dict[str, Node]:
    """Tensors of unknown shape with the node, theirs or one before it, whose operator has no lowering."""
    found: dict[str, Node] = {}
    for node in graph.nodes if graph.shaped_by_data else ():
        known = has_lowering(node.op) or node.op == CALL
        cause = next((found[i] for i in node.inputs if i in found), None) if known else node
        if cause is not None:
            found.update((o, cause) for o in node.outputs if o in graph.shaped_by_data)
    return found


def _verdict(
    node: Node, graph: Graph, alive: frozenset[Node], sizes: frozenset[str], behind: Mapping[str, Node]
) -> Verdict:
    if node not in alive:
        return DEAD
    # The order of the questions is the order of certainty. What weights alone decide is never work, even if no lowering
    # exists for it. An unknown operator is asked about late, so that a dead or a constant one does no harm.
    outputs = [o for o in node.outputs if o]
    if graph.static.issuperset(outputs):
        return CONSTANT if graph.constants.issuperset(outputs) else SHAPE_ARITHMETIC
    if node.op == CALL:
        return WORK
    decided_by_data = graph.shaped_by_data.intersection(outputs)
    if any(o in graph.readers or o in graph.results for o in decided_by_data):
        return SHAPE_ARITHMETIC if sizes.issuperset(outputs) else _of_unknown_shape(node, graph, behind)
    if any(graph.tensors[name].shape is None for name in node.inputs if name):
        return _of_unknown_input(node, graph, behind)
    if all(graph.tensors[o].elements == 0 for o in outputs):
        return Verdict("folded", "empty")
    operator = operators().get(node.op)
    if operator is None or operator.by_body:
        return NO_LOWERING
    if any(graph.tensors[name].type == onnx.TensorProto.STRING for name in (*node.inputs, *outputs) if name):
        return Verdict("host", "text has no arithmetic")
    if operator.host and node.recurrence is None:
        return Verdict("host", operator.how)
    return WORK


def _of_unknown_shape(node: Node, graph: Graph, behind: Mapping[str, Node]) -> Verdict:
    """Left to the host: the run decides its shape, or an operator without a lowering stands before it."""
    cause = next((behind[o] for o in node.outputs if o in behind), None)
    return _behind(cause, node, graph) if cause is not None else SHAPED_BY_DATA


def _of_unknown_input(node: Node, graph: Graph, behind: Mapping[str, Node]) -> Verdict:
    """The same of a node whose result has a shape, and what it reads has none."""
    cause = next((behind[i] for i in node.inputs if i in behind), None)
    return _behind(cause, node, graph) if cause is not None else READS_SHAPED_BY_DATA


def _behind(cause: Node, node: Node, graph: Graph) -> Verdict:
    if cause is node:
        return NO_LOWERING
    what = f"its shape is not known behind {cause.label} ({cause.op}), which has no lowering"
    return Verdict("host", f"{what}: {_cure(cause, graph)}")


def _cure(cause: Node, graph: Graph) -> str:
    """What gives the tensors behind a node a shape."""
    opened = [o for o in cause.outputs if o and graph.tensors[o].shape is None and graph.is_read(o)]
    return "say " + " and ".join(f"--shape {name}=..." for name in opened)


def _refused(node: Node) -> bool:
    """Whether leaving the node to the host would lose work that nobody agreed to lose."""
    return not has_lowering(node.op) or carries_macs(node)


def _counted(loop: Node, graph: Graph) -> str:
    """What tells how many steps a Loop makes."""
    given = [name for name in loop.inputs[:2] if name in graph.inputs]
    by_value = f", or {' and '.join(f'--value {name}=X' for name in given)}" if given else ""
    return f"say how many steps it makes with --steps {loop.label}=N{by_value}"


def _problem(node: Node, verdict: Verdict, graph: Graph) -> Problem:
    where = f"node {node.label} ({node.op})"
    if node.op in CONTROL_FLOW:
        cure = f"; {_counted(node, graph)}" if node.op == "Loop" else ""
        return Problem(where, f"its body carries MACs, and {CONTROL_FLOW[node.op]}{cure}", "or pass --unsupported host")
    if has_lowering(node.op):
        return Problem(where, f"carries MACs, and {verdict.why}", "pass --unsupported host to leave it out")
    known = node.op in operators()
    what = "this form of the operator has no lowering" if known else "this operator has no lowering"
    return Problem(where, what, "pass --unsupported host to leave it out of the MAC array")
