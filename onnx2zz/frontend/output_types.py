"""Types and shapes of a node's outputs: onnx's own inference, one node at a time, each kind of node once.

Networks repeat themselves, and each other. Nodes that agree in operator, attributes, input types and the values that
steer shapes have one answer, and asking onnx costs more than everything else that the frontend does with a node.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import onnx
from onnx import shape_inference

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.amended_shapes import amended_shape
from onnx2zz.frontend.beyond_schema import Listed, listed
from onnx2zz.frontend.graph import Node, Tensor
from onnx2zz.frontend.legacy_shapes import LEGACY_SHAPES
from onnx2zz.frontend.operators.facts import Rule
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.frontend.state import ONNX_DOMAINS, Scope, Trace, TypeAndTensor, as_tensor, tensor_type
from onnx2zz.frontend.written_attributes import Written

# Before opset 22 onnx's inference counts pool windows that begin in the end padding (ceil_mode), which the operator
# page excludes and onnxruntime never runs.
CEIL_MODE_SCHEMA = {"MaxPool": 22, "AveragePool": 22, "LpPool": 22}
INTEGERS = (onnx.TensorProto.INT32, onnx.TensorProto.INT64)
SCALED = frozenset({"Resize", "Upsample", "Range"})  # their sizes may follow from floating-point numbers
CONTROL_FLOW = ("If", "Loop", "Scan")
# Their one output has the type of their first input, whatever their attributes say (ONNX operator pages).
LIKE_FIRST_INPUT = frozenset(
    {"Abs", "Clip", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Mish"}
    | {"Neg", "Relu", "Selu", "Sigmoid", "Softmax", "Softplus", "Sqrt", "Tanh"}
)
NOT_INFERRED = (*CONTROL_FLOW, "Range")  # onnx refuses a Range of vectors of one element, which onnxruntime takes
UNKNOWN: TypeAndTensor = (onnx.TypeProto(), Tensor(None, 0))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a node's outputs, and what is to be noted of such a node."""

    types: tuple[TypeAndTensor, ...]
    notes: tuple[str, ...] = ()


# By signature, and kept for the whole process: networks repeat their nodes, and a look-up spares onnx's inference.
ANSWERS: dict[Hashable, Answer] = {}
MOST_ANSWERS = 1 << 14

Values = dict[str, onnx.TensorProto]


def schema_of(proto: onnx.NodeProto, opsets: Mapping[str, int]) -> onnx.defs.OpSchema | None:
    """The schema that holds for a node; None for an operator that onnx does not know."""
    domain = "" if proto.domain in ONNX_DOMAINS else proto.domain
    return _schema(proto.op_type, opsets.get(domain, 1), domain)


@lru_cache(maxsize=512)
def _schema(op: str, version: int, domain: str) -> onnx.defs.OpSchema | None:
    """The schema at a version; for an operator that is younger than the model's opset, its first one (onnxruntime's
    optimizer puts such operators, LayerNormalization above all, into models of any opset)."""
    try:
        return onnx.defs.get_schema(op, version, domain)
    except onnx.defs.SchemaError:
        return _first_schema(op, domain)


def _first_schema(op: str, domain: str) -> onnx.defs.OpSchema | None:
    found = None
    try:
        while True:
            found = onnx.defs.get_schema(op, *([found.since_version - 1] if found else []), domain=domain)
    except onnx.defs.SchemaError:
        return found


def output_types(
    state: Trace,
    node: Node,
    proto: onnx.NodeProto,
    written: Written,
    schema: onnx.defs.OpSchema | None,
    scope: Scope,
) -> tuple[TypeAndTensor, ...]:
    """What is known of each output. Raises InputError for inputs that do not fit together."""
    # In rising order of cost. A Constant and an operator that keeps its input's type are most of a network's nodes and
    # need no look-up. Our own rules come before onnx's schemas, because for a few operators onnx has a schema without
    # inference, or with a wrong one.
    if node.op == "Constant" and "value" in node.protos:
        value = node.protos["value"].t
        return (tensor_type(value.data_type, tuple(value.dims)),)
    first = node.input(0)
    if node.op in LIKE_FIRST_INPUT and first and first not in state.open and len(node.outputs) == 1:
        return ((state.types[first], state.tensors[first]),)
    rule = facts_of(node.op).shapes or LEGACY_SHAPES.get((node.op, node.version))
    if rule is not None:
        return _by_our_rule(state, node, rule)
    if schema is None:
        return (UNKNOWN,) * len(node.outputs)
    values = _steering_values(state, node, proto)
    signature = _signature(state, node, proto, written, values, scope)
    known = ANSWERS.get(signature) if signature else None
    if known is None:
        known = _inferred(state, node, proto, schema, values, scope)
        if signature and len(ANSWERS) < MOST_ANSWERS:
            ANSWERS[signature] = known
    for note in known.notes:
        state.remark(note, node.label, node.op)
    return known.types


def _by_our_rule(state: Trace, node: Node, rule: Rule) -> tuple[TypeAndTensor, ...]:
    tensors = [state.tensors.get(i) if i else None for i in node.inputs]
    found = rule(node, tensors)[: len(node.outputs)]
    known = [(onnx.helper.make_tensor_type_proto(t.type, t.shape), t) if t else UNKNOWN for t in found]
    return *known, *[UNKNOWN] * (len(node.outputs) - len(known))


