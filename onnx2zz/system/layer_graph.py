"""The layers to be scheduled, what each reads of the others, and what leaves the chip: of a compiled model, or of a
workload file, which knows nothing of views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from onnx2zz.compiler import Compiled
from onnx2zz.formats.system_file import operator_names
from onnx2zz.formats.workload_entry import EntryLayer, WorkloadEntry, operand_sources, read_layer
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, window
from onnx2zz.ir.functions import ADD, MUL
from onnx2zz.ir.layer import Layer, OperatorType
from onnx2zz.ir.workload import PlacedLayer, Source, Widths
from onnx2zz.system.operands import Told
from onnx2zz.system.reads import Chain, Chains, Edge, Unknown, by_element
from onnx2zz.system.tile import Range


@dataclass(frozen=True)
class LayerGraph:
    """`edges`: those into each layer, by its id. `results`: layers whose output leaves the chip. `operators`: the names
    that each layer goes by where a core says what it runs: its node's ONNX operator, and ZigZag's type."""

    layers: tuple[Told, ...]
    entries: tuple[WorkloadEntry, ...]
    edges: Mapping[int, tuple[Edge, ...]]
    results: tuple[int, ...]
    operators: Mapping[int, frozenset[str]]

    @cached_property
    def reached(self) -> dict[tuple[int, int, str, str, Range], Range | None]:
        """What parts of loops read of other layers' loops, as far as it has been asked: of producer, reader, operand,
        loop and part."""
        return {}


def graph_of_model(compiled: Compiled) -> LayerGraph:
    """The layers of a compiled model, with exact reads through its views."""
    workload = compiled.workload
    layers = tuple(_told(placed, entry) for placed, entry in zip(workload.layers, compiled.entries, strict=True))
    chains = Chains(compiled.graph, workload.layers, workload.own_fates)
    edges: dict[int, tuple[Edge, ...]] = {}
    for told in layers:
        found = [edge for operand in ("I", "W", "X") for edge in _edges(told, operand, layers, chains)]
        if found:
            edges[told.placed.id] = tuple(found)
    # What is fused into a layer (an activation) is not among its names: a core that runs Conv runs it with what is
    # fused.
    named: dict[int, set[str]] = {told.placed.id: {told.placed.layer.operator_type} for told in layers}
    for fate in workload.nodes:
        for layer in fate.layers if fate.status == "lowered" else ():
            named[layer].add(fate.op)
    # An output of the graph may be a view of what a layer wrote, or of what several did.
    leaving = {layer for name in compiled.graph.outputs for layer in chains.of(name)}
    return _whole(layers, compiled.entries, edges, named, leaving)


def _edges(told: Told, operand: str, layers: Sequence[Told], chains: Chains) -> list[Edge]:
    placed = told.placed
    sources = placed.sources.get(operand, ())
    makers = [source for source in sources if isinstance(source, int)]
    if not makers:
        return []
    read: Mapping[int, tuple[Chain, ...]] = {}
    if operand != "X":
        read = chains.behind(placed.layer.inputs["IW".index(operand)])
    found: list[Edge] = []
    for maker in makers:
        output = layers[maker].placed.layer.output
        through = read.get(maker) or ((Unknown(tuple(axis.extent for axis in output.axes)),),)
        # A view between the two may show other positions under the same names: then order is all that is told.
        told_apart = (
            operand != "X" and through == ((),) and by_element(layers[maker].entry, told.entry, operand, len(sources))
        )
        found.append(Edge(maker, placed.id, operand, through, told_apart))
    return found


def graph_of_entries(entries: Sequence[WorkloadEntry]) -> LayerGraph:
    """The layers of a workload file: a reader whose channels, rows and columns are its producer's reads element by
    element, any other the whole output."""
    layers = tuple(_told(_placed(number, entry), entry) for number, entry in enumerate(entries))
    numbers = {entry["id"]: number for number, entry in enumerate(entries)}
    edges: dict[int, tuple[Edge, ...]] = {}
    for number, told in enumerate(layers):
        found: list[Edge] = []
        for operand in ("I", "W"):
            maker = numbers.get(told.entry.sources.get(operand, entries[number]["id"]), number)
            if maker != number and operand in told.entry.indices:
                found.append(_edge(layers[maker], told, operand))
        if found:
            edges[number] = tuple(found)
    named = {number: set(operator_names(entry["operator_type"])) for number, entry in enumerate(entries)}
    return _whole(layers, tuple(entries), edges, named, set())


def _edge(producer: Told, told: Told, operand: str) -> Edge:
    plain = by_element(producer.entry, told.entry, operand, 1)
    written = producer.placed.layer.output
    read = told.placed.layer.inputs["IW".index(operand)]
    same_axes = plain and [axis.extent for axis in written.axes] == [axis.extent for axis in read.axes]
    chain: Chain = () if same_axes else (Unknown(tuple(axis.extent for axis in written.axes)),)
    return Edge(producer.placed.id, told.placed.id, operand, (chain,), plain and same_axes)


def _told(placed: PlacedLayer, entry: WorkloadEntry) -> Told:
    read = read_layer(placed.id, entry)
    assert read is not None, "the entry has been checked before it is scheduled"
    return Told(placed, read)


def _whole(
    layers: tuple[Told, ...],
    entries: tuple[WorkloadEntry, ...],
    edges: Mapping[int, tuple[Edge, ...]],
    named: Mapping[int, set[str]],
    leaving: set[int],
) -> LayerGraph:
    read = {edge.producer for into in edges.values() for edge in into}
    results = tuple(sorted(leaving | {told.placed.id for told in layers} - read))
    return LayerGraph(layers, entries, edges, results, {layer: frozenset(names) for layer, names in named.items()})


def _placed(number: int, entry: WorkloadEntry) -> PlacedLayer:
    """A layer as its entry tells it: each index an axis of its own, the tensors nameless."""
    read = read_layer(number, entry)
    assert read is not None, "the entry has been checked before it is scheduled"
    inputs = [operand for operand in ("I", "W") if operand in read.indices]
    precision = entry["operand_precision"]
    # In ZigZag's files a layer that is its own source has a constant there.
    own = entry["id"]
    sources: dict[str, tuple[Source, ...]] = {
        operand: (source,) if source != own else ("const",) for operand, source in operand_sources(entry).items()
    }
    # A relation may name a loop that loop_dims leaves out: ZigZag takes it as one iteration, and an access needs its
    # size.
    unnamed = {loop: 1 for relation in read.relations for _, loop in relation.terms if loop not in read.loops}
    layer = Layer(
        _operator_type(entry),
        tuple({**read.loops, **unnamed}.items()),
        _access(read, "O"),
        tuple(_access(read, operand) for operand in inputs),
        Step(ADD if read.combine == "+" else MUL),
        # An entry does not say how values are reduced, since ZigZag knows nothing but sums.
        "sum",
    )
    widths = Widths(precision["W"], precision["I"], precision["O"], precision["O_final"])
    constant = frozenset(operand for operand, source in sources.items() if source == ("const",))
    return PlacedLayer(number, str(entry.get("name")), "", layer, widths, sources, constant)


def _operator_type(entry: WorkloadEntry) -> OperatorType:
    """The type as far as tiles depend on it; what it is priced by is in the entry."""
    return "Conv" if entry["operator_type"].startswith("Conv") else "Gemm"


def _access(read: EntryLayer, operand: str) -> Access:
    return Access(operand, tuple(_axis(read, index) for index in read.indices[operand]))


def _axis(read: EntryLayer, index: str) -> Axis:
    relation = read.related.get(index)
    if relation is None or index in read.loops:
        return along(index, read.loops[index])
    before = read.padding.get(index, (0, 0))[0]
    return window(relation.first, relation.second, read.span(index), relation.a, relation.b, before)
