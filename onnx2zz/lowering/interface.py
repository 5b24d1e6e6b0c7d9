"""Which inputs are caches and which are ids of tokens: by what becomes of them, not by their names."""

from collections.abc import Iterator

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.ir.interface import Cache, ModelInput

TABLES = {
    "Gather": (0, 1),
    "com.microsoft.GatherBlockQuantized": (0, 1),
    "com.microsoft.EmbedLayerNormalization": (2, 0),
}
"""Operators that look rows up: the places of their table and of the rows' names."""
MOVES = {
    **dict.fromkeys(("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"), (0,)),
    **dict.fromkeys(("Slice", "Split", "Gather", "Expand"), (0,)),
    "TensorScatter": (0, 1),
    "ScatterND": (0, 2),
    "ScatterElements": (0, 2),
    "Where": (1, 2),
}
"""Operators whose results are elements of inputs: the places of these. (A Concat's are all of its inputs.)"""


def model_inputs(graph: Graph) -> tuple[ModelInput, ...]:
    """The inputs of a run, whose shapes are known."""
    rows = frozenset(_names_of_rows(graph))
    known = ((name, graph.tensors[name].shape) for name in graph.inputs if name not in graph.static)
    return tuple(ModelInput(name, shape, name in rows) for name, shape in known if shape is not None)


def _names_of_rows(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        table, names = TABLES.get(node.op, (0, 0))
        if (
            names != table
            and node.input(table) in graph.static
            and len(graph.tensors[node.input(table)].shape or ()) > 1
        ):
            yield from _behind(node.input(names), graph)


def caches(graph: Graph) -> tuple[Cache, ...]:
    """Each input that an output repeats, of its type and with as many axes, beside elements that the run computes."""
    found: dict[str, Cache] = {}
    inputs = frozenset(graph.inputs)
    for output in graph.outputs:
        tensor = graph.tensors[output]
        behind = _behind(output, graph)
        made = any(name not in inputs and name not in graph.static for name in behind)
        for name in behind if made else ():
            if name in inputs and name not in graph.static and _alike(graph, name, output):
                found.setdefault(name, Cache(name, output, tensor.elements))
    return tuple(found.values())


def _alike(graph: Graph, name: str, output: str) -> bool:
    first, second = graph.tensors[name], graph.tensors[output]
    return first.type == second.type and len(first.shape or ()) == len(second.shape or ()) > 0


def _behind(tensor: str, graph: Graph) -> tuple[str, ...]:
    """Where the elements of a tensor come from, moves undone: inputs, constants, and tensors that are computed."""
    seen, open_, ends = {tensor}, [tensor], list[str]()
    while open_:
        name = open_.pop()
        node = graph.maker.get(name)
        moved = _moved(node, name) if node is not None and name not in graph.static else ()
        # What an attention keeps is an input of its own and, beside it, what it computes itself.
        if not moved or (node is not None and _cache_of(node, name) is not None):
            ends.append(name)
        for one in moved:
            if one not in seen:
                seen.add(one)
                open_.append(one)
    return tuple(ends)


def _moved(node: Node, output: str) -> tuple[str, ...]:
    """The inputs of which a node only moves elements into its output; none if it computes any."""
    held = _cache_of(node, output)
    if held is not None:
        return (held,) if held else ()
    places = MOVES.get(node.op, ())
    if node.op == "Concat":
        places = range(len(node.inputs))
    elif node.op == CALL:
        places = (node.outputs.index(output),)
    return tuple(name for one in places if (name := node.input(one)))


def _cache_of(node: Node, output: str) -> str | None:
    """The input that an operator repeats in an output with what is new ("" if it is left out); None if it has none."""
    place = facts_of(node.op).caches.get(node.outputs.index(output))
    return None if place is None else node.input(place)
