"""Loop and Scan whose number of iterations is known: their body once for all steps where these are alike
(one_step.py), else once for each.

Source: ONNX operator pages Loop and Scan. A loop that cannot be unrolled is left as it is (the host runs it).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.bodies import Walk, function_key, subgraph
from onnx2zz.frontend.graph import marked
from onnx2zz.frontend.growing_lists import with_stacks
from onnx2zz.frontend.inference import graphs_in
from onnx2zz.frontend.one_step import Call, repeat
from onnx2zz.frontend.operators.table import operator_carries_macs
from onnx2zz.frontend.state import (
    GENERATED_OPSET,
    Scope,
    Trace,
    caller_name,
    close_body,
    label_of,
    note_initializers,
    qualified,
    scope_of_body,
    tensor_type,
)

# Every iteration becomes layers of its own: beyond these the workload would outgrow any network that is priced layer by
# layer, and a loop over thousands of steps is control flow, no network. Of a body that multiplies (a scan over a
# prompt, a loop over the experts of a mixture) nothing may be lost, and so more is taken.
MOST_ITERATIONS = 64
MOST_THAT_MULTIPLY = 1024
MOST_NODES = 20_000
SCANS_WITHOUT_BATCH = 9  # the opset since which Scan's inputs have no batch axis


@dataclass(frozen=True)
class Steps:
    """The body of a loop at its call: where it is put, step by step."""

    state: Trace
    proto: onnx.NodeProto
    scope: Scope
    body: onnx.GraphProto
    walk: Walk

    def run(self, index: int, given: Sequence[str]) -> list[str]:
        """One iteration on the given tensors (global names); the global names of the body's outputs."""
        inner = scope_of_step(self.proto, self.scope, index)
        note_initializers(self.state, self.body, inner)
        inner.names.update(zip((i.name for i in self.body.input), given, strict=True))
        self.walk(self.state, self.body.node, inner)
        return [inner.look_up(o.name) for o in self.body.output]

    def ends(self, given: Sequence[str]) -> list[str]:
        """What an iteration would make, of which types are all that is wanted: its nodes are taken back."""
        mark = len(self.state.nodes)
        ends = self.run(0, given)
        del self.state.nodes[mark:]
        return ends

    def put(self, scope: Scope, op: str, inputs: Sequence[str], output: str, axis: int | None = None) -> str:
        """One more node, on global names; the global name of its output."""
        names = {f"in{index}": name for index, name in enumerate(inputs)}
        inner = replace(scope, names=names, opsets={"": GENERATED_OPSET})
        node = onnx.helper.make_node(op, list(names), [output])
        if axis is not None:
            node.attribute.append(onnx.helper.make_attribute("axis", axis))
        self.walk(self.state, [node], inner)
        return inner.names[output]

    def fits(self, count: int) -> bool:
        """Whether so many iterations are few."""
        most = MOST_THAT_MULTIPLY if self.multiplies else MOST_ITERATIONS
        return count <= most and count * len(self.body.node) <= MOST_NODES

    @cached_property
    def multiplies(self) -> bool:
        """Whether a node of the body, or of a function or body in it, carries multiply-accumulates."""
        return _multiply(self.state, self.body.node)


def _multiply(state: Trace, nodes: Iterable[onnx.NodeProto]) -> bool:
    for node in nodes:
        function = state.functions.get(function_key(node.domain, node.op_type, node.overload))
        inner = [body.node for body in graphs_in(node)] + ([function.node] if function else [])
        if operator_carries_macs(qualified(node)) or any(_multiply(state, body) for body in inner):
            return True
    return False


def scope_of_step(proto: onnx.NodeProto, scope: Scope, index: int) -> Scope:
    """The scope of one iteration: `CALLER#index/` before its names (graph.py `unmarked` takes it off)."""
    name = marked(caller_name(proto, scope), index)
    return replace(scope_of_body(proto, scope), prefix=f"{name}/", body_of=name)


