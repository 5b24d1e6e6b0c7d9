"""One walk over the model in execution order: bodies inlined, shapes and known values carried along.

Every node's output shapes follow from its inputs' (onnx's own inference, node by node), so nothing has to be repeated;
an If whose condition is known becomes its branch, a model-local function its body, a loop of known length its
iterations, where they stand.
"""

import math
from collections.abc import Sequence

import numpy as np
import onnx

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.frontend.binding import Bindings, Bound, bind_inputs, real_inputs
from onnx2zz.frontend.blocked_layout import DOMAIN as BLOCKED
from onnx2zz.frontend.blocked_layout import NOTE as BLOCKED_NOTE
from onnx2zz.frontend.blocked_layout import block_of, is_blocked, plain_node
from onnx2zz.frontend.bodies import calls_own_function, function_key, inline_branch, inline_function
from onnx2zz.frontend.data_sizes import DataSizes
from onnx2zz.frontend.datatypes import annotated_bits
from onnx2zz.frontend.fit import FAULTS, unfit
from onnx2zz.frontend.graph import Graph
from onnx2zz.frontend.inference import graphs_in, visit
from onnx2zz.frontend.loops import resolve_loop, resolve_scan
from onnx2zz.frontend.node_check import check_node
from onnx2zz.frontend.order import check_functions, check_order
from onnx2zz.frontend.routing import Routing, told_of_experts
from onnx2zz.frontend.sequences import SEQUENCES, resolve_sequence
from onnx2zz.frontend.sorting import early, in_order
from onnx2zz.frontend.state import ONNX_DOMAINS, Scope, Trace, label_of, note_initializers, opsets_of, qualified
from onnx2zz.frontend.told_shapes import ToldShapes, declarations, declared_axes
from onnx2zz.frontend.told_steps import ToldSteps
from onnx2zz.frontend.values import LARGEST
from onnx2zz.frontend.written_attributes import written_attributes

MOST_INLINED = 100_000
MOST_NODES = 500_000
"""A minute's work, and several times the largest network."""


def trace(model: onnx.ModelProto, bindings: Bindings, name: str = "", unrolled: frozenset[str] = frozenset()) -> Graph:
    """The model as a Graph of static shapes; the loops of `unrolled`, by their first outputs, stand there once an
    iteration.

    Raises InputError for inputs whose shape stays open (naming what to bind) and for graphs that are no graphs
    (a node that reads what nothing makes).
    """
    graph = model.graph
    _check_size(model)
    bound = bind_inputs(graph, bindings)
    functions = {function_key(f.domain, f.name, f.overload): f for f in model.functions}
    said = {name: shape for name, shape in bindings.shapes.items() if name not in bound.shapes}
    told = ToldShapes(said, tuple(declarations(graph)), _all_dims(graph, bound))
    sizes, routing = DataSizes(bindings.dims_of), Routing(bindings.tokens_per_expert)
    steps = ToldSteps(bindings.steps)
    state = Trace(functions, model.ir_version or 8, told, bindings.op_like, sizes, routing, steps, unrolled=unrolled)
    scope = Scope({}, opsets_of(model.opset_import))
    # Only weights tell how many channels a block has, and nodes that come before any weight ask for it.
    if BLOCKED in scope.opsets:
        state.block = block_of(graph)
    note_initializers(state, graph, scope)
    for info in real_inputs(graph).values():
        _note_input(state, info, bound.shapes.get(info.name), bindings)
    ordered = in_order(graph.node)
    check_order(graph, state.tensors, ordered)
    check_functions(model.functions)
    # Names are checked before the walk: it looks them up and would find another fault first.
    _walk_in_order(state, graph.node, ordered, scope)
    raise_if_any(
        Problem(f"--op-like {op}", "no node of the model is one", "name an operator with its domain")
        for op in bindings.op_like
        if op not in state.stand_ins.values()
    )
    # Options that nothing took up are known only now that all bodies have been inlined.
    raise_if_any([*state.sizes.unused(), *state.told_steps.unused()])
    if bindings.tokens_per_expert is not None and not state.routing.split:
        where = f"--tokens-per-expert {bindings.tokens_per_expert}"
        raise InputError(Problem(where, "the model has no experts to which a router sends tokens", "leave it out"))
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
        notes=(*told_of_experts(state.routing.experts), *state.notes),
        stand_ins=state.stand_ins,
        annotated_bits=annotated_bits(graph),
        experts=state.routing.experts,
    )


def _all_dims(graph: onnx.GraphProto, bound: Bound) -> dict[str, int]:
    """The symbols that are bound, those included that an input's shape settles."""
    dims = dict(bound.dims)
    for name, info in real_inputs(graph).items():
        pairs = zip(declared_axes(info) or (), bound.shapes.get(name, ()), strict=False)
        dims |= {axis: size for axis, size in pairs if isinstance(axis, str)}
    return dims


