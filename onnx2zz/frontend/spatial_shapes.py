"""Output shapes of operators on images, and of a few of ONNX's own, whose schemas have no inference of their own.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page. Rules as in contrib_shapes.py.
"""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, shape_inference

from onnx2zz.frontend.graph import Node, Tensor

Tensors = Sequence[Tensor | None]
CONV_SCHEMA = 11


def _same(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    return (inputs[0],)


def _dropout(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """The output and the mask, which onnx's inference leaves open."""
    x = inputs[0]
    return (x, x and Tensor(x.shape, TensorProto.BOOL if node.version >= 10 else x.type))


def _comparison(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    first, second = inputs
    if first is None or second is None or first.shape is None or second.shape is None:
        return (None,)
    return (Tensor(np.broadcast_shapes(first.shape, second.shape), TensorProto.BOOL),)


def _conv(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """As Conv of the first two inputs."""
    x, w = inputs[:2]
    if x is None or x.shape is None or w is None or w.shape is None:
        return (None,)
    schema = onnx.defs.get_schema("Conv", CONV_SCHEMA)
    proto = onnx.helper.make_node("Conv", ["x", "w"], ["y"])
    proto.attribute.extend(a for name, a in node.protos.items() if name in schema.attributes)
    types = {name: onnx.helper.make_tensor_type_proto(t.type, t.shape) for name, t in (("x", x), ("w", w))}
    imports = [onnx.helper.make_opsetid("", CONV_SCHEMA)]
    result = shape_inference.infer_node_outputs(schema, proto, types, opset_imports=imports)["y"].tensor_type
    return (Tensor(tuple(d.dim_value for d in result.shape.dim), result.elem_type),)


SHAPES: dict[str, Callable[[Node, Tensors], tuple[Tensor | None, ...]]] = {
    "Dropout": _dropout,
    "Affine": _same,
    "ImageScaler": _same,
    "ScaledTanh": _same,
    "GroupNormalization": _same,
    "MeanVarianceNormalization": _same,
    "GreaterOrEqual": _comparison,
    "LessOrEqual": _comparison,
    "com.microsoft.FusedConv": _conv,
}
