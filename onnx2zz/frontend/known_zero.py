"""Tensors that are known to hold nothing but zeros, whichever way the file writes them.

A state before its first step is an initializer, a ConstantOfShape, an Expand of one zero. What is done with it has to
count alike, and alike in a Loop, unrolled, or in an LSTM that is given none.
"""

import numpy as np
import onnx

from onnx2zz.frontend.graph import CALL, Node
from onnx2zz.frontend.state import Trace

KEEP_ZEROS = frozenset(
    {"Cast", "CastLike", "Expand", "Flatten", "Identity", "Neg", "Reshape", "Slice", "Squeeze", "Tile", "Transpose"}
    | {"Unsqueeze", CALL}
)
"""Zeros remain zeros, other elements than those of the first input there are none."""
FEW = 4096
"""Elements of a computed value that are looked at; a stored tensor is looked at whole."""


def note_zeros(state: Trace, node: Node) -> None:
    """Notes whether the first output of a static node is zero throughout."""
    if node.outputs and node.outputs[0] in state.static and _makes_zeros(state, node):
        state.zeros.add(node.outputs[0])


def _makes_zeros(state: Trace, node: Node) -> bool:
    if node.op == "ConstantOfShape":
        return "value" not in node.protos or _is_zero_proto(node.protos["value"].t)
    return node.op in KEEP_ZEROS and is_zero(state, node.inputs[0])


def is_zero(state: Trace, name: str) -> bool:
    """Whether a tensor is known to be zero throughout; what has no element is no state."""
    if name in state.zeros:
        return True
    if name not in state.static or not state.tensors[name].elements:
        return False
    stored = state.values.stored(name)
    if stored is not None:
        return _is_zero_proto(stored)
    value = state.known(name) if state.tensors[name].elements <= FEW else None
    return value is not None and value.dtype.kind in "fiub" and not np.any(value)


def _is_zero_proto(tensor: onnx.TensorProto) -> bool:
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.data_type == onnx.TensorProto.STRING:
        return False
    if tensor.raw_data:
        return tensor.raw_data.count(0) == len(tensor.raw_data)
    written = (tensor.float_data, tensor.double_data, tensor.int32_data, tensor.int64_data, tensor.uint64_data)
    return any(map(len, written)) and not any(map(any, written))
