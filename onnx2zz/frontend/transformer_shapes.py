"""Output shapes of ONNX Runtime's transformer operators, which onnx itself cannot infer.

Source: ONNX Runtime's ContribOperators page. Each rule takes the node and its inputs' tensors (None where an input is
left out) and gives one Tensor per output (None where it stays unknown).
"""

from collections.abc import Callable, Sequence

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


SHAPES: dict[str, Rule] = {
    **{f"com.microsoft.{op}": _same for op in ("Gelu", "FastGelu", "BiasGelu", "QuickGelu")},
    "SimplifiedLayerNormalization": _norm,
    "com.microsoft.SimplifiedLayerNormalization": _norm,
    "com.microsoft.SkipLayerNormalization": _skip_norm,
    "com.microsoft.EmbedLayerNormalization": _embed_norm,
    "com.microsoft.SkipSimplifiedLayerNormalization": _skip_norm,
}
