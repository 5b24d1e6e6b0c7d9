"""The same product on other numbers: int8 weights become uint8 ones, because onnxruntime saturates on the former.

Without VNNI its kernels add pairs of uint8*int8 products in 16 bits, which overflow from 255*128*2 on
(https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html, reduce_range). A weight w with zero
point z is the weight w+128 with zero point z+128, and products of two uint8 are added exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.frontend.graph import Node

SHIFT = 128


@dataclass(frozen=True)
class UnsignedProduct:
    """Which inputs of an operator are the activation, the weights and the weights' zero point."""

    activation: int
    weights: int
    zero_point: int


PRODUCTS = {
    "QLinearConv": UnsignedProduct(0, 3, 5),
    "QLinearMatMul": UnsignedProduct(0, 3, 5),
    "ConvInteger": UnsignedProduct(0, 1, 3),
    "MatMulInteger": UnsignedProduct(0, 1, 3),
    "com.microsoft.MatMulIntegerToFloat": UnsignedProduct(0, 1, 5),
    "com.microsoft.DynamicQuantizeMatMul": UnsignedProduct(0, 1, 3),
    "com.microsoft.QGemm": UnsignedProduct(0, 3, 5),
    "com.microsoft.QAttention": UnsignedProduct(0, 1, 7),
    "com.microsoft.QLinearConv": UnsignedProduct(0, 3, 5),
}


def unsigned(node: Node, operands: Mapping[str, np.ndarray]) -> tuple[Node, Mapping[str, np.ndarray]]:
    """The node and its operands with uint8 weights, if onnxruntime might saturate; else as they are."""
    product = PRODUCTS.get(node.op)
    if product is None:
        return node, operands
    activation, weights = operands[node.inputs[product.activation]], operands[node.inputs[product.weights]]
    if activation.dtype == np.int8 or weights.dtype != np.int8:
        return node, operands
    zero_point = node.input(product.zero_point)
    before = operands[zero_point] if zero_point else np.zeros((), np.int8)
    # A zero point that was left out is 0, and becomes 128: it has to be written then.
    inputs = [*node.inputs, *[""] * (product.zero_point + 1 - len(node.inputs))]
    names = {index: f"{inputs[index]}/unsigned{index}" for index in (product.weights, product.zero_point)}
    shifted = {names[product.weights]: _shifted(weights), names[product.zero_point]: _shifted(before)}
    renamed = tuple(names.get(index, name) for index, name in enumerate(inputs))
    return replace(node, inputs=renamed), {**operands, **shifted}


def _shifted(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.astype(np.int16) + SHIFT, np.uint8)
