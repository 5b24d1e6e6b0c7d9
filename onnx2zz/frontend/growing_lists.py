"""A list that each step of a Loop makes longer by one tensor is that tensor of all steps, stacked: a scan output.

So a loop that keeps its results in a list is repeated like any other, whatever the number of its steps.
Source: ONNX operator pages Loop and SequenceInsert.
"""

from collections import Counter

import onnx

from onnx2zz.frontend.bodies import subgraph
from onnx2zz.frontend.inference import graphs_in, outer_names
from onnx2zz.frontend.state import Scope, Trace, qualified

STEERING = 2
"""A Loop's number of steps and its condition stand before its states; in its body's results the condition alone."""


def with_stacks(state: Trace, proto: onnx.NodeProto, scope: Scope) -> tuple[onnx.NodeProto, tuple[str, ...]] | None:
    """The Loop with a scan output, behind the others, for each list that begins empty and only grows at its end, and
    the names of these outputs; None where it has none."""
    body = subgraph(proto, "body")
    states = len(proto.input) - STEERING
    uses = _uses(body)
    made = {output: node for node in body.node for output in node.output}
    growing = [number for number in range(states) if _grows(state, proto, scope, body, number, uses, made)]
    if not growing:
        return None
    found = onnx.NodeProto()
    found.CopyFrom(proto)
    inner = subgraph(found, "body")
    names = tuple(proto.output[number] for number in growing)
    results = [body.output[1 + number].name for number in growing]
    for node in inner.node:
        if node.output and node.output[0] in results:
            item = node.input[1]
            node.CopyFrom(onnx.helper.make_node("Identity", [item], [node.output[0]], node.name))
    for number in reversed(growing):
        del found.input[STEERING + number], found.output[number]
        del inner.input[STEERING + number], inner.output[1 + number]
    found.output.extend(names)
    inner.output.extend(onnx.ValueInfoProto(name=name) for name in results)
    return found, names


def _uses(body: onnx.GraphProto) -> Counter[str]:
    """How often each name is read in the body, the bodies in it and its own results included."""
    read = Counter(name for node in body.node for name in node.input)
    read.update(name for node in body.node for name in outer_names(graphs_in(node)))
    read.update(output.name for output in body.output)
    return read


def _grows(
    state: Trace,
    proto: onnx.NodeProto,
    scope: Scope,
    body: onnx.GraphProto,
    number: int,
    uses: Counter[str],
    made: dict[str, onnx.NodeProto],
) -> bool:
    """Whether a state is a list that nobody looks at while the loop runs, and a step puts one tensor behind it."""
    before, after = body.input[STEERING + number].name, body.output[1 + number].name
    begins = state.lists.get(scope.look_up(proto.input[STEERING + number]))
    node = made.get(after)
    if begins is None or begins.length or node is None or not proto.output[number]:
        return False
    at_the_end = not any(node.input[2:])
    inserts = qualified(node) == "SequenceInsert" and node.input[0] == before and at_the_end
    return inserts and uses[before] == 1 and uses[after] == 1
