"""What is known of a node's outputs: their types, whether the run decides them, how their values come about."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import shape_inference

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.contrib_shapes import CONTRIB_SHAPES
from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.mac_operators import MAC_OPERATORS
from onnx2zz.frontend.state import ONNX_DOMAINS, Scope, Trace, qualified
from onnx2zz.frontend.values import Recipe

RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
SHAPED_BY_VALUES = frozenset({"NonZero", "NonMaxSuppression", "Unique", "Compress"})
SHAPED_BY_SHAPE = frozenset({"Shape", "Size", "EyeLike"})  # no element of their input matters
# Before opset 22 onnx's inference counts pool windows that begin in the end padding (ceil_mode), which the operator
# page excludes and onnxruntime never runs.
CEIL_MODE_SCHEMA = {"MaxPool": 22, "AveragePool": 22, "LpPool": 22}
CONTROL_FLOW = ("If", "Loop", "Scan")


def visit(state: Trace, proto: onnx.NodeProto, scope: Scope) -> None:
    """Takes in a node as it stands."""
    inputs = tuple(scope.look_up(i) for i in proto.input)
    proto = _without(proto, inputs)
    captured = tuple(scope.look_up(name) for name in outer_names(proto))
    outputs = tuple(scope.declare(o) for o in proto.output)
    op = qualified(proto)
    schema = _schema(proto, scope.opsets)
    version = schema.since_version if schema else scope.opsets.get(proto.domain, 1)
    protos = {a.name: a for a in proto.attribute}
    node = Node(op, proto.name, inputs + captured, outputs, protos, version, scope.body_of)
    state.nodes.append(node)
    _mark(state, node, captured)
    _infer(state, node, proto, schema, scope)
    _hold_values(state, node, proto, scope)


def _without(proto: onnx.NodeProto, inputs: tuple[str, ...]) -> onnx.NodeProto:
    """The node without the inputs that its function's call leaves out."""
    if all(name or not local for local, name in zip(proto.input, inputs, strict=True)):
        return proto
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.input[:] = [local if name else "" for local, name in zip(proto.input, inputs, strict=True)]
    return copy


def subgraphs(attribute: onnx.AttributeProto) -> list[onnx.GraphProto]:
    """The graphs that an attribute holds."""
    return [attribute.g] if attribute.HasField("g") else list(attribute.graphs)


def outer_names(proto: onnx.NodeProto) -> tuple[str, ...]:
    """The names that a node's subgraphs read from outside themselves."""
    graphs = [graph for attribute in proto.attribute for graph in subgraphs(attribute)]
    found: dict[str, None] = {}
    for graph in graphs:
        inner = {t.name for t in graph.initializer} | {i.name for i in graph.input}
        for node in graph.node:
            found |= {name: None for name in (*node.input, *outer_names(node)) if name and name not in inner}
            inner.update(node.output)
        found |= {o.name: None for o in graph.output if o.name not in inner}
    return tuple(found)


def _schema(proto: onnx.NodeProto, opsets: Mapping[str, int]) -> onnx.defs.OpSchema | None:
    domain = "" if proto.domain in ONNX_DOMAINS else proto.domain
    try:
        return onnx.defs.get_schema(proto.op_type, opsets.get(domain, 1), domain)
    except onnx.defs.SchemaError:
        return None


def _mark(state: Trace, node: Node, captured: tuple[str, ...]) -> None:
    """Notes whether the node's outputs are constant, static, or decided by data."""
    read = [i for i in node.inputs if i]
    fixed = node.op not in RANDOM and not captured and node.op not in CONTROL_FLOW
    if any(i in state.shaped_by_data for i in read) or node.op in SHAPED_BY_VALUES or node.op == "If":
        state.shaped_by_data.update(node.outputs)
    elif fixed and all(i in state.constants for i in read):
        state.constants.update(node.outputs)
        state.static.update(node.outputs)
    elif node.op in SHAPED_BY_SHAPE or (
        fixed and node.op not in MAC_OPERATORS and all(i in state.static for i in read)
    ):
        state.static.update(node.outputs)
    if node.op in SHAPED_BY_VALUES and all(i in state.static for i in read):
        state.shaped_by_data.difference_update(node.outputs)
        state.static.update(node.outputs)