def _check_size(model: onnx.ModelProto) -> None:
    nodes = _count(model.graph.node) + sum(_count(function.node) for function in model.functions)
    if nodes > MOST_NODES:
        what = f"has {nodes:,} nodes, those of bodies and functions included; more than {MOST_NODES:,}"
        raise InputError(Problem(f"graph {model.graph.name}", what, "no network is so large; cut it in parts"))


def _count(nodes: Sequence[onnx.NodeProto]) -> int:
    """As far as it takes to see that they are too many."""
    found = len(nodes)
    for body in (body for node in nodes for body in graphs_in(node)):
        if found > MOST_NODES:
            break
        found += _count(body.node)
    return found


def _note_input(state: Trace, info: onnx.ValueInfoProto, shape: tuple[int, ...] | None, bindings: Bindings) -> None:
    if shape is None:
        state.note(info.name, info.type)
        state.shaped_by_data.add(info.name)
        return
    element = info.type.tensor_type.elem_type
    state.note(info.name, onnx.helper.make_tensor_type_proto(element, shape))
    if info.name in bindings.values:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(element)
        if math.prod(shape) <= LARGEST:
            state.values.hold(info.name, np.full(shape, bindings.values[info.name]).astype(dtype))
        state.static.add(info.name)


def _walk(state: Trace, protos: Sequence[onnx.NodeProto], scope: Scope) -> None:
    _walk_in_order(state, protos, in_order(protos), scope)


def _walk_in_order(
    state: Trace, protos: Sequence[onnx.NodeProto], ordered: Sequence[onnx.NodeProto], scope: Scope
) -> None:
    """Takes in nodes that stand as `protos`, in an order of execution."""
    # ONNX asks for topological order, and some exporters do not keep it: no fault of the network, but said.
    if ordered is not protos and (first := early(protos)):
        what = "stands before a node that feeds it; those of its graph were sorted"
        state.remark(what, label_of(first), qualified(first))
    for proto in ordered:
        if scope.depth:
            _count_inlined(state, proto)
        proto = _in_plain_layout(state, _as_told(state, proto, scope))
        written = written_attributes(proto)
        # A function of the model may have the name of an operator: then its body counts, and no schema.
        if not calls_own_function(state, proto):
            check_node(state, proto, written, scope)
        try:
            if not (inline_function(state, proto, scope, _walk) or _resolved(state, proto, scope)):
                visit(state, proto, written, scope)
        except FAULTS as error:
            tensors = [state.tensors.get(name) for name in scope.look_up_all(proto.input)]
            shapes = [tensor and tensor.shape for tensor in tensors]
            raise unfit(label_of(proto), qualified(proto), shapes, error) from error


def _as_told(state: Trace, proto: onnx.NodeProto, scope: Scope) -> onnx.NodeProto:
    """The node; as one of the operator that its own is to be taken as (`--op-like`)."""
    like = state.op_like.get(qualified(proto)) if state.op_like else None
    if like is None:
        return proto
    state.remark(f"taken as {like}, as --op-like says", label_of(proto), qualified(proto))
    state.stand_ins |= {f"{scope.prefix}{output}": qualified(proto) for output in proto.output if output}
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.domain, _, copy.op_type = like.rpartition(".")
    return copy


def _in_plain_layout(state: Trace, proto: onnx.NodeProto) -> onnx.NodeProto:
    """The node; as a plain operator where it is one of onnxruntime's blocked layout."""
    if not is_blocked(proto):
        return proto
    state.remark(BLOCKED_NOTE, label_of(proto), qualified(proto))
    return plain_node(proto)


def _count_inlined(state: Trace, proto: onnx.NodeProto) -> None:
    """Raises InputError where functions that call functions multiply beyond any network."""
    state.inlined += 1
    if state.inlined > MOST_INLINED:
        what = f"is one of more than {MOST_INLINED:,} nodes of functions and loops, each where it is called"
        raise InputError(Problem(f"node {label_of(proto)} ({qualified(proto)})", what, "no network is so large"))


def _resolved(state: Trace, proto: onnx.NodeProto, scope: Scope) -> bool:
    """Whether a node of control flow, or of sequences, was replaced by what it comes down to."""
    resolve = RESOLVED.get(proto.op_type) if proto.domain in ONNX_DOMAINS else None
    return resolve is not None and resolve(state, proto, scope, _walk)


RESOLVED = {"If": inline_branch, "Loop": resolve_loop, "Scan": resolve_scan} | dict.fromkeys(
    SEQUENCES, resolve_sequence
)
