"""Nodes whose shapes hang on values that only a run knows: one sentence for each cause, with what cures it.

A network that reads the lengths of its sequences leaves the shapes of everything behind open, until `--value` says how
long a typical one is.
"""

from collections.abc import Iterable, Mapping

from onnx import TensorProto

from onnx2zz.errors import Problem
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.inference import RANDOM
from onnx2zz.frontend.operators.table import operator_carries_macs

MOST_VALUES = 64
"""Elements of an input that a user can give one value for: a length, a scale, a few sizes; no image."""
MOST_NAMED = 3
WHOLE = frozenset({TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL})


def problems(nodes: Iterable[Node], graph: Graph) -> list[Problem]:
    """What decides the shapes of some nodes with multiply-accumulates, and how to settle it."""
    sources = _sources(graph)
    behind: dict[tuple[str, ...] | Node, dict[Node, None]] = {}
    for node in nodes:
        for source in sources.get(node) or _before(node, graph, sources) or {node: None}:
            behind.setdefault(_deciding_inputs(source, graph) or source, {})[node] = None
    return [
        _of_inputs(key, [*found]) if isinstance(key, tuple) else _of_node(key, [*found], graph)
        for key, found in behind.items()
    ]


def _sources(graph: Graph) -> dict[Node, dict[Node, None]]:
    """For each node that data shapes, the first nodes on the way to it that it shapes."""
    found: dict[Node, dict[Node, None]] = {}
    for node in graph.nodes:
        if graph.shaped_by_data.isdisjoint(node.outputs):
            continue
        found[node] = _before(node, graph, found) or {node: None}
    return found


def _before(node: Node, graph: Graph, found: Mapping[Node, Mapping[Node, None]]) -> dict[Node, None]:
    makers = [graph.maker.get(name) for name in node.inputs if name in graph.shaped_by_data]
    return {source: None for maker in makers if maker is not None for source in found.get(maker, {})}


def _deciding_inputs(source: Node, graph: Graph) -> tuple[str, ...]:
    """The inputs of the graph whose values decide the shape of a node, if a user can give each of them one value."""
    open_ = [name for name in source.inputs if name and name not in graph.static]
    # The first input is mostly data (Expand, Slice), and the others say the shape; NonZero has no other.
    pending = [name for name in open_ if name != source.input(0)] or open_
    seen = set(pending)
    found: list[str] = []
    while pending:
        name = pending.pop()
        maker = graph.maker.get(name)
        if maker is None:
            found.append(name)
            continue
        # What a product or chance makes is known to no run but the real one, whatever the inputs are filled with.
        if maker.op in RANDOM or operator_carries_macs(maker.op):
            return ()
        more = [i for i in maker.inputs if i and i not in graph.static and i not in seen]
        seen.update(more)
        pending += more
    return _given_one_value(found, graph)


def _given_one_value(names: list[str], graph: Graph) -> tuple[str, ...]:
    """Of the inputs that a shape hangs on, the few integers if there are any, since sizes are integers; else the
    numbers; none where something else decides."""
    tensors = {name: graph.tensors[name] for name in names if name in graph.inputs}
    few = [name for name, tensor in tensors.items() if tensor.shape is not None and tensor.elements <= MOST_VALUES]
    whole = [name for name in few if graph.tensors[name].type in WHOLE]
    single = [name for name in few if graph.tensors[name].elements == 1]
    # Numbers are offered only if they are all there is: what a longer input decides stays open, whatever a scale is.
    return tuple(sorted(whole or (single if len(single) == len(names) else [])))


def _of_inputs(names: tuple[str, ...], nodes: list[Node]) -> Problem:
    what = f"{'their values decide' if len(names) > 1 else 'its value decides'} the shapes of {_told(nodes)}"
    options = " ".join(f"--value {name}=X" for name in names)
    return Problem(f"input {', '.join(names)}", what, f"add {options} (a typical value), or pass --unsupported host")


def _of_node(source: Node, nodes: list[Node], graph: Graph) -> Problem:
    opened = [o for o in source.outputs if o and graph.tensors[o].shape is None and graph.is_read(o)]
    options = " ".join(f"--shape {name}=..." for name in opened)
    what = f"only a run knows its shape, and those of {_told(nodes)}"
    return Problem(f"node {source.label} ({source.op})", what, f"add {options}, or pass --unsupported host")


def _told(nodes: list[Node]) -> str:
    named = ", ".join(f"{node.label} ({node.op})" for node in nodes[:MOST_NAMED])
    more = f" and {len(nodes) - MOST_NAMED} more" if len(nodes) > MOST_NAMED else ""
    return f"{len(nodes)} node{'s' if len(nodes) > 1 else ''} with MACs: {named}{more}"