def resolve_loop(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """Puts a Loop's body over all steps in its place, or its iterations, if the run cannot change their number; tells
    whether it did."""
    steps = Steps(state, proto, scope, subgraph(proto, "body"), walk)
    call = _counted_loop(steps)
    if call is not None and (repeat(state, call, walk) or _repeat_with_stacks(steps)):
        return True
    return _unrolled(steps) or _resolved_as_told(steps)


def _unrolled(steps: Steps, told: bool = False) -> bool:
    """Puts a Loop's iterations in its place, all of its count where that is `told`; tells whether it did."""
    mark = len(steps.state.nodes)
    results = _loop_results(steps, told)
    if results is None:
        del steps.state.nodes[mark:]
        return False
    close_body(steps.state, steps.proto, results, steps.scope)
    return True


def _resolved_as_told(steps: Steps) -> bool:
    """The same of a Loop whose number of steps only a run could tell, where the user says it. Raises InputError where
    the graph allows fewer."""
    state, proto = steps.state, steps.proto
    told = state.told_steps.of(proto)
    if told is None:
        return False
    trip, _, carried = _loop_inputs(steps)
    most = _whole_number(state, trip) if trip else None
    if most is not None and told > most:
        raise InputError(Problem(f"--steps {label_of(proto)}={told}", f"the graph lets it make {most} at most"))
    what = f"makes {told} steps, as --steps says; what its condition alone needs is no layer"
    state.remark(what, label_of(proto), "Loop")
    counted = replace(steps, proto=_with_count(steps, told))
    call = Call(counted.proto, steps.scope, steps.body, told, tuple(carried), told=True)
    return repeat(state, call, steps.walk) or _unrolled(counted, told=True)


def _with_count(steps: Steps, count: int) -> onnx.NodeProto:
    """The Loop with so many steps, whatever its condition: as one that runs them, too."""
    name = f"{scope_of_body(steps.proto, steps.scope).prefix}steps"
    steps.state.hold_constant(name, np.asarray(count, np.int64))
    copy = onnx.NodeProto()
    copy.CopyFrom(steps.proto)
    copy.input[:] = [name, "", *steps.proto.input[2:]]
    return copy


def _repeat_with_stacks(steps: Steps) -> bool:
    """The same where lists grow in the loop: each is a stack of what the steps put into it. Where steps differ, a list
    may hold tensors of unlike shapes, and stays one."""
    rewritten = with_stacks(steps.state, steps.proto, steps.scope)
    if rewritten is None:
        return False
    proto, names = rewritten
    call = _counted_loop(replace(steps, proto=proto, body=subgraph(proto, "body")))
    if call is None or not repeat(steps.state, call, steps.walk):
        return False
    steps.state.stacks.update(steps.scope.look_up_all(names))
    return True


def _counted_loop(steps: Steps) -> Call | None:
    """A Loop that begins, as often as its count says unless its body ends it; None where that is not known."""
    trip, go, carried = _loop_inputs(steps)
    count = _whole_number(steps.state, trip) if trip else None
    if count is None or (go and not _truth(steps.state, go)):
        return None
    return Call(steps.proto, steps.scope, steps.body, count, tuple(carried))


def _loop_inputs(steps: Steps) -> tuple[str, str, list[str]]:
    """Its number of iterations and its condition, "" where it has none, and its states."""
    trip, go, *carried = [steps.scope.look_up(name) for name in steps.proto.input] + [""] * (2 - len(steps.proto.input))
    return trip, go, carried


def _loop_results(steps: Steps, told: bool) -> list[str] | None:
    trip, go, carried = _loop_inputs(steps)
    most = _whole_number(steps.state, trip) if trip else None
    if trip and most is None:
        return None
    # The condition is asked before each iteration, as ONNX defines it. It may depend on what the body computed so far,
    # so iterations are unrolled one at a time until its value is false; where no value is known before the run, the
    # loop cannot be unrolled and goes to the host.
    rows: list[list[str]] = []
    while most is None or len(rows) < most:
        going = True if told or not go else _truth(steps.state, go)
        if going is None or not steps.fits(len(rows) + 1):
            return None
        if not going:
            break
        go, *outputs = steps.run(len(rows), [*_counters(steps, len(rows), go), *carried])
        carried = outputs[: len(carried)]
        rows.append(outputs[len(carried) :])
    stacked = len(steps.body.output) - 1 - len(carried)
    if stacked and not rows:
        ends = steps.ends([*_counters(steps, 0, go), *carried])[1 + len(carried) :]
        return _with_none(steps, carried, ends, (0,) * stacked)
    return [*carried, *(_stacked(steps, [row[n] for row in rows], 0, f"scan{n}") for n in range(stacked))]


def _whole_number(state: Trace, name: str) -> int | None:
    value = state.known(name)
    return None if value is None else int(np.asarray(value).ravel()[0])


def _truth(state: Trace, name: str) -> bool | None:
    value = state.known(name)
    return None if value is None else bool(np.asarray(value).ravel()[0])


def _counters(steps: Steps, index: int, go: str) -> tuple[str, str]:
    """The iteration's number, and its condition: true, or it would not run."""
    prefix = scope_of_step(steps.proto, steps.scope, index).prefix
    number, condition = f"{prefix}iteration", go or f"{prefix}condition"
    steps.state.hold_constant(number, np.asarray(index, np.int64))
    if not go:
        steps.state.hold_constant(condition, np.asarray(True))
    return number, condition


def _stacked(steps: Steps, tensors: Sequence[str], axis: int, name: str) -> str:
    """The tensors of all iterations along a new axis."""
    outer = scope_of_body(steps.proto, steps.scope)
    position = f"{outer.prefix}{name}.axis"
    steps.state.hold_constant(position, np.asarray([axis], np.int64))
    rows = [
        steps.put(scope_of_step(steps.proto, steps.scope, index), "Unsqueeze", [tensor, position], f"{name}.row")
        for index, tensor in enumerate(tensors)
    ]
    return steps.put(outer, "Concat", rows, name, axis=axis)


def resolve_scan(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """Puts a Scan's body over all steps in its place, or its iterations: as many as its inputs are long; tells whether
    it did. Raises InputError where these are of several lengths."""
    steps = Steps(state, proto, scope, subgraph(proto, "body"), walk)
    scanned = next(a.i for a in proto.attribute if a.name == "num_scan_inputs")
    given = [scope.look_up(name) for name in proto.input]
    carried, inputs = given[: len(given) - scanned], given[len(given) - scanned :]
    shapes = [state.tensors[name].shape for name in inputs]
    axes = list(_per_tensor(proto, "scan_input_axes", scanned))
    if scope.opsets[""] < SCANS_WITHOUT_BATCH or any(shape is None for shape in shapes):
        return False
    lengths = [(shape or ())[axis] for shape, axis in zip(shapes, axes, strict=True)]
    count = lengths[0]
    if len(set(lengths)) > 1:
        what = f"its scan inputs are {', '.join(map(str, lengths))} steps long; all have to be alike"
        raise InputError(Problem(f"node {label_of(proto)} (Scan)", what, "give all of them one length"))
    call = _scan_call(steps, count, tuple(carried), tuple(inputs), axes)
    if repeat(state, call, walk):
        return True
    if count == 0:
        return _no_scan(steps, call)
    if not steps.fits(count):
        return False
    # Whether the stacked results can be put together shows only after all iterations are in the graph. The nodes are
    # taken back if they cannot, so that the Scan stands in the graph once: as itself.
    mark = len(state.nodes)
    rows: list[list[str]] = []
    for index in range(count):
        outputs = steps.run(index, [*carried, *_sliced(steps, inputs, axes, index, count)])
        carried = outputs[: len(carried)]
        rows.append(outputs[len(carried) :])
    results = _scan_results(steps, carried, rows)
    if results is None:
        del state.nodes[mark:]
        return False
    close_body(state, proto, results, scope)
    return True


def _no_scan(steps: Steps, call: Call) -> bool:
    """Puts what a Scan of no steps gives: the states that it begins with, and stacks of nothing."""
    parts: list[str] = []
    prefix = scope_of_step(steps.proto, steps.scope, 0).prefix
    for number, (name, axis) in enumerate(zip(call.scanned, call.axes[0], strict=True)):
        tensor = steps.state.tensors[name]
        shape = [size for place, size in enumerate(tensor.shape or ()) if place != axis]
        parts.append(f"{prefix}scanned{number}")
        steps.state.note_known(parts[-1], tensor_type(tensor.type, tuple(shape)))
    ends = steps.ends([*call.initial, *parts])[len(call.initial) :]
    results = _with_none(steps, call.initial, ends, call.axes[1])
    if results is None:
        return False
    close_body(steps.state, steps.proto, results, steps.scope)
    return True


def _with_none(steps: Steps, carried: Sequence[str], ends: Sequence[str], axes: Sequence[int]) -> list[str] | None:
    """The states, and of each result an iteration would make a stack of none; None if its shape is not known."""
    outer = scope_of_body(steps.proto, steps.scope)
    results = list(carried)
    for number, (name, axis) in enumerate(zip(ends, axes, strict=True)):
        tensor = steps.state.tensors.get(name)
        if tensor is None or tensor.shape is None or not tensor.type:
            return None
        shape = list(tensor.shape)
        shape.insert(axis % (len(shape) + 1), 0)
        results.append(f"{outer.prefix}scan{number}")
        steps.state.hold_constant(results[-1], np.zeros(shape, onnx.helper.tensor_dtype_to_np_dtype(tensor.type)))
    return results


def _scan_call(steps: Steps, count: int, carried: tuple[str, ...], inputs: tuple[str, ...], axes: list[int]) -> Call:
    stacked, proto = len(steps.body.output) - len(carried), steps.proto
    ranks = [len(steps.state.tensors[name].shape or ()) for name in inputs]
    return Call(
        proto,
        steps.scope,
        steps.body,
        count,
        carried,
        inputs,
        (
            tuple(axis % rank for axis, rank in zip(axes, ranks, strict=True)),
            tuple(_per_tensor(proto, "scan_output_axes", stacked)),
        ),
        (
            tuple(_per_tensor(proto, "scan_input_directions", len(inputs))),
            tuple(_per_tensor(proto, "scan_output_directions", stacked)),
        ),
    )


def _per_tensor(proto: onnx.NodeProto, name: str, count: int) -> Iterator[int]:
    given = next((list(a.ints) for a in proto.attribute if a.name == name), list[int]())
    yield from given or [0] * count


def _sliced(steps: Steps, inputs: Sequence[str], axes: Sequence[int], index: int, count: int) -> list[str]:
    """What an iteration sees of each scanned input: one position of its axis, from either end."""
    scope = scope_of_step(steps.proto, steps.scope, index)
    slices: list[str] = []
    backwards = _per_tensor(steps.proto, "scan_input_directions", len(inputs))
    for n, (name, axis, reverse) in enumerate(zip(inputs, axes, backwards, strict=True)):
        position = f"{scope.prefix}scanned{n}.position"
        steps.state.hold_constant(position, np.asarray(count - 1 - index if reverse else index, np.int64))
        slices.append(steps.put(scope, "Gather", [name, position], f"scanned{n}", axis=axis))
    return slices


def _scan_results(steps: Steps, carried: list[str], rows: list[list[str]]) -> list[str] | None:
    """The last states, and every scan output along its axis; None if one has no rank to count a negative axis from."""
    stacked = len(rows[0])
    axes = _per_tensor(steps.proto, "scan_output_axes", stacked)
    backwards = _per_tensor(steps.proto, "scan_output_directions", stacked)
    results = list(carried)
    for n, (axis, reverse) in enumerate(zip(axes, backwards, strict=True)):
        tensors = [row[n] for row in rows]
        shape = steps.state.tensors[tensors[0]].shape
        if shape is None:
            return None
        results.append(_stacked(steps, tensors[::-1] if reverse else tensors, axis % (len(shape) + 1), f"scan{n}"))
    return results
