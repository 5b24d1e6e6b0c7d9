"""One walk over the model in execution order: bodies inlined, shapes and known values carried along.

Every node's output shapes follow from its inputs' (onnx's own inference, node by node), so nothing has to be repeated;
an If whose condition is known becomes its branch, a model-local function its body, where they stand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
from onnx import shape_inference

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.binding import Bindings, bind_inputs, real_inputs
from onnx2zz.frontend.contrib_shapes import CONTRIB_SHAPES
from onnx2zz.frontend.graph import CALL, Graph, Node, Tensor
from onnx2zz.frontend.mac_operators import MAC_OPERATORS
from onnx2zz.frontend.values import KnownValues, Recipe

RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
SHAPED_BY_VALUES = frozenset({"NonZero", "NonMaxSuppression", "Unique", "Compress"})
SHAPED_BY_SHAPE = frozenset({"Shape", "Size", "EyeLike"})  # no element of their input matters
# Before opset 22 onnx's inference counts pool windows that begin in the end padding (ceil_mode), which the operator
# page excludes and onnxruntime never runs.
CEIL_MODE_SCHEMA = {"MaxPool": 22, "AveragePool": 22, "LpPool": 22}
ONNX_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class Scope:
    """Where a body's names lead: local name to global name, and the prefix of names that it makes itself."""

    names: dict[str, str]
    opsets: Mapping[str, int]
    prefix: str = ""
    body_of: str = ""

    def look_up(self, name: str) -> str:
        return self.names.get(name, name) if name else ""

    def declare(self, name: str) -> str:
        if name:
            self.names[name] = f"{self.prefix}{name}"
        return self.names[name] if name else ""


@dataclass
class Trace:
    """What the walk has found so far."""

    functions: Mapping[tuple[str, str], onnx.FunctionProto]
    ir_version: int
    nodes: list[Node] = field(default_factory=list)
    types: dict[str, onnx.TypeProto] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    static: set[str] = field(default_factory=set)
    shaped_by_data: set[str] = field(default_factory=set)
    values: KnownValues = field(default_factory=KnownValues)

    def note(self, name: str, type_proto: onnx.TypeProto) -> None:
        self.types[name] = type_proto
        self.tensors[name] = as_tensor(type_proto)


def trace(model: onnx.ModelProto, bindings: Bindings, name: str = "") -> Graph:
    """The model as a Graph of static shapes.

    Raises InputError for inputs whose shape stays open (naming what to bind) and for graphs that are no graphs
    (a node that reads what nothing makes).
    """
    graph = model.graph
    shapes = bind_inputs(graph, bindings)
    functions = {(f.domain, f.name): f for f in model.functions}
    state = Trace(functions, model.ir_version or 8)
    scope = Scope({}, opsets_of(model.opset_import))
    _note_initializers(state, graph, scope)
    for info in real_inputs(graph).values():
        _note_input(state, info, shapes[info.name], bindings)
    _check_inputs_exist(graph, state)
    _walk(state, graph.node, scope)
    return Graph(
        name=name or graph.name,
        nodes=tuple(state.nodes),
        inputs=tuple(real_inputs(graph)),
        outputs=tuple(output.name for output in graph.output),
        tensors=state.tensors,
        constants=frozenset(state.constants),
        static=frozenset(state.static),
        shaped_by_data=frozenset(state.shaped_by_data),
        values=state.values,
    )