def _signature(
    state: Trace, node: Node, proto: onnx.NodeProto, written: Written, values: Values, scope: Scope
) -> Hashable | None:
    """What the answer depends on; None where it depends on more: a body, or a type that is no static shape."""
    if node.op in CONTROL_FLOW or not state.open.isdisjoint(node.inputs):
        return None
    tensors = tuple(map(state.tensors.get, node.inputs))
    told = tuple([_content(values[local]) if local in values else None for local in proto.input]) if values else ()
    if written is None:
        written = tuple([attribute.SerializeToString() for attribute in proto.attribute])
    outputs = tuple(map(bool, node.outputs))
    return node.op, node.version, scope.opsets.get(""), state.ir_version, tensors, written, told, outputs


def _content(value: onnx.TensorProto) -> Hashable:
    """The elements of a small tensor, wherever the file holds them."""
    return value.raw_data, *value.int64_data, *value.int32_data, *value.float_data


def _inferred(
    state: Trace, node: Node, proto: onnx.NodeProto, schema: onnx.defs.OpSchema, values: Values, scope: Scope
) -> Answer:
    given = {local: state.types[name] for local, name in zip(proto.input, node.inputs, strict=False) if name}
    instead: Listed | None = None
    try:
        try:
            types = _asked(state, node, proto, schema, given, values, scope)
        except Exception:  # as below; a type or an attribute that the schema lacks is no fault of the shapes
            instead = listed(proto, schema, given, values)
            if instead is None:
                raise
            said = _asked(state, node, instead.proto, schema, instead.types, instead.values, scope)
            types = instead.as_meant(schema, said)
    except Exception as error:  # pybind raises RuntimeError, InferenceError and others for one cause: the node is wrong
        if state.shaped_by_data & set(node.inputs) or node.op in NOT_INFERRED:
            return Answer((UNKNOWN,) * len(node.outputs))
        text = " ".join(str(error).split())
        what = "its types do not fit" if "typestr" in text else "its shapes do not fit"
        raise InputError(Problem(f"node {node.label} ({node.op})", f"{what}: {text[:200]}")) from None
    # onnx leaves an output out of its answer where it infers nothing; such an output has a type without shape. A window
    # that does not fit gives no shape or an empty one, and no error, which is why it is asked for here.
    found = [types.get(local) or onnx.TypeProto() for local in proto.output]
    known = _amended(state, node, tuple([(kind, as_tensor(kind)) for kind in found]), values, proto)
    if (
        facts_of(node.op).slides
        and state.open.isdisjoint(node.inputs)
        and _missed(state.tensors[node.input(0)], known[0][1])
    ):
        raise InputError(Problem(f"node {node.label} ({node.op})", "its window does not fit into its input"))
    return Answer(known, instead.notes if instead else ())


def _asked(
    state: Trace,
    node: Node,
    proto: onnx.NodeProto,
    schema: onnx.defs.OpSchema,
    given: dict[str, onnx.TypeProto],
    values: Values,
    scope: Scope,
) -> dict[str, onnx.TypeProto]:
    """What onnx infers of the outputs; raises what onnx raises."""
    return shape_inference.infer_node_outputs(
        _shape_schema(node, schema), _with_default(proto), given, dict(values), None, scope.imports, state.ir_version
    )


def _amended(
    state: Trace, node: Node, known: tuple[TypeAndTensor, ...], values: Values, proto: onnx.NodeProto
) -> tuple[TypeAndTensor, ...]:
    """The outputs with the shape of the first put right where onnx's inference is not."""
    tensors = [state.tensors.get(name) if name else None for name in node.inputs]
    steering = {i: values[local] for i, local in enumerate(proto.input) if local in values}
    shape = amended_shape(node, tensors, steering)
    return known if shape is None else (tensor_type(state.tensors[node.input(0)].type, shape), *known[1:])


def _with_default(proto: onnx.NodeProto) -> onnx.NodeProto:
    """The node; an STFT with its attribute onesided, whose default of 1 onnx's inference takes for 0."""
    if proto.op_type != "STFT" or any(a.name == "onesided" for a in proto.attribute):
        return proto
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.attribute.append(onnx.helper.make_attribute("onesided", 1))
    return copy


def _missed(x: Tensor, out: Tensor) -> bool:
    """Whether a window has no place in its input, which has elements."""
    return out.shape is None or (x.elements > 0 and out.elements == 0)


def _shape_schema(node: Node, schema: onnx.defs.OpSchema) -> onnx.defs.OpSchema:
    """The schema whose inference holds for a node: its own version's, but for pools with ceil_mode."""
    newest = CEIL_MODE_SCHEMA.get(node.op, 0)
    ceil = newest > schema.since_version and node.integer("ceil_mode", 0)
    return onnx.defs.get_schema(node.op, newest) if ceil else schema


def _steering_values(state: Trace, node: Node, proto: onnx.NodeProto) -> Values:
    """The values of the small static inputs that may steer a shape (Reshape's shape, Slice's starts ...)."""
    if facts_of(node.op).carries_macs or state.static.isdisjoint(node.inputs):
        return {}
    values: Values = {}
    for index, (local, name) in enumerate(zip(proto.input, node.inputs, strict=False)):
        may_steer = index > 0 or len(proto.input) == 1 or node.op in ("Range", "OneHot")
        if may_steer and name in state.static and _tells_sizes(state.tensors[name], node.op):
            value = state.values.as_proto(name)
            values |= {} if value is None else {local: value}
    return values


def _tells_sizes(tensor: Tensor, op: str) -> bool:
    """Whether a tensor may hold sizes, axes or the like: a few integers, or a scale where there are scales."""
    return (tensor.type in INTEGERS or op in SCALED) and tensor.elements <= 64
