"""One run of the model in onnxruntime, and what entered each layer in it."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from onnx2zz.compiler import Compiled
from onnx2zz.conservation.groups import Group, fates_of, groups
from onnx2zz.events.reads import Reads, reads_of, stored_values
from onnx2zz.events.silence import skippable
from onnx2zz.ir.access import Access
from onnx2zz.ir.interpreter import read
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.pricing.event_driven import Activities, Activity
from onnx2zz.proof.stored_values import StoredValues
from onnx2zz.proof.values import Values, walk
from onnx2zz.proof.verify import VerifyOptions, begin

Watch = Callable[[int, int, str], None]
INNER = "its input exists only between the layers of one node"
UNCOUNTED = "which elements it reads depends on values, or on several loops at once"
NEEDS_ZEROS = "a zero changes its result like any other value"


def measure(compiled: Compiled, inputs: str, options: VerifyOptions, watch: Watch | None = None) -> Activities:
    """The activity of every layer on the inputs of `options`, random where it has none; `inputs` names them."""
    values = begin(compiled, options)
    return Activities(
        inputs=inputs,
        layers=dict(_activities(compiled, values, watch or (lambda done, total, name: None))),
        random_weights=tuple(_random_weights(compiled, values.stored)),
        not_run=tuple(node.label for node in values.failed),
    )


def _activities(compiled: Compiled, values: Values, watch: Watch) -> Iterator[tuple[int, Activity]]:
    graph = compiled.graph
    lowered = groups(graph, compiled.workload)
    # Nobody reads what they make, so that running them would only cost time.
    dead = {node for node, fate in fates_of(graph, compiled.workload).items() if fate.why == "dead"}
    reads = {node: group.reads for node, group in lowered.items()}
    for node in walk(values, reads, dead):
        watch(graph.position[node], len(graph.nodes), node.label)
        for placed in lowered[node].placed if node in lowered else ():
            yield placed.id, _activity(placed, lowered[node], values)


def _random_weights(compiled: Compiled, stored: StoredValues) -> Iterator[str]:
    for placed in compiled.workload.layers:
        constants = [name for name in placed.layer.tensors if stored.holds(name)]
        if any(stored.of(name) is None for name in constants):
            yield placed.name


def _activity(placed: PlacedLayer, group: Group, values: Values) -> Activity:
    """What the layer reads of the run: of each operand that is no constant."""
    accesses = dict(zip("IW", placed.layer.inputs, strict=False))
    # Constants send no events: their zeros are known before the run, and a core has them at hand.
    carried = {op: access for op, access in accesses.items() if set(placed.sources[op]) != {"const"}}
    if "I" not in carried or any(access.tensor in group.made for access in carried.values()):
        return _dense(placed.layer, carried, INNER)
    counted = {operand: _counted(placed.layer, access, values) for operand, access in carried.items()}
    known = {operand: found for operand, found in counted.items() if found is not None}
    # One operand that cannot be counted, and the number of operations that something triggers is unknown, too.
    if len(known) < len(counted):
        return _dense(placed.layer, carried, UNCOUNTED)
    return _measured(placed.layer, accesses, known, values)


Counted = tuple[Reads, np.ndarray]


def _counted(layer: Layer, access: Access, values: Values) -> Counted | None:
    reads = reads_of(layer, access)
    tensors = {name: values.of(name) for name in _tensors(access)}
    stored = stored_values(access, tensors) if reads else None
    return None if reads is None or stored is None else (reads, stored)


def _tensors(access: Access) -> list[str]:
    operands = [step.operand for step in access.prepare if isinstance(step.operand, Access)]
    return [access.tensor, *(name for operand in operands for name in _tensors(operand))]


def _measured(layer: Layer, accesses: Mapping[str, Access], counted: Mapping[str, Counted], values: Values) -> Activity:
    reads, stored = counted["I"]
    skipping = skippable(layer, float(stored.min()) if stored.size else 0.0)
    nonzero = {operand: mine.elements_among(stored != 0) for operand, (mine, stored) in counted.items()}
    elements = {operand: mine.elements for operand, (mine, _) in counted.items()}
    density = {operand: nonzero[operand] / max(1, elements[operand]) for operand in counted}
    # A sum skips where both operands are zero. With a constant as one of them nothing is ever silent.
    if not set(skipping) <= counted.keys() or not skipping:
        return Activity(density, 1.0, (), sum(elements.values()), NEEDS_ZEROS)
    # Where either operand triggers, operations cannot be counted axis by axis: the loop nest is walked.
    executed = _either(layer, accesses, values) if "W" in skipping else reads.operations_on(stored != 0)
    return Activity(density, executed / layer.operations, skipping, sum(nonzero.values()))


def _either(layer: Layer, accesses: Mapping[str, Access], values: Values) -> int:
    """The operations that read something other than zero in any operand."""
    mesh = np.ix_(*(np.arange(size) for _, size in layer.loops))
    grid = dict(zip(layer.sizes, mesh, strict=True))
    tensors = {name: values.of(name) for access in accesses.values() for name in _tensors(access)}
    found = np.zeros([size for _, size in layer.loops], bool)
    for access in accesses.values():
        found |= read(access, layer.pad_value, tensors, grid) != 0
    return int(found.sum())


def _dense(layer: Layer, carried: Mapping[str, Access], why: str) -> Activity:
    events = sum(access.volume(layer.sizes) for access in carried.values())
    return Activity(dict.fromkeys(carried, 1.0), 1.0, (), events, why)
