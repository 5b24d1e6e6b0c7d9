"""One node: its layers are run on its true operands, and compared with onnxruntime at its outputs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.evaluate.tensors import Entry
from onnx2zz.frontend.graph import Node
from onnx2zz.interpreter import Grid, elements_of
from onnx2zz.layer import Layer
from onnx2zz.verify.binding import bind
from onnx2zz.verify.comparison import differing
from onnx2zz.verify.execution import execute
from onnx2zz.verify.fitness import DISTINCT, kinds, unfit
from onnx2zz.verify.groups import Group, in_order
from onnx2zz.verify.node_run import CannotRunError
from onnx2zz.verify.redraw import redrawn
from onnx2zz.verify.result import Mismatch
from onnx2zz.verify.sampling import sample
from onnx2zz.verify.values import Values

TRIES = 3
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class NodeCheck:
    """What became of one node: how many output elements were compared, what differs, or why nothing was run."""

    points: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    unchecked: str = ""


@dataclass(frozen=True)
class Trial:
    """Operands of a node's layers, and what onnxruntime makes of them."""

    operands: Arrays
    expected: Arrays


def check_node(group: Group, values: Values, entries: Sequence[Entry], points: int) -> NodeCheck:
    """Binds the node's entries to its layers, runs them and compares."""
    bounds = {placed.id: bind(entries[placed.id], placed) for placed in group.placed}
    said = tuple(
        Mismatch(group.node.label, i, d.where, d.layer, d.entry, d.cause)
        for i, bound in bounds.items()
        for d in bound.differences
    )
    layers = [bounds[placed.id].layer or placed.layer for placed in group.placed]
    layers += group.unemitted
    try:
        trial = _trial(group, values)
        checked = compare(group, layers, trial, points, values.rng)
    except CannotRunError as error:
        return NodeCheck(0, said, str(error)[:200])
    return replace(checked, mismatches=(*said, *checked.mismatches))


def _trial(group: Group, values: Values) -> Trial:
    """Operands that prove something: those of the run if they do, else fresh ones. Raises CannotRunError."""
    reason = values.failed.get(group.node, "")
    for trial in _trials(group, values):
        reason = _unfit(group, trial)
        if not reason:
            return trial
    raise CannotRunError(reason)


def _trials(group: Group, values: Values) -> Iterator[Trial]:
    outputs = [o for o in group.node.outputs if o in group.made]
    if group.node not in values.failed:
        yield Trial({n: values.of(n) for n in group.reads}, {o: values.of(o) for o in outputs})
    for _ in range(TRIES):
        operands, expected = redrawn(group.node, group.reads, values)
        yield Trial(operands, {o: expected[o] for o in outputs})


def _unfit(group: Group, trial: Trial) -> str:
    operands = {access.tensor for layer in group.layers for access in layer.inputs} & trial.operands.keys()
    values = [(name, trial.operands[name]) for name in sorted(operands)]
    pointwise = all(layer.reduce == "none" for layer in group.layers)
    possible = math.prod(kinds(value) for value in trial.operands.values()) if pointwise else DISTINCT
    reasons = [(name, unfit(value)) for name, value in values]
    reasons += [(name, unfit(value, possible)) for name, value in trial.expected.items()]
    return next((f"{name}: {reason}" for name, reason in reasons if reason), "")


def compare(group: Group, layers: Sequence[Layer], trial: Trial, points: int, rng: np.random.Generator) -> NodeCheck:
    """Runs layers at sampled points of those that write the node's outputs, and compares there."""
    order = in_order(layers) if group.unemitted else range(len(layers))
    ordered = [layers[i] for i in order]
    final = {i: layer for i, layer in enumerate(ordered) if layer.output.tensor in trial.expected}
    wanted = {i: sample(layer, points, rng) for i, layer in final.items()}
    try:
        run = execute(ordered, trial.operands, wanted)
    except (IndexError, ValueError, KeyError) as error:
        return NodeCheck(0, (Mismatch(group.node.label, None, "run", "a run of the layers", str(error), "size"),))
    found: list[Mismatch] = []
    count = 0
    identities = [placed.id for placed in group.placed]
    for i, layer in final.items():
        position = list(order)[i]
        identity = identities[position] if position < len(identities) else None
        mismatch, compared = _compared(group.node, identity, layer, run.tensors, trial.expected, wanted[i])
        count += compared
        found += [mismatch] if mismatch else []
    return NodeCheck(count, tuple(found))


def _compared(
    node: Node, identity: int | None, layer: Layer, tensors: Arrays, expected: Arrays, grid: Grid
) -> tuple[Mismatch | None, int]:
    name = layer.output.tensor
    extents = [axis.extent for axis in layer.output.axes]
    if expected[name].size != np.prod(extents, dtype=int):
        shape = "x".join(map(str, expected[name].shape))
        return Mismatch(node.label, identity, name, shape, "x".join(map(str, extents)), "broadcast"), 0
    count = len(next(iter(grid.values()))) if grid else 1
    where = tuple(np.broadcast_to(element, (count,)) for element in elements_of(layer.output, grid))
    got = np.atleast_1d(tensors[name][where])
    wanted = np.atleast_1d(expected[name].reshape(extents)[where])
    wrong = np.flatnonzero(differing(got, wanted))
    if not len(wrong):
        return None, count
    first = wrong[0]
    place = f"{name}[{', '.join(str(int(w[first])) for w in where)}] and {len(wrong) - 1} of {count} more"
    return Mismatch(node.label, identity, place, float(wanted[first]), float(got[first]), "unknown"), count
