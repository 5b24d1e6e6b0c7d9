"""What is known of a node's outputs: their types, whether the run decides them, how their values come about."""

from collections.abc import Iterable

import numpy as np
import onnx

from onnx2zz.frontend.expert_marks import Known
from onnx2zz.frontend.expert_rules import RULES, follow
from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.known_zero import is_zero, note_zeros
from onnx2zz.frontend.operators.table import operator_carries_macs
from onnx2zz.frontend.output_types import CONTROL_FLOW, output_types, schema_of
from onnx2zz.frontend.state import ONNX_DOMAINS, Scope, Trace, TypeAndTensor, qualified
from onnx2zz.frontend.told_shapes import declared_axes
from onnx2zz.frontend.values import LARGEST, Recipe
from onnx2zz.frontend.written_attributes import Written

RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
SHAPED_BY_VALUES = frozenset({"NonZero", "NonMaxSuppression", "Unique", "Compress"})
WRITE_INTO = frozenset({"ScatterND", "ScatterElements", "Scatter", "TensorScatter"})
"""They give their first input with other elements: how many are written does not change its shape."""
COUNT_PLACES = frozenset({"NonZero", "Compress"})  # as many as a mask has that are not zero
SHAPED_BY_SHAPE = frozenset({"Shape", "Size", "EyeLike"})  # no element of their input matters
HOLD_GRAPHS = frozenset({*CONTROL_FLOW, "SequenceMap"})
"""ONNX's own operators with bodies. Of other domains any operator may have one."""
MAY_HOLD_GRAPHS = (onnx.AttributeProto.UNDEFINED, onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


def visit(state: Trace, proto: onnx.NodeProto, written: Written, scope: Scope) -> None:
    """Takes in a node as it stands."""
    inputs = scope.look_up_all(proto.input)
    proto = _without(proto, inputs)
    protos = {a.name: a for a in proto.attribute}
    captured = scope.look_up_all(outer_names(graphs_in(proto)))
    outputs = tuple([scope.declare(o) for o in proto.output])
    op = qualified(proto)
    schema = schema_of(proto, scope.opsets)
    version = schema.since_version if schema else scope.opsets.get(proto.domain, 1)
    node = Node(op, proto.name, inputs + captured, outputs, protos, version, scope.body_of)
    state.nodes.append(node)
    _mark(state, node, captured)
    types = output_types(state, node, proto, written, schema, scope)
    _note_types(state, node, proto, types, scope)
    _hold_values(state, node, proto, scope)
    note_zeros(state, node)
    if op in RULES:
        _follow_routing(state, node)


def _follow_routing(state: Trace, node: Node) -> None:
    """Notes which outputs tell the tokens of experts; how many each gets is known from there on."""
    follow(state.routing, Known(node, state.tensors, state.known))
    for name in node.outputs:
        counts = state.routing.counts(name, state.tensors[name]) if name in state.routing.marks else None
        if counts is not None and name not in state.static:
            state.values.hold(name, counts)
            state.static.add(name)


def _without(proto: onnx.NodeProto, inputs: tuple[str, ...]) -> onnx.NodeProto:
    """The node without the inputs that its function's call leaves out."""
    if all(inputs) or all(name or not local for local, name in zip(proto.input, inputs, strict=True)):
        return proto
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.input[:] = [local if name else "" for local, name in zip(proto.input, inputs, strict=True)]
    return copy


def subgraphs(attributes: Iterable[onnx.AttributeProto]) -> list[onnx.GraphProto]:
    """The graphs that attributes hold."""
    return [g for a in attributes if a.type in MAY_HOLD_GRAPHS for g in ((a.g,) if a.HasField("g") else a.graphs)]


def graphs_in(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """The graphs that a node holds."""
    return subgraphs(node.attribute) if node.op_type in HOLD_GRAPHS or node.domain not in ONNX_DOMAINS else []


def outer_names(graphs: Iterable[onnx.GraphProto]) -> tuple[str, ...]:
    """The names that a node's subgraphs read from outside themselves."""
    found: dict[str, None] = {}
    for graph in graphs:
        inner = {t.name for t in graph.initializer} | {i.name for i in graph.input}
        inner.update(name for node in graph.node for name in node.output)  # they may stand in any order
        for node in graph.node:
            found |= {name: None for name in (*node.input, *outer_names(graphs_in(node))) if name and name not in inner}
        found |= {o.name: None for o in graph.output if o.name not in inner}
    return tuple(found)


def _mark(state: Trace, node: Node, captured: tuple[str, ...]) -> None:
    """Notes whether the node's outputs are constant, static, or decided by data."""
    read = [i for i in node.inputs if i]
    fixed = node.op not in RANDOM and not captured and node.op not in CONTROL_FLOW and not _of_zeros(state, node)
    # Three marks, and their order matters: what data shapes can be no constant, whatever its inputs are. An operator
    # with MACs never becomes static by a bound value: its layers are what the user wants to see priced, and folding
    # them would make them disappear. An output whose shape hangs on values is taken back from `shaped_by_data` where
    # these are known.
    shaping = read[:1] if node.op in WRITE_INTO else read
    if not state.shaped_by_data.isdisjoint(shaping) or node.op in SHAPED_BY_VALUES or node.op == "If":
        state.shaped_by_data.update(node.outputs)
    elif fixed and state.constants.issuperset(read):
        state.constants.update(node.outputs)
        state.static.update(node.outputs)
    elif node.op in SHAPED_BY_SHAPE or (fixed and not operator_carries_macs(node.op) and state.static.issuperset(read)):
        state.static.update(node.outputs)
    if node.op in SHAPED_BY_VALUES and state.static.issuperset(read):
        state.shaped_by_data.difference_update(node.outputs)
        state.static.update(node.outputs)


def _of_zeros(state: Trace, node: Node) -> bool:
    """Whether a node multiplies constants, one of which is zero throughout: a state before its first step.

    Folded, such a product would be missing where the state is a constant, and be there in a Loop or an LSTM.
    """
    multiplies = operator_carries_macs(node.op) and state.static.issuperset(filter(None, node.inputs))
    return multiplies and any(is_zero(state, name) for name in node.inputs[:2] if name)


def _note_types(
    state: Trace, node: Node, proto: onnx.NodeProto, types: tuple[TypeAndTensor, ...], scope: Scope
) -> None:
    """Types of the node's outputs; an output whose shape stays open counts as shaped by data."""
    for name, known in zip(node.outputs, types, strict=True):
        if not name:
            continue
        state.note_known(name, known)
        if name in state.open:
            _note_by_value(state, node, proto, name, scope)
        if name in state.open:
            _note_as_told(state, name)
        if name in state.open:
            _note_size(state, node, name)
        elif name in state.told.said:
            state.told.check(name, state.tensors[name].shape)
        if name in state.open:
            state.shaped_by_data.add(name)
            state.constants.discard(name)
            state.static.discard(name)


def _note_as_told(state: Trace, name: str) -> None:
    """Where neither inference nor a value tells the shape, the user or the file may; who reads the tensor can be
    lowered then, whatever decides its elements."""
    told = state.told.of(name, state.tensors[name].type)
    if told is not None and told.shape is not None:
        state.note(name, onnx.helper.make_tensor_type_proto(told.type, told.shape))
        state.shaped_by_data.discard(name)


def _note_size(state: Trace, node: Node, name: str) -> None:
    """A size that data decides: as the user gives it, else what the choices of a router come to."""
    axes = declared_axes(onnx.ValueInfoProto(type=state.types[name])) if name in state.types else None
    shape = state.sizes.fill(name, axes)
    mask = node.input(1 if node.op == "Compress" else 0)
    if shape is not None:
        # What the user says of a size is the number of tokens of that expert, and stands above the router's even
        # split.
        if node.op in COUNT_PLACES:
            state.routing.overrule(mask, shape[-1])
    # A mask may be one of a router's choices: how many places are not zero is known then, though not which.
    elif node.op in COUNT_PLACES and axes is not None and mask and mask not in state.open:
        places = state.routing.places(mask, state.tensors[mask].shape or ())
        shape = None if places is None else tuple(a if isinstance(a, int) else places for a in axes)
    if shape is not None:
        state.note(name, onnx.helper.make_tensor_type_proto(state.tensors[name].type, shape))
        state.shaped_by_data.discard(name)


def _note_by_value(state: Trace, node: Node, proto: onnx.NodeProto, name: str, scope: Scope) -> None:
    """Where inference gives up on a static tensor, its value tells the shape."""
    # Inference sees one node at a time and gives up where a shape is itself computed. The walk knows such values, so
    # the result is computed and its shape taken.
    if name not in state.static:
        return
    _hold_values(state, node, proto, scope)
    value = state.values.get(name)
    if value is not None:
        dtype = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
        state.note(name, onnx.helper.make_tensor_type_proto(dtype, value.shape))


def _hold_values(state: Trace, node: Node, proto: onnx.NodeProto, scope: Scope) -> None:
    """Notes how static outputs are computed, should somebody ask for their values."""
    for index, name in enumerate(node.outputs):
        if name not in state.static or state.tensors[name].elements > LARGEST:
            continue
        shape = state.tensors[node.inputs[0]].shape if node.inputs and node.inputs[0] else None
        # Shape and Size need no element of their input, only its static shape: a recipe would make the evaluator
        # compute the whole activation for it, or fail where a weight's data is missing.
        if node.op == "Shape" and shape is not None:
            start, end = node.integer("start", 0), node.integer("end", len(shape))
            state.values.hold(name, np.asarray(shape[start:end], np.int64))
        elif node.op == "Size" and shape is not None:
            state.values.hold(name, np.asarray(int(np.prod(shape)), np.int64))
        elif node.op == "Constant" and "value" in node.protos:
            state.values.hold_proto(name, node.protos["value"].t)
        else:
            state.values.hold_recipe(name, Recipe(proto, node.inputs, index, scope.opsets))
