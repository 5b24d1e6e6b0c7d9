"""A smaller graph with the same fault: fewer outputs, bodies and nodes, as long as it stays wrong in the same way."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper

from tests.composed.bodies import Wrap
from tests.composed.draft import reaching
from tests.composed.flat import Flat

Graph = tuple[Flat, tuple[Wrap, ...]]
SEED = 7


def shrunk(flat: Flat, wraps: tuple[Wrap, ...], wrong: Callable[[Flat, tuple[Wrap, ...]], bool]) -> Graph:
    """The first smaller graph that is still wrong, again and again until there is none."""
    graph = (flat, wraps)
    while (smaller := next((g for g in _smaller(*graph) if _size(g) < _size(graph) and wrong(*g)), None)) is not None:
        graph = smaller
    return graph


def _size(graph: Graph) -> tuple[int, int]:
    flat, wraps = graph
    return len(flat.nodes) + len(wraps), len(flat.outputs)


def _smaller(flat: Flat, wraps: tuple[Wrap, ...]) -> Iterator[Graph]:
    yield from ((flat, wraps[:i] + wraps[i + 1 :]) for i in range(len(wraps)))
    made = [name for node in flat.nodes for name in node.output]
    yield from ((with_outputs(flat, (name,)), wraps) for name in made if (name,) != flat.outputs)
    if len(flat.outputs) > 1:
        outputs = flat.outputs
        yield from ((with_outputs(flat, outputs[:i] + outputs[i + 1 :]), wraps) for i in range(len(outputs)))
    yield from ((cut, wraps) for node in reversed(flat.nodes) if (cut := _given(flat, node)) is not None)
    yield from ((passed, wraps) for node in flat.nodes if (passed := _passed(flat, node)) is not None)


def with_outputs(flat: Flat, outputs: tuple[str, ...]) -> Flat:
    """Only what these outputs depend on."""
    nodes = reaching(flat.nodes, outputs)
    read = {name for node in nodes for name in node.input}
    inputs = {name: value for name, value in flat.inputs.items() if name in read}
    constants = {name: value for name, value in flat.constants.items() if name in read}
    return replace(flat, nodes=tuple(nodes), outputs=outputs, inputs=inputs, constants=constants)


def _given(flat: Flat, node: onnx.NodeProto) -> Flat | None:
    """What a node makes becomes an input of the graph."""
    outputs = tuple(name for name in flat.outputs if name not in node.output)
    if not outputs or any(not flat.kinds[name].known for name in node.output):
        return None
    rng = np.random.default_rng(SEED)
    given = {name: _values(flat, name, rng) for name in node.output}
    nodes = tuple(other for other in flat.nodes if other is not node)
    return with_outputs(replace(flat, nodes=nodes, inputs={**flat.inputs, **given}), outputs)


def _values(flat: Flat, name: str, rng: np.random.Generator) -> np.ndarray:
    kind = flat.kinds[name]
    return np.asarray(rng.normal(0, 1, kind.fixed)).astype(helper.tensor_dtype_to_np_dtype(kind.element))


def _passed(flat: Flat, node: onnx.NodeProto) -> Flat | None:
    """A node's readers take its first input in its place."""
    name, before = node.output[0], node.input[0] if node.input else ""
    if len(node.output) > 1 or name in flat.outputs or not before or flat.kinds[name] != flat.kinds[before]:
        return None
    nodes = tuple(_reading(other, name, before) for other in flat.nodes if other is not node)
    return with_outputs(replace(flat, nodes=nodes), flat.outputs)


def _reading(node: onnx.NodeProto, name: str, other: str) -> onnx.NodeProto:
    changed = onnx.NodeProto()
    changed.CopyFrom(node)
    changed.input[:] = [other if read == name else read for read in node.input]
    return changed
