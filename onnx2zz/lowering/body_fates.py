"""What became of the nodes of a body that is repeated: each once, with the layers of all steps."""

from collections.abc import Iterator, Mapping, Sequence

from onnx2zz.frontend.graph import CALL, Node, unmarked
from onnx2zz.ir.workload import NodeFate
from onnx2zz.lowering.decisions import Lowering
from onnx2zz.ops.registry import operators


def body_fates(state: Lowering, ids: Mapping[Node, Sequence[int]]) -> Iterator[NodeFate]:
    """The fates of all nodes that stand in the graph as a recurrence's body."""
    for node, repeating in state.repeating.items():
        emitted = [
            origin for layer, origin in zip(state.layers[node], repeating.origins, strict=True) if layer.operations > 1
        ]
        own: dict[Node, list[int]] = {}
        for identity, origin in zip(ids[node], emitted, strict=True):
            if origin is not None:
                own.setdefault(origin, []).append(identity)
        yield from (_fate(one, repeating.inner, own) for one in repeating.inner.graph.nodes)
        assert node.recurrence is not None
        for one in node.recurrence.aside:
            sliced = not node.recurrence.slices.keys().isdisjoint(one.outputs)
            why = "a part of a tensor at each step" if sliced else "it tells the step, or whether there is one more"
            yield NodeFate(one.name, one.op, one.outputs, "view" if sliced else "folded", (), why)


def _fate(node: Node, inner: Lowering, own: Mapping[Node, list[int]]) -> NodeFate:
    verdict = inner.verdicts[node]
    op = node.calls or node.op
    if node in own:
        return NodeFate(node.name, op, node.outputs, "lowered", tuple(own[node]), operators()[node.op].how)
    if node.op == CALL and (layers := _within(node, own)):
        return NodeFate(node.name, op, node.outputs, "lowered", layers, f"body of {op}")
    if verdict.status == "folded":
        return NodeFate(node.name, op, node.outputs, "folded", (), verdict.why)
    if node in inner.riding:
        layers = tuple(own.get(inner.riding[node], ()))
        return NodeFate(node.name, op, node.outputs, "fused", layers, "rides on the layer that feeds it")
    return NodeFate(node.name, op, node.outputs, "view", (), inner.views.nodes.get(node, "same elements"))


def _within(call: Node, own: Mapping[Node, list[int]]) -> tuple[int, ...]:
    """The layers of the body that a call stands for, and of those in it."""
    prefix = f"{unmarked(next(filter(None, call.outputs), ''))}/"
    inside = [mine for node, mine in own.items() if f"{unmarked(node.body_of)}/".startswith(prefix)]
    return tuple([identity for mine in inside for identity in mine])
