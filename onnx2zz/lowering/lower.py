"""From a graph to a workload: every node gets its fate, every layer its id, its sources and its widths."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer, step_operands
from onnx2zz.ir.workload import PlacedLayer, Source, Workload
from onnx2zz.lowering.all_steps import CannotLiftError
from onnx2zz.lowering.body_fates import body_fates
from onnx2zz.lowering.decisions import Lowering
from onnx2zz.lowering.fates import fates, own_fates
from onnx2zz.lowering.interface import caches, model_inputs
from onnx2zz.lowering.names import layer_name
from onnx2zz.lowering.options import LoweringOptions
from onnx2zz.lowering.placement import place_concats
from onnx2zz.lowering.precision import StoredBits, widths_of
from onnx2zz.lowering.recurrence import repeated_layers
from onnx2zz.lowering.repeats import Repeated, read_where_stored
from onnx2zz.lowering.sources import Sources
from onnx2zz.lowering.triage import triage
from onnx2zz.lowering.views import find_views, rereads
from onnx2zz.ops.registry import operators

STANDS_IN = "the user says that its operator is like this one"


def lower(graph: Graph, options: LoweringOptions | None = None) -> Workload:
    """The workload of a graph. Raises InputError for nodes that cannot be lowered, all of them at once."""
    return _place(decide(graph, options or LoweringOptions()))


def decide(graph: Graph, options: LoweringOptions, of_body: bool = False) -> Lowering:
    """What becomes of each node, and its layers. Raises InputError as `lower` does, and StepsDifferError for
    recurrences that no loop over the steps describes, all of them at once."""
    verdicts = triage(graph, options.unsupported)
    views = find_views(graph, verdicts, options.movement)
    state = Lowering(graph, options, verdicts, views, Repeated(graph, views.nodes))
    # Where a body's layers write the same places at each step, a copy says it; its Concats have no place of their own.
    in_place = options.movement == "auto" and not of_body
    differing: dict[str, None] = {}
    for node in graph.nodes:
        if state.is_work(node) and not state.is_view(node) and node not in state.riding:
            if rereads(node, graph):
                state.views.nodes[node] = "its readers take the tensor as it is stored"
            elif node.recurrence is not None:
                _lower_recurrence(state, node, differing)
            elif node.op != "Concat" or not in_place:
                _lower_node(state, node)
    if in_place:
        _lower_concats(state)
    if differing:
        raise StepsDifferError(differing)
    return state


class StepsDifferError(Exception):
    """Recurrences, by what they go by in the graph, whose iterations have to stand there one by one."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = frozenset(names)


def _lower_recurrence(state: Lowering, node: Node, differing: dict[str, None]) -> None:
    """Takes in the layers of a node that repeats a body; nothing rides on them, since the next step reads them."""
    try:
        layers, repeating = repeated_layers(node, state.graph, state.options, partial(decide, of_body=True))
    except (CannotLiftError, StepsDifferError):
        differing[recurrence_name(node)] = None
        return
    state.layers[node] = tuple([read_where_stored(layer, state.graph, state.repeated) for layer in layers])
    state.repeating[node] = repeating


def recurrence_name(node: Node) -> str:
    """What a Loop or Scan goes by: its first output."""
    return _first_output(node)


def _lower_concats(state: Lowering) -> None:
    """Decides each Concat, now that it is known which nodes have layers of their own."""
    views = state.views
    work = [node for node in state.graph.nodes if state.is_work(node)]
    place_concats(work, state.graph, views.nodes, views.copies, views.placed)
    for node in work:
        if node.op == "Concat" and not state.is_view(node):
            _lower_node(state, node)


