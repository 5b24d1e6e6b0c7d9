"""One node: its layers are run on its true operands, and compared with onnxruntime at its outputs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.conservation.groups import Group
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.frontend.graph import Graph
from onnx2zz.ir.access import Position, Table
from onnx2zz.ir.layer import Layer, step_operands, steps_of
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.proof.binding import bind
from onnx2zz.proof.draws import countable, counts_steps, draws_of
from onnx2zz.proof.epsilon import size_near_epsilon
from onnx2zz.proof.fitness import DISTINCT, kinds, moves, richness, same, unfit
from onnx2zz.proof.in_place import buffers
from onnx2zz.proof.node_comparison import Trial, cause_of, deviations, points_in
from onnx2zz.proof.node_run import CannotRunError
from onnx2zz.proof.redraw import redrawn
from onnx2zz.proof.sampling import sample
from onnx2zz.proof.values import Values

TRIES = 12  # of fresh operands: what squashes (Clip, a comparison with a constant) leaves few values apart
CALMER = (1.0, 1 / 4, 1 / 16)  # of what a Loop or Scan reads, in turn
OTHER_SIZES = (1.0, -1.0, 64.0, -64.0, 1 / 64, -1 / 64)  # of real operands; no activation is flat over all of them


@dataclass(frozen=True)
class NodeCheck:
    """What became of one node: how many output elements were compared, and why if it was not run.

    `said`: where its entries contradict its layers; `mismatches`: where its values are wrong.
    """

    points: int = 0
    said: tuple[Mismatch, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    unchecked: str = ""

    @property
    def found(self) -> tuple[Mismatch, ...]:
        """All that is wrong."""
        return (*self.said, *self.mismatches)


Entries = Sequence[WorkloadEntry] | Mapping[int, WorkloadEntry]
"""The entries of a workload, by the ids of their layers."""


def check_node(group: Group, values: Values, entries: Entries, points: int) -> NodeCheck:
    """Binds the node's entries to its layers, runs them and compares."""
    bounds = {placed.id: bind(entries[placed.id], placed) for placed in group.placed}
    said = said_of(group, entries)
    layers = [
        # Run as ZigZag reads the entry. Where that fits no tensor the layer runs instead, so that the rest is still
        # compared.
        bounds[member.id].layer or member.layer if isinstance(member, PlacedLayer) else member
        for member in group.members
    ]
    try:
        # A second trial with tiny operands where the node has an epsilon: beside values of size 1 a wrong epsilon would
        # vanish in rounding.
        trials = (trial_of(group, values), *_near_epsilon(group, values))
    except CannotRunError as error:
        return NodeCheck(0, said, unchecked=str(error)[:200])
    # What entry and layer disagree about is known, so that no variant has to be tried to explain the values.
    cause = said[0].cause if said else ""
    checked = [
        _compared(group, layers, _in_buffers(group, trial, values.graph), points, values, cause) for trial in trials
    ]
    wrong = next((check.mismatches for check in checked if check.mismatches), ())
    return NodeCheck(checked[0].points, said, wrong)


def _in_buffers(group: Group, trial: Trial, graph: Graph) -> Trial:
    """The trial with what stands in the buffers that the node writes into."""
    kept = {output: trial.operands[source] for output, source in buffers(group.node, graph).items()}
    return replace(trial, operands={**trial.operands, **kept}) if kept else trial


def said_of(group: Group, entries: Entries) -> tuple[Mismatch, ...]:
    """Where a node's entries contradict its layers."""
    return tuple(
        Mismatch(group.node.label, placed.id, d.where, d.layer, d.entry, d.cause)
        for placed in group.placed
        for d in bind(entries[placed.id], placed).differences
    )


def trial_of(group: Group, values: Values) -> Trial:
    """Operands that prove something: those of the run if they do, else fresh ones. Raises CannotRunError.

    Only where none of them gives as many values as any node may have is it asked whether results change with the
    operands at all, and then how many this node can have, or has left after an operator that cuts most of few elements
    off (a Relu of eight).
    """
    reason, tried = values.failed.get(group.node, ""), list[Trial]()
    for trial in _trials(group, values):
        reason = _unfit(group, trial, values.graph)
        if not reason:
            return trial
        tried.append(trial)
    # Without the run's own trial, whose operands may be what is wrong.
    fresh = tried[-TRIES:]
    # Good operands and poor results: the operator itself may have no more to give (an ArgMax over two classes).
    if not any(_unfit_operands(group, trial, values.graph) for trial in fresh):
        results = [list(trial.expected.values()) for trial in fresh]
        if moves(results) or _moves_or_stands_still(group, values, results[0]):
            return max(fresh, key=lambda trial: richness(list(trial.expected.values())))
    # Last of all, since it is the weakest claim: fewer distinct values than a wrong layer might give by chance.
    if tried and not _unfit(group, tried[-1], values.graph, few=True):
        return tried[-1]
    raise CannotRunError(reason)


def _moves_or_stands_still(group: Group, values: Values, result: Sequence[np.ndarray]) -> bool:
    """Whether the node gives other results on operands of other sizes, large, small or of the other sign, or the same
    on all of them (it reads padding only)."""
    names = [o for o in group.node.outputs if o in group.made]
    redraws = (redrawn(group, values, size)[1] for size in OTHER_SIZES)
    others = [[outputs[o] for o in names] for outputs in redraws]
    return all(same(result, other) for other in others) or moves([result, *others])


