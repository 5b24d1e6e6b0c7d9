"""From a graph to a workload: every node gets its fate, every layer its id, its sources and its widths."""

from dataclasses import dataclass, field

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.layer import Layer, step_operands
from onnx2zz.lowering.fusion import riders
from onnx2zz.lowering.names import layer_name
from onnx2zz.lowering.options import LoweringOptions
from onnx2zz.lowering.placement import place_concats
from onnx2zz.lowering.precision import StoredBits, widths_of
from onnx2zz.lowering.repeats import read_where_stored
from onnx2zz.lowering.sources import Sources
from onnx2zz.lowering.triage import Verdict, triage
from onnx2zz.lowering.views import Views, find_views, rereads
from onnx2zz.ops.registry import operators
from onnx2zz.workload import NodeFate, PlacedLayer, Status, Workload


@dataclass
class _Lowering:
    """What has been decided so far, node by node."""

    graph: Graph
    options: LoweringOptions
    verdicts: dict[Node, Verdict]
    views: Views
    stored: StoredBits = field(default_factory=lambda: StoredBits({}))
    layers: dict[Node, tuple[Layer, ...]] = field(default_factory=dict)
    riding: dict[Node, Node] = field(default_factory=dict)

    def is_work(self, node: Node) -> bool:
        return self.verdicts[node].status == "work"

    def is_view(self, node: Node) -> bool:
        return node in self.views.nodes


def lower(graph: Graph, options: LoweringOptions | None = None) -> Workload:
    """The workload of a graph. Raises InputError for nodes that cannot be lowered, all of them at once."""
    options = options or LoweringOptions()
    verdicts = triage(graph, options.unsupported)
    state = _Lowering(graph, options, verdicts, find_views(graph, verdicts, options.movement))
    in_place = options.movement == "auto"
    for node in graph.nodes:
        if state.is_work(node) and not state.is_view(node) and node not in state.riding:
            if rereads(node, graph):
                state.views.nodes[node] = "its readers take the tensor as it is stored"
            elif node.op != "Concat" or not in_place:
                _lower_node(state, node)
    if in_place:
        _lower_concats(state)
    return _place(state)


def _lower_concats(state: _Lowering) -> None:
    """Decides each Concat, now that it is known which nodes have layers of their own."""
    views = state.views
    work = [node for node in state.graph.nodes if state.is_work(node)]
    place_concats(work, state.graph, views.nodes, views.copies, views.placed)
    for node in work:
        if node.op == "Concat" and not state.is_view(node):
            _lower_node(state, node)


def _lower_node(state: _Lowering, node: Node) -> None:
    """Takes in the node's layers, and the nodes that ride on the last of them."""
    copies = state.views.copies.get(node)
    layers = copies if copies is not None else operators()[node.op].lower(node, state.graph)
    layers = tuple(read_where_stored(layer, state.graph, state.views.nodes) for layer in layers)
    state.layers[node] = layers
    outputs = [o for o in node.outputs if o and (o in state.graph.readers or o in state.graph.results)]
    if copies is None and len(outputs) == 1 and any(layer.operations > 1 for layer in layers):
        for rider in riders(outputs[0], state.graph, state.is_work, state.is_view):
            if not state.is_view(rider):
                state.riding[rider] = node


def _place(state: _Lowering) -> Workload:
    """Numbers the layers and wires them."""
    ids: dict[Node, tuple[int, ...]] = {}
    placed: list[PlacedLayer] = []
    state.stored = StoredBits.in_graph(state.graph, state.views.nodes, state.options.precision.native)
    sources = Sources(state.graph, state.views)
    last_rider = {host: rider for rider, host in state.riding.items()}
    for node in state.graph.nodes:
        if node not in state.layers:
            sources.pass_through(node, state.riding.get(node), state.verdicts[node].status)
            continue
        mine = []
        for layer in state.layers[node]:
            state.stored.note(layer, node, state.options.precision.native)
            if layer.operations <= 1:
                sources.skip(layer)
                continue
            identity = len(placed)
            final = last_rider[node].outputs[0] if node in last_rider and layer.output.tensor in node.outputs else ""
            placed.append(_placed(state, sources, identity, node, layer, final))
            sources.made_by(layer.output.tensor, identity)
            mine.append(identity)
        ids[node] = tuple(mine)
        sources.close(node)
    return Workload(state.graph.name, tuple(placed), tuple(_fates(state, ids)))