def opsets_of(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    """Domain to version, ONNX's own domain under ""."""
    opsets = {"" if o.domain in ONNX_DOMAINS else o.domain: o.version for o in imports}
    return {"": 1} | opsets


def as_tensor(type_proto: onnx.TypeProto) -> Tensor:
    """Shape and element type of a tensor type; the shape is None unless every axis is known."""
    kind = type_proto.tensor_type
    if not kind.HasField("shape"):
        return Tensor(None, kind.elem_type)
    dims = kind.shape.dim
    if any(not d.HasField("dim_value") or d.dim_value < 0 for d in dims):
        return Tensor(None, kind.elem_type)
    return Tensor(tuple(d.dim_value for d in dims), kind.elem_type)


def _note_initializers(state: Trace, graph: onnx.GraphProto, scope: Scope) -> None:
    for tensor in graph.initializer:
        name = scope.declare(tensor.name)
        state.note(name, onnx.helper.make_tensor_type_proto(tensor.data_type, tuple(tensor.dims)))
        state.values.hold_proto(name, tensor)
        state.constants.add(name)
        state.static.add(name)
    for sparse in graph.sparse_initializer:
        name = scope.declare(sparse.values.name)
        state.note(name, onnx.helper.make_tensor_type_proto(sparse.values.data_type, tuple(sparse.dims)))
        state.constants.add(name)
        state.static.add(name)


def _note_input(state: Trace, info: onnx.ValueInfoProto, shape: tuple[int, ...], bindings: Bindings) -> None:
    element = info.type.tensor_type.elem_type
    state.note(info.name, onnx.helper.make_tensor_type_proto(element, shape))
    if info.name in bindings.values:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(element)
        state.values.hold(info.name, np.full(shape, bindings.values[info.name]).astype(dtype))
        state.static.add(info.name)


def _check_inputs_exist(graph: onnx.GraphProto, state: Trace) -> None:
    made = set(state.tensors) | {""}
    problems = []
    for node in graph.node:
        wanted = [i for i in node.input if i not in made]
        problems += [
            Problem(
                f"node {node.name or (node.output[0] if node.output else node.op_type)}",
                f"reads {name}, which nothing makes before it",
            )
            for name in dict.fromkeys(wanted)
        ]
        made.update(node.output)
    problems += [Problem(f"output {o.name}", "is made by no node") for o in graph.output if o.name not in made]
    if problems:
        raise InputError(problems)


def _walk(state: Trace, protos: Iterable[onnx.NodeProto], scope: Scope) -> None:
    for proto in protos:
        function = state.functions.get((proto.domain, proto.op_type))
        branch = _taken_branch(state, proto, scope) if proto.op_type == "If" else None
        if function is not None:
            _inline_function(state, proto, function, scope)
        elif branch is not None:
            _inline_branch(state, proto, branch, scope)
        else:
            _visit(state, proto, scope)


def _taken_branch(state: Trace, proto: onnx.NodeProto, scope: Scope) -> onnx.GraphProto | None:
    condition = scope.look_up(proto.input[0])
    value = state.values.get(condition) if condition in state.static else None
    if value is None:
        return None
    wanted = "then_branch" if bool(np.asarray(value).ravel()[0]) else "else_branch"
    return next(a.g for a in proto.attribute if a.name == wanted)


def _inline_branch(state: Trace, proto: onnx.NodeProto, body: onnx.GraphProto, scope: Scope) -> None:
    caller = scope_of_body(proto, scope)
    _note_initializers(state, body, caller)
    _walk(state, body.node, caller)
    _return(state, proto, [caller.look_up(o.name) for o in body.output], scope)


def _inline_function(state: Trace, proto: onnx.NodeProto, function: onnx.FunctionProto, scope: Scope) -> None:
    caller = scope_of_body(proto, scope)
    given = [scope.look_up(i) for i in proto.input]
    names = dict(zip(function.input, given, strict=False))
    names |= dict.fromkeys(function.input[len(given) :], "")
    body = replace(caller, names=names, opsets=opsets_of(function.opset_import))
    _walk(state, _with_attributes(function, proto), body)
    _return(state, proto, [body.look_up(o) for o in function.output], scope)


def scope_of_body(proto: onnx.NodeProto, scope: Scope) -> Scope:
    """The scope of a body that is inlined for a node: its own names carry the node's first output."""
    first = next((o for o in proto.output if o), proto.name)
    name = f"{scope.prefix}{first}"
    return Scope(dict(scope.names), scope.opsets, prefix=f"{name}/", body_of=name)


def _with_attributes(function: onnx.FunctionProto, call: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The function's nodes, with the call's attributes (else the function's defaults) where they refer to them."""
    given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in call.attribute}
    nodes = []
    for node in function.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        del copy.attribute[:]
        for attribute in node.attribute:
            source = given.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
            if source is not None:
                copy.attribute.add().CopyFrom(source)
                copy.attribute[-1].name = attribute.name
        nodes.append(copy)
    return nodes


def _return(state: Trace, proto: onnx.NodeProto, results: list[str], scope: Scope) -> None:
    """The calling node: its outputs are the body's results under another name."""
    outputs = [scope.declare(o) for o in proto.output]
    op = _qualified(proto)
    state.nodes.append(Node(CALL, proto.name, tuple(results), tuple(outputs), {}, 1, scope.body_of, calls=op))
    identity = onnx.helper.make_node("Identity", ["x"], ["y"])
    for result, output in zip(results, outputs, strict=False):
        if not output:
            continue
        state.note(output, state.types[result])
        state.values.hold_recipe(output, Recipe(identity, (result,), 0, {"": 13}))
        for names in (state.constants, state.static, state.shaped_by_data):
            if result in names:
                names.add(output)


def _qualified(proto: onnx.NodeProto) -> str:
    return proto.op_type if proto.domain in ONNX_DOMAINS else f"{proto.domain}.{proto.op_type}"


def _visit(state: Trace, proto: onnx.NodeProto, scope: Scope) -> None:
    inputs = tuple(scope.look_up(i) for i in proto.input)
    captured = tuple(scope.look_up(name) for name in outer_names(proto))
    outputs = tuple(scope.declare(o) for o in proto.output)
    op = _qualified(proto)
    schema = _schema(proto, scope.opsets)
    version = schema.since_version if schema else scope.opsets.get(proto.domain, 1)
    protos = {a.name: a for a in proto.attribute}
    node = Node(op, proto.name, inputs + captured, outputs, protos, version, scope.body_of)
    state.nodes.append(node)
    _mark(state, node, captured)
    _infer(state, node, proto, schema, scope)
    _hold_values(state, node, proto, scope)


def outer_names(proto: onnx.NodeProto) -> tuple[str, ...]:
    """The names that a node's subgraphs read from outside themselves."""
    graphs = [g for a in proto.attribute for g in ([a.g] if a.HasField("g") else a.graphs)]
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
    fixed = node.op not in RANDOM and not captured and node.op not in ("If", "Loop", "Scan")
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
        if state.shaped_by_data & set(node.inputs):
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
