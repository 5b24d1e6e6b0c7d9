"""Operators that are a function of others: they stand for their bodies, as model-local functions do.

Only those that have no lowering of their own. Source: the function bodies that onnx ships with its operator schemas;
classical_models.py writes those of ai.onnx.ml, of which onnx has none, microsoft_functions.py those of
ONNX Runtime, blocked_layout.py those that reorder tensors.
"""

from typing import Any

import onnx

from onnx2zz.frontend.blocked_layout import DOMAIN as BLOCKED
from onnx2zz.frontend.blocked_layout import WRITTEN_OUT, reordering
from onnx2zz.frontend.classical_models import DEFINITIONS, classical_function, defined_names
from onnx2zz.frontend.microsoft_functions import DOMAIN, FUNCTIONS, microsoft_function
from onnx2zz.frontend.output_types import schema_of
from onnx2zz.frontend.state import ONNX_DOMAINS, Scope, Trace, qualified

DEFINED = frozenset(
    {
        "CausalConvWithState",
        "LinearAttention",
        "NegativeLogLikelihoodLoss",
        "SoftmaxCrossEntropyLoss",
        "SwiGLU",
        "ai.onnx.preview.FlexAttention",
    }
)
CLASSICAL = frozenset(defined_names())
FUSED = frozenset(f"{DOMAIN}.{name}" for name in FUNCTIONS)
DEFINED_NAMES = (
    frozenset(name.rpartition(".")[2] for name in DEFINED) | DEFINITIONS.keys() | WRITTEN_OUT | FUNCTIONS.keys()
)  # quick to look up for every node


def definition(state: Trace, proto: onnx.NodeProto, scope: Scope) -> onnx.FunctionProto | None:
    """The function that a node stands for; None for an operator that is no such function."""
    tensor = state.tensors.get(scope.look_up(proto.input[0])) if proto.input else None
    if proto.domain == BLOCKED:
        return reordering(proto, tensor and tensor.shape, state.block)
    if qualified(proto) in CLASSICAL:
        return classical_function(proto, tensor.shape, tensor.type) if tensor is not None else None
    if qualified(proto) in FUSED:
        return microsoft_function(proto, [_shape(state, name) for name in scope.look_up_all(proto.input)])
    schema: Any = schema_of(proto, scope.opsets) if qualified(proto) in DEFINED else None  # onnx's stubs are behind
    if schema is None:
        return None
    function = onnx.FunctionProto()
    if schema.has_context_dependent_function:
        types = [state.types[name].SerializeToString() if name else b"" for name in scope.look_up_all(proto.input)]
        version = scope.opsets.get(proto.domain, 1)
        body = schema.get_context_dependent_function_with_opset_version(version, proto.SerializeToString(), types)
        function.ParseFromString(body)
    else:
        function.CopyFrom(schema.function_body)
    if not any(o.domain in ONNX_DOMAINS for o in function.opset_import):  # then the model's own holds
        function.opset_import.append(onnx.helper.make_opsetid("", scope.opsets[""]))
    defaults = [a.default_value for a in schema.attributes.values() if a.default_value.name]
    function.attribute_proto.extend(defaults)
    return function


def _shape(state: Trace, name: str) -> tuple[int, ...] | None:
    return state.tensors[name].shape if name in state.tensors else None
