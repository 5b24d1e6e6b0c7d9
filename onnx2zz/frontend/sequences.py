"""Sequences and optionals whose elements are known by name: they come down to the tensors themselves.

Source: ONNX operator pages of the Sequence* and Optional* operators, SplitToSequence and ConcatFromSequence. What
stays a sequence that only a run knows is left to the host.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import onnx

from onnx2zz.frontend.bodies import Walk
from onnx2zz.frontend.graph import CALL, Node
from onnx2zz.frontend.known_sequence import KnownSequence
from onnx2zz.frontend.state import GENERATED_OPSET, Scope, Trace, qualified, scope_of_body


def resolve_sequence(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """Replaces a node by what it does to the tensors of a known sequence; tells whether it did."""
    inputs = [scope.look_up(name) for name in proto.input]
    if inputs and inputs[0] in state.stacks:
        return _of_stack(state, proto, scope, walk)
    if proto.op_type in MAKERS:
        made = MAKERS[proto.op_type](state, proto, inputs)
        if made is None:
            return False
        _make_list(state, proto, scope, made, inputs)
        return True
    if proto.op_type == "SplitToSequence":
        return _split(state, proto, scope, walk)
    if not inputs or inputs[0] not in state.lists:
        return False
    return READERS[proto.op_type](state, proto, scope, walk)


def _position(state: Trace, inputs: list[str], index: int, missing: int) -> int | None:
    """A position that is given, `missing` where it is left out, None where only a run knows it."""
    if index >= len(inputs) or not inputs[index]:
        return missing
    value = state.known(inputs[index])
    return None if value is None else int(np.asarray(value).ravel()[0])


def _constructed(state: Trace, proto: onnx.NodeProto, inputs: list[str]) -> KnownSequence | None:
    return KnownSequence.of([name for name in inputs if name])


def _inserted(state: Trace, proto: onnx.NodeProto, inputs: list[str]) -> KnownSequence | None:
    before = state.lists.get(inputs[0])
    at = _position(state, inputs, 2, before.length if before else 0)
    return None if before is None or at is None else before.inserted(at, inputs[1])


def _erased(state: Trace, proto: onnx.NodeProto, inputs: list[str]) -> KnownSequence | None:
    before = state.lists.get(inputs[0])
    at = _position(state, inputs, 1, -1)
    return None if before is None or not before.length or at is None else before.erased(at)


MAKERS: dict[str, Callable[[Trace, onnx.NodeProto, list[str]], KnownSequence | None]] = {
    "SequenceConstruct": _constructed,
    "SequenceEmpty": _constructed,
    "SequenceInsert": _inserted,
    "SequenceErase": _erased,
    "Optional": _constructed,
}


def _make_list(state: Trace, proto: onnx.NodeProto, scope: Scope, made: KnownSequence, read: Sequence[str]) -> None:
    """The calling node of a sequence (or optional): it reads what it is made of, or the sequence that it grew from,
    which reads the rest."""
    output = scope.declare(proto.output[0])
    state.nodes.append(
        Node(
            CALL,
            proto.name,
            tuple(filter(None, dict.fromkeys(read))),
            (output,),
            {},
            1,
            scope.body_of,
            calls=qualified(proto),
        )
    )
    first = made.first
    element = state.types[first] if first else onnx.TypeProto()
    state.note(output, onnx.helper.make_sequence_type_proto(element))
    state.lists[output] = made


def _split(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """SplitToSequence: a Split into parts of known sizes, or (keepdims 0) one Gather a position."""
    attributes = {a.name: a.i for a in proto.attribute}
    x = scope.look_up(proto.input[0])
    shape, axis = state.tensors[x].shape, attributes.get("axis", 0)
    sizes = _sizes(state, scope, proto, shape[axis]) if shape else None
    if not sizes:
        return False
    drop = not attributes.get("keepdims", 1) and len(proto.input) < 2
    inner = replace(scope_of_body(proto, scope), names={"x": x}, opsets={"": GENERATED_OPSET})
    outputs = [f"item{n}" for n in range(len(sizes))]
    if drop:
        for n, output in enumerate(outputs):
            inner.names["position"] = f"{inner.prefix}position{n}"
            state.hold_constant(inner.names["position"], np.asarray(n))
            walk(state, [onnx.helper.make_node("Gather", ["x", "position"], [output], axis=axis)], inner)
    else:
        inner.names["sizes"] = f"{inner.prefix}sizes"
        state.hold_constant(inner.names["sizes"], np.asarray(sizes, np.int64))
        walk(state, [onnx.helper.make_node("Split", ["x", "sizes"], outputs, axis=axis)], inner)
    items = [inner.names[output] for output in outputs]
    read = [*items, *map(scope.look_up, filter(None, proto.input))]
    _make_list(state, proto, scope, KnownSequence.of(items), read)
    return True


def _sizes(state: Trace, scope: Scope, proto: onnx.NodeProto, extent: int) -> list[int] | None:
    """One size for each part: as given, equal parts with a smaller last one, or parts of one element."""
    if len(proto.input) < 2 or not proto.input[1]:
        return [1] * extent
    value = state.known(scope.look_up(proto.input[1]))
    if value is None or value.ndim:
        return None if value is None else [int(size) for size in value]
    return [min(int(value), extent - start) for start in range(0, extent, int(value))]


def _at(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """SequenceAt and OptionalGetElement: the element under another name."""
    inputs = [scope.look_up(name) for name in proto.input]
    known = state.lists[inputs[0]]
    at = _position(state, inputs, 1, 0)
    if at is None or not -known.length <= at < known.length:
        return False
    _rename(state, proto, scope, known.item(at))
    return True


def _same(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """Identity of a sequence."""
    _rename(state, proto, scope, scope.look_up(proto.input[0]))
    return True


def _rename(state: Trace, proto: onnx.NodeProto, scope: Scope, source: str) -> None:
    read = dict.fromkeys((source, *(scope.look_up(name) for name in proto.input if name)))
    output = scope.declare(proto.output[0])
    state.nodes.append(Node(CALL, proto.name, tuple(read), (output,), {}, 1, scope.body_of, calls=qualified(proto)))
    state.rename(source, output)


def _count(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """SequenceLength and OptionalHasElement: known without a run."""
    source = scope.look_up(proto.input[0])
    count = state.lists[source].length
    output = scope.declare(proto.output[0])
    value = np.asarray(count, np.int64) if proto.op_type == "SequenceLength" else np.asarray(count > 0)
    state.nodes.append(Node(proto.op_type, proto.name, (source,), (output,), {}, 1, scope.body_of))
    state.hold_constant(output, value)
    return True


def _concat(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """ConcatFromSequence: a Concat, along a new axis after an Unsqueeze of each element."""
    attributes = {a.name: a.i for a in proto.attribute}
    sequence = scope.look_up(proto.input[0])
    items, axis = state.lists[sequence].items(), attributes["axis"]
    if not items:
        return False
    inner = replace(scope_of_body(proto, scope), opsets={"": GENERATED_OPSET})
    inner.names.clear()
    inner.names.update((f"in{n}", item) for n, item in enumerate(items))
    read = list(inner.names)
    if attributes.get("new_axis", 0):
        inner.names["axis"] = f"{inner.prefix}axis"
        state.hold_constant(inner.names["axis"], np.asarray([axis], np.int64))
        rows = [f"row{n}" for n in range(len(items))]
        pairs = zip(read, rows, strict=True)
        walk(state, [onnx.helper.make_node("Unsqueeze", [name, "axis"], [row]) for name, row in pairs], inner)
        read = rows
    walk(state, [onnx.helper.make_node("Concat", read, ["joined"], axis=axis)], inner)
    _rename(state, proto, scope, inner.names["joined"])
    return True


def _of_stack(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """A node that reads a list which a loop made: joined or looked at without taking it apart, else its elements."""
    stack = scope.look_up(proto.input[0])
    if proto.op_type == "Identity":
        return _same(state, proto, scope, walk)
    if proto.op_type == "ConcatFromSequence":
        return _join_stack(state, proto, scope, walk)
    inner = replace(scope_of_body(proto, scope), names={"stack": stack}, opsets={"": GENERATED_OPSET})
    items = [f"item{number}" for number in range((state.tensors[stack].shape or (0,))[0])]
    at = (
        _position(state, [scope.look_up(name) for name in proto.input], 1, 0) if proto.op_type == "SequenceAt" else None
    )
    wanted = range(len(items)) if at is None else [at % len(items)]
    for number in wanted:
        inner.names["position"] = f"{inner.prefix}position{number}"
        state.hold_constant(inner.names["position"], np.asarray(number))
        walk(state, [onnx.helper.make_node("Gather", ["stack", "position"], [items[number]], axis=0)], inner)
    if at is not None:
        _rename(state, proto, scope, inner.names[items[at % len(items)]])
        return True
    # For this reader alone: another one may stand in another body.
    state.lists[stack] = KnownSequence.of([inner.names[item] for item in items])
    state.stacks.discard(stack)
    try:
        return resolve_sequence(state, proto, scope, walk)
    finally:
        del state.lists[stack]
        state.stacks.add(stack)


def _join_stack(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """The steps' axis put where the elements are joined: as one of its own, or into the one that stands there."""
    attributes = {a.name: a.i for a in proto.attribute}
    stack = scope.look_up(proto.input[0])
    steps, *shape = state.tensors[stack].shape or (0,)
    apart = bool(attributes.get("new_axis", 0))
    axis = attributes["axis"] % (len(shape) + apart)
    inner = replace(scope_of_body(proto, scope), names={"stack": stack}, opsets={"": GENERATED_OPSET})
    order = [*range(1, axis + 1), 0, *range(axis + 1, len(shape) + 1)]
    walk(state, [onnx.helper.make_node("Transpose", ["stack"], ["joined"], perm=order)], inner)
    if not apart:
        inner.names["sizes"] = f"{inner.prefix}sizes"
        sizes = [*shape[:axis], steps * shape[axis], *shape[axis + 1 :]]
        state.hold_constant(inner.names["sizes"], np.asarray(sizes, np.int64))
        walk(state, [onnx.helper.make_node("Reshape", ["joined", "sizes"], ["flat"])], inner)
    _rename(state, proto, scope, inner.names["joined" if apart else "flat"])
    return True


READERS: dict[str, Callable[[Trace, onnx.NodeProto, Scope, Walk], bool]] = {
    "SequenceAt": _at,
    "OptionalGetElement": _at,
    "SequenceLength": _count,
    "OptionalHasElement": _count,
    "ConcatFromSequence": _concat,
    "Identity": _same,
}
SEQUENCES = (*MAKERS, "SplitToSequence", *READERS)