def _placed(state: _Lowering, sources: Sources, identity: int, node: Node, layer: Layer, final: str) -> PlacedLayer:
    layer = sources.activation_first(layer)
    operands = dict(zip("IW", layer.inputs, strict=False))
    wired = {operand: sources.of(access.tensor) for operand, access in operands.items()}
    wired |= {"W": ("const",)} if "W" not in wired else {}
    if third := _third_tensors(layer, state.graph):
        wired["X"] = tuple(dict.fromkeys(s for name in third for s in sources.of(name)))
    constant = frozenset(o for o in ("I", "W") if not any(isinstance(s, int) for s in wired[o]))
    return PlacedLayer(
        id=identity,
        name=layer_name(identity, node),
        node=node.label,
        layer=layer,
        widths=widths_of(layer, state.graph, state.stored, state.options.precision, final),
        sources=wired,
        constant=constant,
    )


def _third_tensors(layer: Layer, graph: Graph) -> list[str]:
    """What a layer reads besides its operands: what steers it, and the zero points and scales that a run decides."""
    stepped = [access.tensor for access in step_operands(layer) if access.tensor not in graph.static]
    return list(dict.fromkeys([*layer.also_reads, *stepped]))


def _fates(state: _Lowering, ids: dict[Node, tuple[int, ...]]) -> list[NodeFate]:
    """Fates of the main graph's nodes first, then those of the bodies."""
    body_layers: dict[str, list[int]] = {}
    for node, layers in ids.items():
        for prefix in _callers(node):
            body_layers.setdefault(prefix, []).extend(layers)
    fates = [(node, _fate(state, node, ids, body_layers)) for node in state.graph.nodes]
    return [f for n, f in fates if not n.body_of] + [f for n, f in fates if n.body_of]


def _callers(node: Node) -> list[str]:
    """The callers whose bodies a node lies in, innermost first: prefixes of its path."""
    parts = node.body_of.split("/") if node.body_of else []
    return ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]


def _fate(
    state: _Lowering, node: Node, ids: dict[Node, tuple[int, ...]], body_layers: dict[str, list[int]]
) -> NodeFate:
    verdict = state.verdicts[node]
    status: Status
    layers: tuple[int, ...] = ()
    why = verdict.why
    if verdict.status in ("folded", "host"):
        status = verdict.status
    elif node.op == CALL:
        layers = tuple(body_layers.get(next(o for o in node.outputs if o), ()))
        status, why = ("lowered", f"body of {node.calls}") if layers else ("view", f"body of {node.calls} only renames")
    elif node in state.views.nodes:
        status, why = "view", state.views.nodes[node]
    elif node in state.riding:
        layers = _finishing(state, state.riding[node], ids)
        status, why = "fused", "rides on the layer that feeds it"
    elif layers := ids[node]:
        status, why = "lowered", operators()[node.op].how
    else:
        status, why = "host", "one element"
    op = node.calls or node.op
    return NodeFate(node.name, op, node.outputs, status, layers, why)


def _finishing(state: _Lowering, node: Node, ids: dict[Node, tuple[int, ...]]) -> tuple[int, ...]:
    """The layers of a node that write its outputs."""
    emitted = [layer for layer in state.layers[node] if layer.operations > 1]
    return tuple(i for i, layer in zip(ids[node], emitted, strict=True) if layer.output.tensor in node.outputs)
