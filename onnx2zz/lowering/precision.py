"""Bits of each operand: quantised tensors keep their own width, float tensors take the user's.

int8 is ZigZag's habit for float models (W 8, I 8, O 16, O_final 8; parser/onnx/onnx_operator_parser.py).
"""

from onnx import TensorProto

from onnx2zz.frontend.graph import Graph
from onnx2zz.layer import Layer
from onnx2zz.lowering.options import Precision
from onnx2zz.workload import Widths

QUANTISED_BITS: dict[int, int] = {
    TensorProto.INT8: 8,
    TensorProto.UINT8: 8,
    TensorProto.INT4: 4,
    TensorProto.UINT4: 4,
    TensorProto.INT16: 16,
    TensorProto.UINT16: 16,
    TensorProto.INT32: 32,
    TensorProto.FLOAT8E4M3FN: 8,
    TensorProto.FLOAT8E4M3FNUZ: 8,
    TensorProto.FLOAT8E5M2: 8,
    TensorProto.FLOAT8E5M2FNUZ: 8,
    TensorProto.FLOAT4E2M1: 4,
}
FLOAT_BITS: dict[int, int] = {
    TensorProto.FLOAT16: 16,
    TensorProto.BFLOAT16: 16,
    TensorProto.FLOAT: 32,
    TensorProto.DOUBLE: 64,
}
NATIVE_BITS = QUANTISED_BITS | FLOAT_BITS | {TensorProto.INT64: 64, TensorProto.UINT64: 64, TensorProto.BOOL: 8}
STORED_AS_READ = ("DequantizeLinear", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Transpose")


def widths_of(layer: Layer, graph: Graph, precision: Precision, final: str = "") -> Widths:
    """The widths of a layer; `final` is the last tensor of the chain that rides on it, "" if none does."""
    inputs = [_input_bits(access.tensor, graph, precision) for access in layer.inputs]
    out = _stored_bits(final or layer.output.tensor, graph, precision) or precision.O_final
    partial = _partial_bits(layer, graph, precision)
    return Widths(W=inputs[1] if len(inputs) > 1 else 0, I=inputs[0], O=max(partial, out), O_final=out)


def _input_bits(name: str, graph: Graph, precision: Precision) -> int:
    stored = _stored_bits(name, graph, precision)
    if stored:
        return stored
    if name in graph.static:
        return precision.W
    return precision.I if name in graph.inputs else precision.O_final


def _stored_bits(name: str, graph: Graph, precision: Precision) -> int:
    """The width that the file gives the tensor as it is stored, 0 if it leaves the choice to the user."""
    while (node := graph.maker.get(name)) is not None and node.op in STORED_AS_READ:
        name = node.inputs[0]
    if name not in graph.tensors:  # a tensor between the layers of one node
        return 0
    table = NATIVE_BITS if precision.native else QUANTISED_BITS
    return table.get(graph.tensors[name].type, 0)


def _partial_bits(layer: Layer, graph: Graph, precision: Precision) -> int:
    if not precision.native:
        return precision.O
    types = [graph.tensors[access.tensor].type for access in layer.inputs if access.tensor in graph.tensors]
    return max((max(32, NATIVE_BITS.get(t, 32)) if t not in FLOAT_BITS else FLOAT_BITS[t] for t in types), default=32)
