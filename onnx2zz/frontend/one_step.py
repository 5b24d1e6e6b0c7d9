"""Loop and Scan whose steps are alike: the body is walked once, and stands in the graph as a recurrence.

Whatever the number of steps, this costs one body. Where steps differ (a shape that grows, a branch on the step's
number, a loop in the loop), nothing is taken in, and the caller puts the iterations there one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    @property
    def steering(self) -> int:
        """How many inputs of the body come before the states: a Loop's number and condition. The condition alone
        stands before the results."""
        return 2 if self.proto.op_type == "Loop" else 0


def repeat(state: Trace, call: Call, walk: Walk) -> bool:
    """Puts the node into the graph as a recurrence; tells whether its steps are alike."""
    given = (*call.initial, *call.scanned)
    if call.steps < FEWEST or caller_name(call.proto, call.scope) in state.unrolled:
        return False
    # What constants alone decide is known before the run, and its values may be asked for.
    read = (*given, *call.scope.look_up_all(outer_names([call.body])))
    if state.static.issuperset(read) or any(name in state.open or name in state.lists for name in given):
        return False
    outer, state.nodes = state.nodes, []
    try:
        prepared, node = _traced(state, call, walk)
    except OtherUseError:
        return False
    finally:
        state.nodes = outer
    state.nodes += [*prepared, node]
    return True


def _traced(state: Trace, call: Call, walk: Walk) -> tuple[list[Node], Node]:
    """The nodes that make constants of constants, which go in front, and the node that repeats the others. Raises
    OtherUseError where the steps are not alike."""
    scope = scope_of_body(call.proto, call.scope)
    numbers = StepNumbers(state, call.steps, scope.prefix)
    note_initializers(state, call.body, scope)
    inputs = _inputs(state, call, scope, numbers)
    for proto in in_order(call.body.node):
        at = len(state.nodes)
        walk(state, [proto], scope)
        for node in state.nodes[at:]:
            numbers.take(node)
    results = scope.look_up_all(o.name for o in call.body.output)
    if call.steering:
        condition, *results = results
        if condition != inputs[1]:
            _check_goes_on(state, condition, inputs[1])
    results = tuple(results)
    nodes = _live(state.nodes, results)
    _check(state, nodes, call, inputs, results)
    prepared, repeated = _parted(state, nodes, inputs)
    live = set(nodes)
    aside = [node for node in state.nodes if node in numbers.steering or node not in live]
    return prepared, _node(state, call, repeated, inputs, results, numbers, aside)


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


def _check(state: Trace, nodes: Sequence[Node], call: Call, inputs: Sequence[str], results: Sequence[str]) -> None:
    """Raises OtherUseError where a body is no step of a recurrence."""
    for node in nodes:
        names = [name for name in (*node.inputs, *node.outputs) if name]
        stepwise = node.op in STEPWISE or node.op in CONTROL_FLOW or node.op in RANDOM or node.recurrence
        if stepwise or any(n in state.open or n in state.lists or n in state.shaped_by_data for n in names):
            raise OtherUseError
    for inside, after in zip(inputs[call.steering :], results[: len(call.initial)], strict=False):
        if state.tensors[inside] != state.tensors[after]:
            raise OtherUseError
    if any(name in state.static or state.tensors[name].shape is None for name in results):
        raise OtherUseError


def _node(
    state: Trace,
    call: Call,
    nodes: Sequence[Node],
    inputs: tuple[str, ...],
    results: tuple[str, ...],
    numbers: StepNumbers,
    aside: Sequence[Node],
) -> Node:
    """The node as it stands in the graph, its outputs noted."""
    proto, scope = call.proto, call.scope
    outputs = tuple([scope.declare(o) for o in proto.output])
    outputs += ("",) * (len(results) - len(outputs))
    carried = tuple(
        Carried(inside, first, after, last)
        for inside, first, after, last in zip(
            inputs[call.steering :], call.initial, results[: len(call.initial)], outputs, strict=False
        )
    )
    stacked = tuple(_stacked(state, call, results[len(carried) :], outputs[len(carried) :]))
    for one in filter(lambda one: one.last, carried):
        state.note(one.last, state.types[one.initial])
    steps = [node for node in nodes if node not in numbers.steering]
    slices = {
        name: rows for name, rows in numbers.slices.items() if any(name in n.inputs for n in steps) or name in results
    }
    body = _graph(state, call, steps, (*(one.inside for one in carried), *slices), results)
    whole = _body_proto(state, call, nodes, inputs, results)
    attributes = [a for a in proto.attribute if a.name != "body"] + [helper.make_attribute("body", whole)]
    own = scope.look_up_all(proto.input)
    schema = schema_of(proto, scope.opsets)
    return Node(
        qualified(proto),
        proto.name,
        (*own, *outer_names([whole])),
        outputs[: len(proto.output)],
        {a.name: a for a in attributes},
        schema.since_version if schema else 1,
        scope.body_of,
        recurrence=Recurrence(call.steps, body, carried, slices, stacked, scope.opsets, tuple(aside)),
    )


def _stacked(state: Trace, call: Call, results: Sequence[str], outputs: Sequence[str]) -> Iterable[tuple[str, Rows]]:
    """Where each result of a step lies in the output that has those of all steps, and what type that output has."""
    axes = call.axes[1] or (0,) * len(results)
    backwards = call.backwards[1] or (0,) * len(results)
    for name, output, axis, back in zip(results, outputs, axes, backwards, strict=True):
        if not output:
            continue
        tensor = state.tensors[name]
        shape = list(tensor.shape or ())
        axis %= len(shape) + 1
        shape.insert(axis, call.steps)
        state.note_known(output, tensor_type(tensor.type, tuple(shape)))
        yield name, Rows(output, axis, call.steps, call.steps - 1 if back else 0, -1 if back else 1)


def _graph(state: Trace, call: Call, nodes: Sequence[Node], inputs: tuple[str, ...], results: tuple[str, ...]) -> Graph:
    """One step as a graph of its own. What it reads from outside is there as it is, and no input."""
    names = {name for node in nodes for name in (*node.inputs, *node.outputs)}
    return Graph(
        call.proto.name,
        tuple(nodes),
        inputs,
        tuple(dict.fromkeys(results)),
        state.tensors,
        frozenset(names & state.constants),
        frozenset(names & state.static),
        frozenset(),
        state.values,
    )


def _body_proto(
    state: Trace, call: Call, nodes: Sequence[Node], inputs: tuple[str, ...], results: tuple[str, ...]
) -> onnx.GraphProto:
    """The body as onnxruntime runs it, of the nodes that were traced: functions and branches are inlined, constants
    stand outside, and every tensor has its global name."""
    written = [proto for node in nodes for proto in _written(node)]
    prefix = caller_name(call.proto, call.scope)
    ends = [f"{prefix}/result{index}" for index in range(len(results))]
    written += [helper.make_node("Identity", [name], [end]) for name, end in zip(results, ends, strict=True)]
    infos = [onnx.ValueInfoProto(name=end, type=state.types[name]) for name, end in zip(results, ends, strict=True)]
    if call.steering:
        go = f"{prefix}/goes_on"
        written.append(helper.make_node("Identity", [inputs[1]], [go]))
        infos.insert(0, onnx.ValueInfoProto(name=go, type=state.types[inputs[1]]))
    given = [onnx.ValueInfoProto(name=name, type=state.types[name]) for name in inputs]
    return helper.make_graph(written, "step", given, infos)


def _written(node: Node) -> Iterable[onnx.NodeProto]:
    if node.op == CALL:
        for source, name in zip(node.inputs, node.outputs, strict=False):
            if name:
                yield helper.make_node("Identity", [source], [name])
        return
    domain, _, op = node.op.rpartition(".")
    proto = helper.make_node(op, [*node.inputs], [*node.outputs], domain=domain)
    proto.attribute.extend(node.protos.values())
    yield proto