def _infer(state: Trace, node: Node, proto: onnx.NodeProto, schema: onnx.defs.OpSchema | None, scope: Scope) -> None:
    """Types of the node's outputs; an output whose shape stays open counts as shaped by data."""
    types = _inferred_types(state, node, proto, schema, scope)
    for local, name in zip(proto.output, node.outputs, strict=True):
        if not name:
            continue
        state.note(name, types.get(local) or onnx.TypeProto())
        if state.tensors[name].shape is None:
            _note_by_value(state, node, proto, name, scope)
        if state.tensors[name].shape is None:
            state.shaped_by_data.add(name)
            state.constants.discard(name)
            state.static.discard(name)


def _note_by_value(state: Trace, node: Node, proto: onnx.NodeProto, name: str, scope: Scope) -> None:
    """Where inference gives up on a static tensor, its value tells the shape."""
    if name not in state.static:
        return
    _hold_values(state, node, proto, scope)
    value = state.values.get(name)
    if value is not None:
        dtype = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
        state.note(name, onnx.helper.make_tensor_type_proto(dtype, value.shape))


def _inferred_types(
    state: Trace, node: Node, proto: onnx.NodeProto, schema: onnx.defs.OpSchema | None, scope: Scope
) -> Mapping[str, onnx.TypeProto]:
    if node.op in CONTRIB_SHAPES:
        tensors = [state.tensors.get(i) if i else None for i in node.inputs]
        inferred = CONTRIB_SHAPES[node.op](node, tensors)
        return {
            local: onnx.helper.make_tensor_type_proto(t.type, t.shape)
            for local, t in zip(proto.output, inferred, strict=False)
            if t is not None
        }
    if schema is None:
        return {}
    types = {local: state.types[name] for local, name in zip(proto.input, node.inputs, strict=False) if name}
    imports = [onnx.helper.make_opsetid(domain, version) for domain, version in scope.opsets.items()]
    try:
        return shape_inference.infer_node_outputs(
            _shape_schema(node, schema),
            proto,
            types,
            _shape_values(state, node, proto),
            opset_imports=imports,
            ir_version=state.ir_version,
        )
    except Exception as error:  # pybind raises RuntimeError, InferenceError and others for one cause: the node is wrong
        if state.shaped_by_data & set(node.inputs) or node.op in CONTROL_FLOW:
            return {}
        text = " ".join(str(error).split())
        raise InputError(Problem(f"node {node.label} ({node.op})", f"its shapes do not fit: {text[:200]}")) from None


def _shape_schema(node: Node, schema: onnx.defs.OpSchema) -> onnx.defs.OpSchema:
    """The schema whose inference holds for a node: its own version's, but for pools with ceil_mode."""
    newest = CEIL_MODE_SCHEMA.get(node.op, 0)
    ceil = newest > schema.since_version and node.attribute("ceil_mode", 0)
    return onnx.defs.get_schema(node.op, newest) if ceil else schema


def _shape_values(state: Trace, node: Node, proto: onnx.NodeProto) -> dict[str, onnx.TensorProto]:
    """The values of the small static inputs that may steer a shape (Reshape's shape, Slice's starts ...)."""
    values = {}
    for index, (local, name) in enumerate(zip(proto.input, node.inputs, strict=False)):
        steers = (
            name in state.static
            and state.tensors[name].elements <= 64
            and (index > 0 or len(proto.input) == 1 or node.op in ("Range", "OneHot"))
        )
        if steers and node.op not in MAC_OPERATORS and (value := state.values.get(name)) is not None:
            values[local] = onnx.numpy_helper.from_array(np.asarray(value), local)
    return values


def _hold_values(state: Trace, node: Node, proto: onnx.NodeProto, scope: Scope) -> None:
    """Notes how static outputs are computed, should somebody ask for their values."""
    for index, name in enumerate(node.outputs):
        if name not in state.static:
            continue
        shape = state.tensors[node.inputs[0]].shape if node.inputs and node.inputs[0] else None
        if node.op == "Shape" and shape is not None:
            start, end = node.attribute("start", 0), node.attribute("end", None)
            state.values.hold(name, np.asarray(shape[start:end], np.int64))
        elif node.op == "Size" and shape is not None:
            state.values.hold(name, np.asarray(int(np.prod(shape)), np.int64))
        elif node.op == "Constant" and "value" in node.protos:
            state.values.hold_proto(name, node.protos["value"].t)
        else:
            state.values.hold_recipe(name, Recipe(proto, node.inputs, index, scope.opsets))
