"""Bodies that stand where they are called: the taken branch of an If, a model-local function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx

from onnx2zz.frontend.definitions import DEFINED_NAMES, definition
from onnx2zz.frontend.state import (
    ONNX_DOMAINS,
    Scope,
    Trace,
    close_body,
    note_initializers,
    opsets_of,
    scope_of_body,
)

Walk = Callable[[Trace, Sequence[onnx.NodeProto], Scope], None]
FunctionKey = tuple[str, str, str]  # domain, name, overload


def function_key(domain: str, name: str, overload: str) -> FunctionKey:
    """What a function and its calls have in common."""
    return ("" if domain in ONNX_DOMAINS else domain, name, overload)


def inline_branch(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """Puts an If's branch in its place, if its condition is known; tells whether it did."""
    condition = state.known(scope.look_up(proto.input[0]))
    if condition is None:
        return False
    wanted = "then_branch" if bool(np.asarray(condition).ravel()[0]) else "else_branch"
    body = subgraph(proto, wanted)
    inner = scope_of_body(proto, scope)
    note_initializers(state, body, inner)
    walk(state, body.node, inner)
    close_body(state, proto, [inner.look_up(o.name) for o in body.output], scope)
    return True


def subgraph(proto: onnx.NodeProto, name: str) -> onnx.GraphProto:
    """The graph that an attribute holds."""
    return next(a.g for a in proto.attribute if a.name == name)


def inline_function(state: Trace, proto: onnx.NodeProto, scope: Scope, walk: Walk) -> bool:
    """Puts a function's body, the model's own or ONNX's, in its call's place; tells whether the node is a call."""
    function = _function(state, proto, scope)
    if function is None:
        return False
    given = [scope.look_up(i) for i in proto.input]
    names = dict.fromkeys(function.input, "") | dict(zip(function.input, given, strict=False))
    inner = replace(scope_of_body(proto, scope), names=names, opsets=opsets_of(function.opset_import))
    walk(state, _nodes_of(function, proto), inner)
    close_body(state, proto, [inner.look_up(o) for o in function.output], scope)
    return True


def calls_own_function(state: Trace, proto: onnx.NodeProto) -> bool:
    """Whether a node calls a function of the model's own."""
    return bool(state.functions) and function_key(proto.domain, proto.op_type, proto.overload) in state.functions


def _function(state: Trace, proto: onnx.NodeProto, scope: Scope) -> onnx.FunctionProto | None:
    """The function that a node calls: the model's own, which wins, or ONNX's."""
    if calls_own_function(state, proto):
        return state.functions[function_key(proto.domain, proto.op_type, proto.overload)]
    return definition(state, proto, scope) if proto.op_type in DEFINED_NAMES else None


def _nodes_of(function: onnx.FunctionProto, call: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The function's nodes, with the call's attributes (else the function's defaults) where they refer to them."""
    given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in call.attribute}
    return [_with_attributes(node, given) for node in function.node]


def _with_attributes(node: onnx.NodeProto, given: Mapping[str, onnx.AttributeProto]) -> onnx.NodeProto:
    """A copy of a node, its references resolved, those in its subgraphs included; an unset one is left out."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    del copy.attribute[:]
    for attribute in node.attribute:
        source = given.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        if source is None:
            continue
        added = copy.attribute.add()
        added.CopyFrom(source)
        added.name = attribute.name
        for graph in [added.g] if added.HasField("g") else added.graphs:
            inner = [_with_attributes(n, given) for n in graph.node]
            del graph.node[:]
            graph.node.extend(inner)
    return copy
