"""Which nodes only rename data, and which rearrangements have to be paid for (docs/conventions.md).

Transpose is a view where every reader can take it into its access map; a part (Slice, Split, Gather by known
positions) unless it leaves the graph or goes to the host. Concats are decided later (placement.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.lowering.repeats import unrepeated
from onnx2zz.lowering.triage import Verdict
from onnx2zz.lowering.view_chain import after_view, own_layout, renamed
from onnx2zz.ops.registry import operators
from onnx2zz.ops.slicing import SLICING, part_copy, parts


@dataclass
class Views:
    """`nodes`: views, each with its reason. `copies`: layers of nodes that are views only in part.

    `placed`: for a Concat with copies, the inputs that are written in place.
    """

    nodes: dict[Node, str] = field(default_factory=dict[Node, str])
    copies: dict[Node, tuple[Layer, ...]] = field(default_factory=dict[Node, tuple[Layer, ...]])
    placed: dict[Node, tuple[str, ...]] = field(default_factory=dict[Node, tuple[str, ...]])


def find_views(graph: Graph, verdicts: Mapping[Node, Verdict], movement: str) -> Views:
    """The views of a graph; `movement` "free" makes every rearrangement one, "cost" none that moves an element."""
    views = Views()
    work = [node for node in graph.nodes if verdicts[node].status == "work"]
    for node in work:
        if node.op == CALL or operators()[node.op].view(node, graph):
            views.nodes[node] = "same elements"
        elif movement == "free" and operators()[node.op].kind == "movement":
            views.nodes[node] = "movement is free"
    # From the end of the graph to its beginning: whether a Transpose can vanish depends on its readers, and a reader
    # that is itself a view passes the question on to those behind it, which must be settled by then.
    if movement == "auto":
        readers = _Readers(graph, verdicts, views)
        for node in reversed(work):  # a node is decided after all that read it
            if node in views.nodes:
                continue
            if node.op in ("Transpose", "Expand") and readers.take(node):
                views.nodes[node] = "every reader takes it into its access map"
            elif node.op in SLICING:
                _cut(node, graph, readers, views)
    return views


def rereads(node: Node, graph: Graph) -> bool:
    """Whether a node that rides on no layer is a view, because its readers take the tensor as it is stored."""
    operator = operators().get(node.op)
    return operator is not None and operator.rereads(node, graph)


def _cut(node: Node, graph: Graph, readers: "_Readers", views: Views) -> None:
    """A part is a view; those of its outputs that leave the graph or go to the host are copied."""
    if any(parts(node, graph, output) is None for output in node.outputs if output):
        return
    leaving = [o for o in node.outputs if o and readers.leaves(o)]
    if leaving:
        views.copies[node] = tuple(part_copy(node, graph, output) for output in leaving)
    else:
        views.nodes[node] = "a part of a tensor"


@dataclass
class _Readers:
    """Who reads a tensor, through the views that are known so far; each answer is found once.

    Asked from the last node to the first: whatever reads a tensor has been decided by then.
    """

    graph: Graph
    verdicts: Mapping[Node, Verdict]
    views: Views
    _leaving: dict[str, bool] = field(default_factory=dict[str, bool])
    _taken: set[tuple[str, Layout]] = field(default_factory=set[tuple[str, Layout]])

    def leaves(self, tensor: str) -> bool:
        """Whether a tensor is an output of the graph or read by the host, itself or through views."""
        pending = [tensor]
        while pending:
            name = pending[-1]
            behind = [] if self._leaves_itself(name) else self._seen_through(name)
            if unknown := [output for output in behind if output not in self._leaving]:
                pending += unknown
                continue
            self._leaving[pending.pop()] = self._leaves_itself(name) or any(self._leaving[o] for o in behind)
        return self._leaving[tensor]

    def _leaves_itself(self, name: str) -> bool:
        to_host = any(self.verdicts[reader].status == "host" for reader in self.graph.readers.get(name, ()))
        return name in self.graph.results or to_host

    def _seen_through(self, name: str) -> list[str]:
        """The outputs of the views that read a tensor; a Concat decides for itself."""
        readers = [r for r in self.graph.readers.get(name, ()) if self._is_view(r) and r.op != "Concat"]
        return [output for reader in readers for output in reader.outputs if output]

    def _is_view(self, reader: Node) -> bool:
        return reader in self.views.nodes or rereads(reader, self.graph)

    def take(self, node: Node) -> bool:
        """Whether all that read a rearranged tensor, through views, can take it into their access maps: walk it with
        one loop an axis, and read what is repeated where it is stored."""
        stored, output = node.inputs[0], node.outputs[0]
        start = own_layout(node, output, self.graph)
        if start is None or start == contiguous(self.graph.shape(output)):
            return start is not None
        seen: set[tuple[str, Layout]] = set()
        pending = [(output, start)]
        while pending:
            tensor, layout = pending.pop()
            if (tensor, layout) in seen or (tensor, layout) in self._taken:
                continue
            seen.add((tensor, layout))
            following = self._readers_take(tensor, layout, stored)
            if following is None:
                return False
            pending += following
        if not start.repeats:  # whether repeats can be read where they are stored depends on the stored tensor, too
            self._taken |= seen
        return True

    def _readers_take(self, tensor: str, layout: Layout, stored: str) -> list[tuple[str, Layout]] | None:
        """The views that read a tensor of this layout, with theirs; None if some reader cannot take it."""
        following: list[tuple[str, Layout]] = []
        if tensor in self.graph.results:
            return None
        for reader in self.graph.readers.get(tensor, ()):
            status = self.verdicts[reader].status
            if status == "folded":
                continue
            if status == "host" or reader.op == "Concat":
                return None
            # A view in between changes the layout and hands it on to its own readers. A reader that computes must be
            # able to walk the layout with its loops, as it is: one that cannot makes the tensor be written out for all
            # of them.
            if self._is_view(reader):
                seen = [(o, self._after(reader, o, layout)) for o in _outputs_of(reader, tensor, self.graph)]
            elif self._takes(reader, tensor, layout, stored):
                # whoever reads a rider reads what it rides on
                rides = operators()[reader.op].rides(reader, self.graph)
                seen = [(reader.outputs[0], layout)] if rides else []
            else:
                return None
            following += [(output, behind) for output, behind in seen if behind is not None]
            if any(behind is None for _, behind in seen):
                return None
        return following

    def _after(self, view: Node, output: str, layout: Layout) -> Layout | None:
        if view.op == "Pad":  # a Pad that is a view moves nothing: its readers look past it
            return None if layout.repeats else layout
        return after_view(view, output, layout, self.graph)

    def _takes(self, reader: Node, tensor: str, layout: Layout, stored: str) -> bool:
        """Whether the layers of a node can read a tensor that lies in `stored` like this."""
        if not layout.affine:
            return False
        if not layout.repeats:
            return True
        if reader.recurrence is not None:  # its layers follow from its body, which is not lowered yet
            return False
        layers = operators()[reader.op].lower(reader, self.graph)
        reads = [(layer, i) for layer in layers for i, access in enumerate(layer.inputs) if access.tensor == tensor]
        steered = any(tensor in layer.tensors for layer in layers) and not reads
        elements = self.graph.tensors[stored].elements
        return not steered and all(unrepeated(layer, i, stored, elements, layout) for layer, i in reads)


def _outputs_of(view: Node, tensor: str, graph: Graph) -> list[str]:
    """The outputs of a view that hold elements of a tensor; of a sequence, nobody knows."""
    outputs = filter(None, view.outputs)
    return [o for o in outputs if graph.tensors[o].shape is None or renamed(view, o) == tensor]
