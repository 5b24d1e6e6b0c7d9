"""Loop and Scan whose steps are alike: the body is walked once, and stands in the graph as a recurrence.

Whatever the number of steps, this costs one body. Where steps differ (a shape that grows, a branch on the step's
number, a longer loop in the loop), nothing is taken in, and the caller puts the iterations there one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from onnx2zz.frontend.bodies import Walk
from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.inference import RANDOM, outer_names
from onnx2zz.frontend.output_types import CONTROL_FLOW, schema_of
from onnx2zz.frontend.recurrence import Carried, Recurrence, Rows
from onnx2zz.frontend.sorting import in_order
from onnx2zz.frontend.state import Scope, Trace, caller_name, note_initializers, qualified, scope_of_body, tensor_type
from onnx2zz.frontend.step_number import NUMBER, OtherUseError, StepNumbers
from onnx2zz.frontend.step_states import counted, is_handed_on
from onnx2zz.frontend.written_body import written_body

STEPWISE = frozenset({"LSTM", "GRU", "RNN", "com.microsoft.DynamicQuantizeLSTM"})
"""They have steps of their own, and a layer has one loop of steps."""
FEWEST = 2
"""One step is no recurrence."""


@dataclass(frozen=True)
class Call:
    """A Loop or Scan at its call: global names of what its states begin with and of what it takes apart.

    `axes` and `backwards` are those of the scanned inputs, then of the stacked outputs.
    """

    proto: onnx.NodeProto
    scope: Scope
    body: onnx.GraphProto
    steps: int
    initial: tuple[str, ...]
    scanned: tuple[str, ...] = ()
    axes: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    backwards: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    told: bool = False

    @property
    def steering(self) -> int:
        """How many inputs of the body come before the states: a Loop's number and condition. The condition alone
        stands before the results."""
        return 2 if self.proto.op_type == "Loop" else 0

    @property
    def name(self) -> str:
        """What the body goes by."""
        return caller_name(self.proto, self.scope)


@dataclass(frozen=True)
class Body:
    """What the walk over a body found: its inputs and results by their global names (a Loop's number and condition
    among the inputs, no condition among the results), and the nodes between them.

    `still`: states that are handed on as they came, with what they begin with.
    """

    call: Call
    inputs: tuple[str, ...]
    results: tuple[str, ...]
    nodes: tuple[Node, ...]
    numbers: StepNumbers
    still: Mapping[str, str]

    @property
    def states(self) -> list[tuple[str, str, str]]:
        """Of each state what a step reads, what it begins with, and what the step makes of it."""
        inside = self.inputs[self.call.steering :]
        return list(zip(inside, self.call.initial, self.results, strict=False))

    @property
    def made(self) -> tuple[str, ...]:
        """The results that a step makes: what is handed on, or counts the steps, is none."""
        known = [inside in self.still or inside in self.numbers.numbers for inside, _, _ in self.states]
        own = [name for (_, _, name), is_known in zip(self.states, known, strict=True) if not is_known]
        return (*own, *self.results[len(known) :])


def repeat(state: Trace, call: Call, walk: Walk) -> bool:
    """Puts the node into the graph as a recurrence; tells whether its steps are alike."""
    given = (*call.initial, *call.scanned)
    # In a body that is to be repeated a loop of fewer steps stands there once an iteration; a longer one matters more.
    if call.steps < FEWEST or call.name in state.unrolled or call.steps <= state.repeating:
        return False
    # What constants alone decide is known before the run, and its values may be asked for.
    read = (*given, *call.scope.look_up_all(outer_names([call.body])))
    if state.static.issuperset(read) or any(name in state.open or name in state.lists for name in given):
        return False
    outer, state.nodes = state.nodes, []
    before, state.repeating = state.repeating, call.steps
    try:
        body = _walked(state, call, walk)
        prepared, node = _taken(state, body)
    except OtherUseError:
        return False
    finally:
        state.nodes, state.repeating = outer, before
    state.nodes += [*prepared, node]
    return True


def _walked(state: Trace, call: Call, walk: Walk) -> Body:
    scope = scope_of_body(call.proto, call.scope)
    numbers = StepNumbers(state, call.steps, scope.prefix)
    note_initializers(state, call.body, scope)
    inputs = _inputs(state, call, scope, numbers)
    still = _known_states(state, call, scope, inputs, numbers)
    for proto in in_order(call.body.node):
        at = len(state.nodes)
        walk(state, [proto], scope)
        for node in state.nodes[at:]:
            numbers.take(node)
    results = scope.look_up_all(o.name for o in call.body.output)
    if call.steering:
        if not call.told:
            _check_goes_on(state, results[0], inputs[1])
        results = results[1:]
    return Body(call, inputs, results, tuple(state.nodes), numbers, still)


def _inputs(state: Trace, call: Call, scope: Scope, numbers: StepNumbers) -> tuple[str, ...]:
    """The body's inputs by their global names: number and condition, states, parts of what is scanned."""
    names = tuple([scope.declare(i.name) for i in call.body.input])
    if call.steering:
        state.note_known(names[0], tensor_type(onnx.TensorProto.INT64, ()))
        state.note_known(names[1], tensor_type(onnx.TensorProto.BOOL, ()))
        numbers.numbers[names[0]] = NUMBER
    states = names[call.steering : call.steering + len(call.initial)]
    for name, first in zip(states, call.initial, strict=True):
        state.note(name, state.types[first])
    parts = names[call.steering + len(call.initial) :]
    for name, outer, axis, back in zip(parts, call.scanned, call.axes[0], call.backwards[0], strict=True):
        tensor = state.tensors[outer]
        shape = list(tensor.shape or ())
        extent = shape.pop(axis)
        state.note_known(name, tensor_type(tensor.type, tuple(shape)))
        numbers.slices[name] = Rows(outer, axis, extent, extent - 1 if back else 0, -1 if back else 1)
    return names


