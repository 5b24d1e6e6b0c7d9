"""Which nodes only rename data, and which rearrangements have to be paid for (docs/conventions.md).

Transpose is a view where every reader can take it into its access map; a part (Slice, Split, Gather by known
positions) unless it leaves the graph or goes to the host. Concats are decided later (placement.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.layer import Layer, Position, Table, steps_of
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.lowering.repeats import walks_singly
from onnx2zz.lowering.triage import Verdict
from onnx2zz.lowering.view_chain import after_view
from onnx2zz.ops.registry import operators
from onnx2zz.ops.slicing import SLICING, part_copy, parts


@dataclass
class Views:
    """`nodes`: views, each with its reason. `copies`: layers of nodes that are views only in part.

    `placed`: for a Concat with copies, the inputs that are written in place.
    """

    nodes: dict[Node, str] = field(default_factory=dict)
    copies: dict[Node, tuple[Layer, ...]] = field(default_factory=dict)
    placed: dict[Node, tuple[str, ...]] = field(default_factory=dict)


def find_views(graph: Graph, verdicts: Mapping[Node, Verdict], movement: str) -> Views:
    """The views of a graph; `movement` "free" makes every rearrangement one, "cost" none that moves an element."""
    views = Views()
    work = [node for node in graph.nodes if verdicts[node].status == "work"]
    for node in work:
        if node.op == CALL or operators()[node.op].view(node, graph):
            views.nodes[node] = "same elements"
        elif movement == "free" and operators()[node.op].kind == "movement":
            views.nodes[node] = "movement is free"
    if movement == "auto":
        for node in reversed(work):
            if (
                node.op in ("Transpose", "Expand")
                and node not in views.nodes
                and _readers_take(node, graph, verdicts, views)
            ):
                views.nodes[node] = "every reader takes it into its access map"
            elif node.op in SLICING and node not in views.nodes:
                _cut(node, graph, verdicts, views)
    return views


def rereads(node: Node, graph: Graph) -> bool:
    """Whether a node that rides on no layer is a view, because its readers take the tensor as it is stored."""
    operator = operators().get(node.op)
    return operator is not None and operator.rereads(node, graph)


def _cut(node: Node, graph: Graph, verdicts: Mapping[Node, Verdict], views: Views) -> None:
    """A part is a view; those of its outputs that leave the graph or go to the host are copied."""
    if any(parts(node, graph, output) is None for output in node.outputs if output):
        return
    leaving = [o for o in node.outputs if o and leaves(o, graph, verdicts, views.nodes)]
    if leaving:
        views.copies[node] = tuple(part_copy(node, graph, output) for output in leaving)
        views.placed[node] = ()
    else:
        views.nodes[node] = "a part of a tensor"


def leaves(tensor: str, graph: Graph, verdicts: Mapping[Node, Verdict], views: Mapping[Node, str]) -> bool:
    """Whether a tensor is an output of the graph or read by the host, itself or through views."""
    pending = [tensor]
    while pending:
        name = pending.pop()
        if name in graph.results:
            return True
        for reader in graph.readers.get(name, ()):
            if verdicts[reader].status == "host":
                return True
            if (reader in views or rereads(reader, graph)) and reader.op != "Concat":
                pending.extend(filter(None, reader.outputs))
    return False


def _readers_take(node: Node, graph: Graph, verdicts: Mapping[Node, Verdict], views: Views) -> bool:
    """Whether all that read the rearranged tensor, through views, can walk it with one loop an axis."""
    start = after_view(node, node.outputs[0], contiguous(graph.shape(node.inputs[0])), graph)
    if start is None or start == contiguous(graph.shape(node.outputs[0])):
        return start is not None
    pending = [(node.outputs[0], start)]
    while pending:
        tensor, layout = pending.pop()
        if tensor in graph.results:
            return False
        for reader in graph.readers.get(tensor, ()):
            if verdicts[reader].status == "folded":
                continue
            cuts_repeats = node.op == "Expand" and reader.op in SLICING  # the part's offset would be lost
            if verdicts[reader].status == "host" or reader.op == "Concat" or cuts_repeats:
                return False
            if reader not in views.nodes and not rereads(reader, graph):
                if not layout.affine or not _can_cut(reader, tensor, layout, graph):
                    return False
                if operators()[reader.op].rides(reader, graph):  # whoever reads a rider reads what it rides on
                    pending.append((reader.outputs[0], layout))
                continue
            seen = {output: after_view(reader, output, layout, graph) for output in reader.outputs if output}
            if any(following is None for following in seen.values()):
                return False
            pending.extend((output, following) for output, following in seen.items() if following is not None)
    return True


def _can_cut(reader: Node, tensor: str, layout: Layout, graph: Graph) -> bool:
    """Whether a reader of repeated elements can have its loops cut at the repetitions."""
    if all(stride > 0 for axis in layout.axes for _, stride in axis):
        return True
    layers = operators()[reader.op].lower(reader, graph)
    if any(isinstance(step.operand, Table | Position) for layer in layers for step in steps_of(layer)):
        return False
    reads = [access for layer in layers for access in layer.inputs if access.tensor == tensor]
    steered = any(tensor in layer.tensors for layer in layers) and not reads
    return not steered and all(walks_singly(access) for access in reads)