def _lower_node(state: Lowering, node: Node) -> None:
    """Takes in the node's layers, and the nodes that ride on the last of them."""
    copies = state.views.copies.get(node)
    layers = copies if copies is not None else operators()[node.op].lower(node, state.graph)
    layers = tuple(read_where_stored(layer, state.graph, state.repeated) for layer in layers)
    if not state.graph.stand_ins.keys().isdisjoint(node.outputs):
        layers = tuple(replace(layer, kind="approximate", why=STANDS_IN) for layer in layers)
    state.layers[node] = layers
    # A rider can only follow a node with one result that leaves it: with two the layer would have to write both forms.
    # The same holds for a carried state, which the next step reads before any rider has changed it.
    outputs = [o for o in node.outputs if o and (o in state.graph.readers or o in state.graph.results)]
    carried = any(layer.recurrent and layer.output.tensor in outputs for layer in layers)  # the next step reads it
    if copies is None and len(outputs) == 1 and not carried and any(layer.operations > 1 for layer in layers):
        for rider in state.riders.of(outputs[0]):
            if not state.is_view(rider):
                state.riding[rider] = node


def _place(state: Lowering) -> Workload:
    """Numbers the layers and wires them."""
    ids: dict[Node, tuple[int, ...]] = {}
    placed: list[PlacedLayer] = []
    unemitted: dict[str, tuple[tuple[int, Layer], ...]] = {}
    state.stored = StoredBits.in_graph(state.graph, state.views.nodes, state.options.precision.native)
    sources = Sources(state.graph, state.views)
    # Nodes are taken in the order of execution, and layers get their numbers in it, because a source must have a
    # smaller id than its reader. A layer of one operation is not emitted, but what reads it must still find out what is
    # behind it.
    last_rider = {host: rider for rider, host in state.riding.items()}
    for node in state.graph.nodes:
        if node not in state.layers:
            sources.pass_through(node, state.riding.get(node), state.verdicts[node].status)
            continue
        mine: list[int] = []
        left_out: list[tuple[int, Layer]] = []
        origins = state.repeating[node].origins if node in state.repeating else (None,) * len(state.layers[node])
        for (together, layer), origin in zip(_with_group(state.layers[node]), origins, strict=True):
            if layer is together[0]:
                sources.enter(together)
            state.stored.note(layer, node, state.options.precision.native)
            if layer.operations <= 1:
                sources.skip(layer)
                left_out.append((len(mine) + len(left_out), layer))
                continue
            identity = len(placed)
            final = last_rider[node].outputs[0] if node in last_rider and layer.output.tensor in node.outputs else ""
            placed.append(_placed(state, sources, identity, node, layer, final, origin or node))
            sources.made_by(layer, identity)
            mine.append(identity)
        ids[node] = tuple(mine)
        if left_out:
            unemitted[_first_output(node)] = tuple(left_out)
        sources.close(node, emitted=bool(mine))
    told = own_fates(state, ids)
    own = {_first_output(node): fate for node, fate in told.items()}
    return Workload(
        state.graph.name,
        tuple(placed),
        tuple(fates(told, body_fates(state, ids))),
        unemitted,
        own,
        state.stored.notes,
        state.graph.experts,
        model_inputs(state.graph),
        caches(state.graph),
    )


def _first_output(node: Node) -> str:
    return next(filter(None, node.outputs), "")


def _with_group(layers: tuple[Layer, ...]) -> Iterator[tuple[tuple[Layer, ...], Layer]]:
    """Each layer with the neighbours that share its recurrent loop."""
    for _, group in groupby(layers, key=lambda layer: layer.recurrent):
        together = tuple(group)
        yield from ((together, layer) for layer in together)


def _placed(
    state: Lowering, sources: Sources, identity: int, node: Node, layer: Layer, final: str, named_by: Node
) -> PlacedLayer:
    layer, feeding = sources.activation_first(layer)
    wired: dict[str, tuple[Source, ...]] = dict(zip("IW", (*feeding, ("const",)), strict=False))
    if third := _third_tensors(layer, state.graph):
        wired["X"] = tuple(dict.fromkeys(s for name in third for s in sources.of(name)))
    constant = frozenset(o for o in ("I", "W") if not any(isinstance(s, int) for s in wired[o]))
    return PlacedLayer(
        id=identity,
        name=layer_name(identity, named_by),
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
