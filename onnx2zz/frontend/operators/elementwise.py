"""Element-wise operators: output shapes where onnx has none.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

import numpy as np
import onnx
from onnx import TensorProto

from onnx2zz.frontend.graph import Node, Tensor
from onnx2zz.frontend.operators.facts import (
    OperatorFacts,
    Outputs,
    Rule,
    Tensors,
    broadcast,
    microsoft,
    same,
    shape_of,
    shaped,
)


def _dropout(node: Node, inputs: Tensors) -> Outputs:
    """The output and the mask, which onnx's inference leaves open."""
    x = inputs[0]
    return (x, x and Tensor(x.shape, TensorProto.BOOL if node.version >= 10 else x.type))


def _comparison(node: Node, inputs: Tensors) -> Outputs:
    first, second = inputs
    if first is None or second is None or first.shape is None or second.shape is None:
        return (None,)
    return (Tensor(np.broadcast_shapes(first.shape, second.shape), TensorProto.BOOL),)


def _halved(node: Node, inputs: Tensors) -> Outputs:
    """Half of the channels."""
    x = inputs[0]
    return (Tensor((*x.shape[:-1], x.shape[-1] // 2), x.type) if x is not None and x.shape is not None else None,)


def _typed_like(index: int, default: int) -> Rule:
    def rule(node: Node, tensors: Tensors) -> Outputs:
        model = tensors[index] if index < len(tensors) else None
        return (shaped(shape_of(tensors, 0), model.type if model else default),)

    return rule


FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("Dropout", _dropout),
    OperatorFacts("Affine", same),
    OperatorFacts("ImageScaler", same),
    OperatorFacts("ScaledTanh", same),
    OperatorFacts("GreaterOrEqual", _comparison),
    OperatorFacts("LessOrEqual", _comparison),
    microsoft("Gelu", same),
    microsoft("FastGelu", same),
    microsoft("BiasGelu", same),
    microsoft("QuickGelu", same),
    microsoft("BiasAdd", same),
    microsoft("BiasSplitGelu", _halved),
    microsoft("QuantizeLinear", _typed_like(2, onnx.TensorProto.UINT8)),
    microsoft("DequantizeLinear", _typed_like(1, onnx.TensorProto.FLOAT)),
    microsoft("QLinearAdd", broadcast(0, 3)),
    microsoft("QLinearMul", broadcast(0, 3)),
    microsoft("QLinearSigmoid", same),
    microsoft("QLinearLeakyRelu", same),
    microsoft("QLinearWhere", broadcast(0, 1, 4)),
)
