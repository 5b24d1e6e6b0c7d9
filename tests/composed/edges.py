"""The sources of every layer, against who stands behind the numbers that arrive at it."""

from collections.abc import Iterable, Iterator

import numpy as np
import onnx

from onnx2zz.ir.workload import PlacedLayer
from tests.composed.bodies import reads
from tests.composed.finding import Finding
from tests.composed.labels import ALL, moves
from tests.composed.producers import Names, Producers, flat_name, places_written
from tests.composed.reads import is_one_layer, read_places


def wrong_edges(producers: Producers) -> Iterator[Finding]:
    """Every node with layers, and every rider."""
    for node in producers.flat.nodes:
        if producers.status(node) == "fused":
            yield from _of_rider(node, producers)
        elif producers.status(node) == "lowered" and moves(node, producers.flat):
            for placed in producers.layers[node.name]:
                yield from _of_movement(node, placed, producers)
        elif producers.status(node) == "lowered":
            yield from _of_layers(node, producers)


def said_of(placed: PlacedLayer, producers: Producers) -> dict[str, Names]:
    """Operand to the nodes that its sources belong to, the layer's own node left out."""
    names, own = producers.node_of, producers.node_of[placed.id]
    found = {o: {names[s] if isinstance(s, int) else s for s in said} for o, said in placed.sources.items()}
    return {operand: frozenset(said - {own, "const"}) for operand, said in found.items()}


def _of_movement(node: onnx.NodeProto, placed: PlacedLayer, producers: Producers) -> Iterator[Finding]:
    """A layer that moves elements names those whose elements it moves, and at most all that it could."""
    output = flat_name(placed.layer.output.tensor)
    before = producers.labels.before.get(output)
    if before is None:
        return
    places = ALL
    if len(node.output) > 1 or node.op_type == "Concat":
        places = np.zeros(before.shape, bool)
        places[places_written(placed.layer)] = True
    least = producers.behind(before, places)
    said = said_of(placed, producers)["I"]
    most = frozenset[str]().union(*map(producers.of, reads(node)))
    yield from _compared(node, "I", said, least, least if node.op_type != "Gather" else most, producers)


def _of_layers(node: onnx.NodeProto, producers: Producers) -> Iterator[Finding]:
    """All operands together; and, where the node is one layer, each."""
    layers = producers.layers[node.name]
    least = {name: producers.of(name, _places(node, name, producers)) for name in reads(node)}
    most = {name: producers.of(name) for name in reads(node)}
    said = [said_of(placed, producers) for placed in layers]
    together = frozenset[str]().union(*(names for one in said for names in one.values()))
    yield from _compared(
        node,
        "all",
        together,
        frozenset[str]().union(*least.values()),
        frozenset[str]().union(*most.values()),
        producers,
    )
    if len(layers) == 1 and is_one_layer(node):
        for name in least:
            reached = most[name] | _walked([name], producers)
            if not any(least[name] <= names <= reached for names in said[0].values()):
                yield _finding(node, f"some operand for {name}", frozenset[str]().union(*said[0].values()), least[name])


def _places(node: onnx.NodeProto, name: str, producers: Producers) -> np.ndarray:
    found = read_places(node, name, producers.flat)
    return ALL if found is None else found


def _of_rider(node: onnx.NodeProto, producers: Producers) -> Iterator[Finding]:
    """It rides on the one layer whose elements arrive."""
    said = frozenset(producers.node_of[identity] for identity in producers.fates[node.name].layers)
    yield from _compared(
        node, "rider", said, found := frozenset[str]().union(*map(producers.of, reads(node))), found, producers
    )


def _compared(
    node: onnx.NodeProto, operand: str, said: Names, least: Names, most: Names, producers: Producers
) -> Iterator[Finding]:
    """Beyond `most` only what a walk over the views reaches: an edge through a part of a Concat names all that feeds
    the Concat (docs/conventions.md)."""
    if not least <= said:
        yield _finding(node, operand, said, least)
    elif not said <= most and not said <= most | _walked(reads(node), producers):
        yield _finding(node, operand, said, most)


def _walked(names: Iterable[str], producers: Producers) -> Names:
    """The nodes with layers, and the inputs, that a walk back over the graph from some tensors ends at."""
    makers = {output: maker for maker in producers.flat.nodes for output in maker.output}
    pending, seen, found = [*names], set[str](), set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        maker = makers.get(name)
        if maker is None:
            found.add(f"input:{name}")
            continue
        if producers.status(maker) == "lowered":
            found.add(maker.name)
        if producers.status(maker) != "lowered" or moves(maker, producers.flat):
            pending += reads(maker)
    return frozenset(found)


def _finding(node: onnx.NodeProto, operand: str, said: Names, wanted: Names) -> Finding:
    what = f"{node.name} {operand}: names {sorted(said)}, elements of {sorted(wanted)} arrive"
    kind = "missing" if wanted - said else "too many"
    return Finding(f"edge {kind}: {node.op_type}", what)
