"""A model as a tool takes it that reads bits from ONNX types: every float is an int8, weights are zero.

Only shapes and types count then; ONNX's own operators need not take such types.
"""

import math
from collections.abc import Iterable

import onnx
from onnx import TensorProto, ValueInfoProto, shape_inference

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
CONTENTS = ("raw_data", "float_data", "double_data", "int32_data", "external_data")


def retyped_to_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model, its shapes inferred, in which inputs, outputs, values between and weights are int8."""
    inferred = shape_inference.infer_shapes(model)
    graph = inferred.graph
    _retype_values([*graph.input, *graph.output, *graph.value_info])
    for tensor in graph.initializer:
        if tensor.data_type in FLOATS:
            _empty(tensor)
    return inferred


def _retype_values(values: Iterable[ValueInfoProto]) -> None:
    for value in values:
        if value.type.tensor_type.elem_type in FLOATS:
            value.type.tensor_type.elem_type = TensorProto.INT8


def _empty(tensor: TensorProto) -> None:
    for content in CONTENTS:
        tensor.ClearField(content)
    tensor.ClearField("data_location")
    tensor.data_type = TensorProto.INT8
    tensor.raw_data = bytes(math.prod(tensor.dims))
