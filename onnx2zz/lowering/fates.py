"""What became of every node, as coverage.json tells it: one entry a node, bodies behind the main graph."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from onnx2zz.frontend.graph import CALL, Node, unmarked
from onnx2zz.ir.workload import NodeFate, Status
from onnx2zz.lowering.decisions import Lowering
from onnx2zz.lowering.host_macs import host_macs
from onnx2zz.ops.registry import operators

Ids = Mapping[Node, tuple[int, ...]]
FIRST_TOLD: tuple[Status, ...] = ("lowered", "host", "fused", "view", "folded")


def own_fates(state: Lowering, ids: Ids) -> dict[Node, NodeFate]:
    """The fate of each node of the traced graph; `ids` are the layers of each node that has any."""
    body_layers = _layers_of_bodies(state, ids)
    return {node: _fate(state, node, ids, body_layers) for node in state.graph.nodes}


def fates(told: Mapping[Node, NodeFate], repeated: Iterable[NodeFate]) -> list[NodeFate]:
    """Fates of the main graph's nodes, then those of the bodies; `repeated` are of bodies that stand there once.

    The iterations of a loop share one entry for each node of its body.
    """
    bodies: dict[tuple[str, ...], NodeFate] = {}
    for fate in (*(f for n, f in told.items() if n.body_of), *repeated):
        outputs = tuple(map(unmarked, fate.outputs))
        fate = replace(fate, outputs=outputs)
        bodies[outputs] = _joined(bodies[outputs], fate) if outputs in bodies else fate
    return [f for n, f in told.items() if not n.body_of] + list(bodies.values())


def _joined(first: NodeFate, second: NodeFate) -> NodeFate:
    """One entry for two iterations of a node: the status that says most, the layers and what the host has of both."""
    says_more = FIRST_TOLD.index(second.status) < FIRST_TOLD.index(first.status)
    told = second if says_more else first
    macs = None if first.macs is None or second.macs is None else first.macs + second.macs
    return replace(told, layers=tuple(dict.fromkeys((*first.layers, *second.layers))), macs=macs)


def _layers_of_bodies(state: Lowering, ids: Ids) -> dict[Node, list[int]]:
    """Calling node to the layers of its body, those of the bodies in it included.

    A call without outputs goes by no tensor, and nobody reads what its body makes.
    """
    calls = {next(filter(None, n.outputs)): n for n in state.graph.nodes if n.op == CALL and any(n.outputs)}
    found: dict[Node, list[int]] = {}
    for node, layers in ids.items() if calls else ():
        caller = calls.get(_caller(node))
        while caller is not None:
            found.setdefault(caller, []).extend(layers)
            caller = calls.get(_caller(caller))
    return found


def _caller(node: Node) -> str:
    """What the calling node of a body goes by: the mark of the iteration comes off."""
    return re.sub(r"#\d+$", "", node.body_of)


def _fate(state: Lowering, node: Node, ids: Ids, body_layers: Mapping[Node, list[int]]) -> NodeFate:
    verdict = state.verdicts[node]
    status: Status
    layers: tuple[int, ...] = ()
    why = verdict.why
    macs = host_macs(node, state.graph) if verdict.status == "host" else 0
    if verdict.status in ("folded", "host"):
        status = verdict.status
    elif node.op == CALL:
        layers = tuple(body_layers.get(node, ()))
        status, why = ("lowered", f"body of {node.calls}") if layers else ("view", f"body of {node.calls} only renames")
    elif node in state.views.nodes:
        status, why = "view", state.views.nodes[node]
    elif node in state.riding:
        layers = _finishing(state, state.riding[node], ids)
        status, why = "fused", "rides on the layer that feeds it"
    elif layers := ids[node]:
        steps = node.recurrence and node.recurrence.steps
        status, why = "lowered", f"its body, over {steps} steps" if steps else operators()[node.op].how
    else:
        status, why = "host", "one element"
    op = node.calls or state.graph.stand_ins.get(next(filter(None, node.outputs), ""), node.op)
    return NodeFate(node.name, op, node.outputs, status, layers, why, macs)


def _finishing(state: Lowering, node: Node, ids: Ids) -> tuple[int, ...]:
    """The layers of a node that write its outputs."""
    emitted = [layer for layer in state.layers[node] if layer.operations > 1]
    return tuple(i for i, layer in zip(ids[node], emitted, strict=True) if layer.output.tensor in node.outputs)