def _trials(group: Group, values: Values) -> Iterator[Trial]:
    outputs = [o for o in group.node.outputs if o in group.made]
    # The operands of the run go first: they are what the model computes with.
    if group.node not in values.failed:
        yield Trial({n: values.of(n) for n in group.reads}, {o: values.of(o) for o in outputs})
    # What a step makes goes into the next one, so that what grows a little at each is beyond all numbers in the end.
    sizes = CALMER if group.node.recurrence else (1.0,)
    for number in range(TRIES):
        operands, expected = redrawn(group, values, sizes[number % len(sizes)])
        yield Trial(operands, {o: expected[o] for o in outputs})


def _near_epsilon(group: Group, values: Values) -> Iterator[Trial]:
    """Operands on which the epsilon of a norm shows, if the node has one."""
    if size := size_near_epsilon(group.node):
        operands, expected = redrawn(group, values, size)
        trial = Trial(operands, {o: expected[o] for o in group.node.outputs if o in group.made})
        # An extra trial: where it proves nothing the ordinary one stands alone.
        if not _unfit(group, trial, values.graph):
            yield trial


def _unfit_operands(group: Group, trial: Trial, graph: Graph, few: bool = False) -> list[str]:
    """Why operands prove nothing; lengths of sequences are few different numbers at best."""
    if draws_of(group.node.op).few_operands:
        return []
    # A check proves little on operands whose values are alike: exchanged axes would give the same result. Lengths and
    # masks are exempt, as they can only be few different numbers.
    enough = _left if few else len
    operands = {access.tensor for layer in group.layers for access in layer.inputs} & trial.operands.keys()
    counting = {name for name in operands if name in group.node.inputs and counts_steps(group.node, name)}
    values = [(name, trial.operands[name]) for name in sorted(operands - counting)]
    counts = {name: countable(name, group.node, graph) or DISTINCT for name, _ in values}
    reasons = ((name, unfit(value, min(counts[name], enough(value.ravel())))) for name, value in values)
    return [f"{name}: {reason}" for name, reason in reasons if reason]


def _unfit(group: Group, trial: Trial, graph: Graph, few: bool = False) -> str:
    """Why operands or results prove nothing; `few` distinct values will do, where there cannot be more."""
    pointwise = all(layer.reduce == "none" for layer in group.layers)
    # A pointwise operator on two bools has four results at most, however many elements there are.
    possible = math.prod(kinds(value) for value in trial.operands.values()) if pointwise else DISTINCT
    possible = min(possible, draws_of(group.node.op).few_results or possible, _apart(group) if few else possible)
    enough = _left if few else len
    reasons = ((name, unfit(v, min(possible, enough(v.ravel())))) for name, v in trial.expected.items())
    found = [*_unfit_operands(group, trial, graph, few), *(f"{name}: {reason}" for name, reason in reasons if reason)]
    return next(iter(found), "")


def _left(values: np.ndarray) -> int:
    """How many distinct values are enough where most are cut off: of three one, and two at least."""
    return max(2, len(values) // 3)


def _apart(group: Group) -> int:
    """How many elements of the outputs can differ: along a loop with which nothing moves that is read, they repeat."""
    writing = [layer for layer in group.layers if layer.output.tensor in group.node.outputs]
    return sum(math.prod(layer.sizes[loop] for loop in layer.output.loops & _moving(layer)) for layer in writing)


def _moving(layer: Layer) -> frozenset[str]:
    """The loops with which anything moves that a layer reads."""
    read = [*layer.inputs, *step_operands(layer)]
    read += [access.picks[1] for access in layer.inputs if access.picks]
    known = [step.operand for step in steps_of(layer)]
    loops = {loop for access in read for loop in access.loops}
    # Steps may take a number for each channel from a table, so that elements differ although no operand moves.
    loops |= {loop for table in known if isinstance(table, Table) for loop in (table.loop, table.inner)}
    return frozenset(loops | {loop for place in known if isinstance(place, Position) for loop, _ in place.terms})


def _compared(
    group: Group, layers: Sequence[Layer], trial: Trial, points: int, values: Values, cause: str
) -> NodeCheck:
    """Runs layers and compares; wrong values are put down to `cause` if one is known."""
    try:
        wanted = {
            i: sample(layer, points, values.rng)
            for i, layer in enumerate(layers)
            if layer.output.tensor in trial.expected
        }
        found = deviations(layers, trial, wanted)
    except (IndexError, ValueError, KeyError) as error:
        refused = Mismatch(group.node.label, None, "run", "layers that can be run", str(error), cause or "size")
        return NodeCheck(0, mismatches=(refused,))
    mismatches: list[Mismatch] = []
    for deviation in found:
        first, member = deviation.wrong[0], group.members[deviation.layer]
        reason = cause or cause_of(deviation, layers, trial, wanted[deviation.layer])
        identity = member.id if isinstance(member, PlacedLayer) else None
        expected, got = float(deviation.expected[first]), float(deviation.got[first])
        mismatches.append(Mismatch(group.node.label, identity, deviation.where, expected, got, reason))
    return NodeCheck(sum(map(points_in, wanted.values())), mismatches=tuple(mismatches))
