"""Output shapes of ONNX Runtime's transformer operators, which onnx itself cannot infer.

Source: ONNX Runtime's ContribOperators page. Each rule takes the node and its inputs' tensors (None where an input is
left out) and gives one Tensor per output (None where it stays unknown).
"""

from collections.abc import Callable, Sequence

import numpy as np
from onnx import TensorProto

from onnx2zz.frontend.graph import Node, Tensor

Tensors = Sequence[Tensor | None]
Rule = Callable[[Node, Tensors], tuple[Tensor | None, ...]]


def _same(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    return (inputs[0],)


def _norm(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Y, and statistics with one element for each normalised row."""
    x = inputs[0]
    if x is None or x.shape is None:
        return (None,)
    axis = node.attribute("axis", -1) % len(x.shape)
    row = Tensor((*x.shape[:axis], *(1 for _ in x.shape[axis:])), TensorProto.FLOAT)
    return (x, row, row)


def _skip_norm(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Y, mean, inverse standard deviation, the sum before normalisation."""
    return (*_norm(node, inputs), inputs[0])


def _embed_norm(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Y (B, S, H), the mask's sums (B), the sum before normalisation."""
    ids, table = inputs[0], inputs[2]
    if ids is None or ids.shape is None or table is None or table.shape is None:
        return (None,)
    y = Tensor((*ids.shape, table.shape[1]), table.type)
    return (y, Tensor(ids.shape[:1], TensorProto.INT32), y)


def _product(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """A' * B', batches broadcast; a 1-D operand has no row or no column."""
    a, b = inputs[0], inputs[1]
    if a is None or a.shape is None or b is None or b.shape is None:
        return (None,)
    left, right = (_operand(node, side, shape) for side, shape in (("A", a.shape), ("B", b.shape)))
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    return (Tensor((*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ())), a.type),)


def _operand(node: Node, side: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) < 2:
        return shape
    if node.attribute(f"transBatch{side}", 0):
        shape = (*shape[1:-1], shape[0], shape[-1])
    return (*shape[:-2], shape[-1], shape[-2]) if node.attribute(f"trans{side}", 0) else shape


def _gemm(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    a, b = inputs[0], inputs[1]
    if a is None or a.shape is None or b is None or b.shape is None:
        return (None,)
    rows, columns = a.shape[node.attribute("transA", 0)], b.shape[1 - node.attribute("transB", 0)]
    return (Tensor((rows, columns), a.type),)


SHAPES: dict[str, Rule] = {
    **{f"com.microsoft.{op}": _same for op in ("Gelu", "FastGelu", "BiasGelu", "QuickGelu")},
    "SimplifiedLayerNormalization": _norm,
    "com.microsoft.SimplifiedLayerNormalization": _norm,
    "com.microsoft.SkipLayerNormalization": _skip_norm,
    "com.microsoft.RotaryEmbedding": _same,
    "com.microsoft.FusedMatMul": _product,
    "com.microsoft.TransposeMatMul": _product,
    "com.microsoft.FusedGemm": _gemm,
    "com.microsoft.EmbedLayerNormalization": _embed_norm,
    "com.microsoft.SkipSimplifiedLayerNormalization": _skip_norm,
}