def _known_states(
    state: Trace, call: Call, scope: Scope, inputs: Sequence[str], numbers: StepNumbers
) -> dict[str, str]:
    """Gives states that are handed on the name of what they begin with; notes those that count the steps."""
    still: dict[str, str] = {}
    given = list(call.body.input)[call.steering :]
    results = list(call.body.output)[call.steering // 2 :]
    for inside, one, result, first in zip(inputs[call.steering :], given, results, call.initial, strict=False):
        if is_handed_on(call.body, one.name, result.name):
            still[inside] = scope.names[one.name] = first
        elif (number := counted(state, scope, call.body, one.name, result.name, first)) is not None:
            numbers.numbers[inside] = number
    return still


def _check_goes_on(state: Trace, condition: str, given: str) -> None:
    """Raises OtherUseError unless a body's condition is true, or the one that it was given."""
    makers = {output: node for node in state.nodes for output in node.outputs}
    while condition in makers and makers[condition].op in ("Identity", "Cast", CALL):
        node = makers[condition]
        condition = node.inputs[node.outputs.index(condition)]
    value = state.known(condition)
    if condition != given and (value is None or not value.all()):
        raise OtherUseError


def _live(nodes: Sequence[Node], results: Iterable[str]) -> list[Node]:
    """The nodes that some result depends on, in their order."""
    wanted, live = set(results), list[Node]()
    for node in reversed(nodes):
        if not wanted.isdisjoint(filter(None, node.outputs)):
            live.append(node)
            wanted.update(node.inputs)
    return live[::-1]


def _parted(state: Trace, nodes: Sequence[Node], inputs: Sequence[str]) -> tuple[list[Node], list[Node]]:
    """The nodes that need no step, since they make constants of constants from outside, and the others (the Shape of a
    state among them, however well it is known)."""
    prepared, repeated, inside = list[Node](), list[Node](), set(inputs)
    for node in nodes:
        outside = state.static.issuperset(filter(None, node.outputs)) and inside.isdisjoint(node.inputs)
        (prepared if outside else repeated).append(node)
        inside.update(() if outside else node.outputs)
    return prepared, repeated


def _check(state: Trace, nodes: Sequence[Node], body: Body) -> None:
    """Raises OtherUseError where a body is no step of a recurrence."""
    for node in nodes:
        names = [name for name in (*node.inputs, *node.outputs) if name]
        stepwise = node.op in STEPWISE or node.op in CONTROL_FLOW or node.op in RANDOM or node.recurrence
        if stepwise or any(n in state.open or n in state.lists or n in state.shaped_by_data for n in names):
            raise OtherUseError
    if any(state.tensors[inside] != state.tensors[after] for inside, _, after in body.states):
        raise OtherUseError
    if any(name in state.static or state.tensors[name].shape is None for name in body.made):
        raise OtherUseError


def _taken(state: Trace, body: Body) -> tuple[list[Node], Node]:
    """The nodes that make constants of constants, which go in front, and the node that repeats the others, its outputs
    noted. Raises OtherUseError where the steps are not alike."""
    call, proto = body.call, body.call.proto
    nodes = _live(body.nodes, body.results)
    _check(state, nodes, body)
    outputs = tuple([call.scope.declare(o) for o in proto.output])
    carried = tuple(_carried(state, body, outputs))
    stacked = tuple(_stacked(state, call, body.results[len(call.initial) :], outputs[len(call.initial) :]))
    prepared, repeated = _parted(state, nodes, body.inputs)
    condition = body.inputs[1] if call.steering else ""
    whole = written_body(repeated, body.inputs, body.results, condition, state.types, call.name)
    attributes = [a for a in proto.attribute if a.name != "body"] + [helper.make_attribute("body", whole)]
    schema = schema_of(proto, call.scope.opsets)
    node = Node(
        qualified(proto),
        proto.name,
        (*call.scope.look_up_all(proto.input), *outer_names([whole])),
        outputs,
        {a.name: a for a in attributes},
        schema.since_version if schema else 1,
        call.scope.body_of,
        recurrence=_recurrence(state, body, repeated, set(nodes), carried, stacked),
    )
    return prepared, node


def _recurrence(
    state: Trace,
    body: Body,
    nodes: Sequence[Node],
    live: set[Node],
    carried: tuple[Carried, ...],
    stacked: tuple[tuple[str, Rows], ...],
) -> Recurrence:
    numbers = body.numbers
    steps = [node for node in nodes if node not in numbers.steering]
    read = {name for node in steps for name in node.inputs}
    slices = {name: rows for name, rows in numbers.slices.items() if name in read or name in body.made}
    aside = tuple([node for node in body.nodes if node in numbers.steering or node not in live])
    graph = _graph(state, body, steps, (*[one.inside for one in carried], *slices))
    return Recurrence(body.call.steps, graph, carried, slices, stacked, body.call.scope.opsets, aside)


def _carried(state: Trace, body: Body, outputs: Sequence[str]) -> Iterable[Carried]:
    """The states that a step reads from the one before, or that leave the node as they came; outputs are noted."""
    for number, (inside, first, after) in enumerate(body.states):
        last = outputs[number] if number < len(outputs) else ""
        if last:
            state.note(last, state.types[first])
        if inside not in body.numbers.numbers:
            yield Carried(inside, first, inside if inside in body.still else after, last)
        elif last:
            end = body.numbers.numbers[inside].at(body.call.steps)
            dtype = helper.tensor_dtype_to_np_dtype(state.tensors[first].type)
            state.hold_constant(last, np.full(state.tensors[first].shape or (), end, dtype))


def _stacked(state: Trace, call: Call, results: Sequence[str], outputs: Sequence[str]) -> Iterable[tuple[str, Rows]]:
    """Where each result of a step lies in the output that has those of all steps, and what type that output has."""
    axes = call.axes[1] or (0,) * len(results)
    backwards = call.backwards[1] or (0,) * len(results)
    for name, output, axis, back in zip(results, outputs, axes, backwards, strict=False):
        if not output:
            continue
        tensor = state.tensors[name]
        shape = list(tensor.shape or ())
        axis %= len(shape) + 1
        shape.insert(axis, call.steps)
        state.note_known(output, tensor_type(tensor.type, tuple(shape)))
        yield name, Rows(output, axis, call.steps, call.steps - 1 if back else 0, -1 if back else 1)


def _graph(state: Trace, body: Body, nodes: Sequence[Node], inputs: tuple[str, ...]) -> Graph:
    """One step as a graph of its own. What it reads from outside is there as it is, and no input."""
    names = {*inputs, *body.made, *[name for node in nodes for name in (*node.inputs, *node.outputs) if name]}
    return Graph(
        body.call.proto.name,
        tuple(nodes),
        inputs,
        tuple(dict.fromkeys(body.made)),
        {name: state.tensors[name] for name in names},  # a model of many loops has many more than one of them
        frozenset(names & state.constants),
        frozenset(names & state.static),
        frozenset(),
        state.values,
    )
