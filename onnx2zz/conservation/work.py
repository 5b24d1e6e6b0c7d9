"""The multiply-accumulates that a node stands for, by its operator's page."""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.table import facts_of


def work_of(node: Node, graph: Graph) -> int | None:
    """How many a node has; None where no page counts them. A recurrence has those of its body at each step."""
    if node.recurrence is None:
        return facts_of(node.op).work(node, graph)
    body, total = node.recurrence.body, 0
    for inner in body.nodes:
        if body.static.issuperset(filter(None, inner.outputs)):
            continue
        work = work_of(inner, body)
        if work is None:
            return None
        total += work
    return node.recurrence.steps * total
