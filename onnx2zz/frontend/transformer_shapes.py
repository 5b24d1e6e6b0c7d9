"""Output shapes of ONNX Runtime's transformer operators, which onnx itself cannot infer, and of ONNX's Attention, whose
caches and scores it does not.

Source: ONNX Runtime's ContribOperators page; ONNX operator page Attention. Each rule takes the node and its inputs'
tensors (None where an input is left out) and gives one Tensor per output (None where it stays unknown).
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


def _cache(shape: tuple[int, ...], new: int, type_: int) -> Tensor:
    """A cache (batch, heads, positions, channels) with some positions more."""
    batch, heads, length, width = shape
    return Tensor((batch, heads, length + new, width), type_)


def _attention(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Y in the form of Q, present keys and values (B, N, T, D), scores (B, heads of Q, S, T)."""
    given = [t.shape for t in inputs[:3] if t is not None and t.shape is not None]
    if len(given) < 3 or inputs[0] is None:
        return (None,)
    counts = (node.attribute(f"{who}_num_heads", 0) for who in ("q", "kv", "kv"))
    q, k, v = (_heads_of(shape, count) for shape, count in zip(given, counts, strict=True))
    past = inputs[4] if len(inputs) > 4 else None
    before = past.shape[2] if past is not None and past.shape else 0
    y = (*q[:3], v[3]) if len(given[0]) == 4 else (q[0], q[2], q[1] * v[3])
    type_ = inputs[0].type
    scores = (*q[:3], before + k[2])
    return (Tensor(y, type_), _cache(k, before, type_), _cache(v, before, type_), Tensor(scores, type_))


def _microsoft_attention(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Y (B, S, V), the present cache (2, B, N, P + S, D)."""
    x, weights = inputs[0], inputs[1]
    if x is None or x.shape is None or weights is None or weights.shape is None:
        return (None,)
    batch, length, _ = x.shape
    total, heads = weights.shape[1], node.attribute("num_heads")
    sizes = node.attribute("qkv_hidden_sizes", None) or [total // 3] * 3
    past = inputs[4] if len(inputs) > 4 else None
    before = past.shape[3] if past is not None and past.shape else 0
    present = (2, batch, heads, before + length, sizes[1] // heads)
    return (Tensor((batch, length, sizes[2]), x.type), Tensor(present, x.type))


def _multi_head_attention(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    return _with_caches(node, inputs, 6)


def _decoder_attention(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    return _with_caches(node, inputs, 5)


def _with_caches(node: Node, inputs: Tensors, past: int) -> tuple[Tensor | None, ...]:
    """Y (B, S, N * channels of V), present keys, present values, scores."""
    q, heads = inputs[0], node.attribute("num_heads")
    if q is None or q.shape is None:
        return (None,)
    shapes = [t.shape if t is not None else None for t in (*inputs, *[None] * past, None)]
    batch, length = q.shape[:2]
    if len(q.shape) == 5:
        k = v = (batch, heads, length, q.shape[4])
    else:
        both = shapes[1] or q.shape
        k = _heads_of(both, heads)
        v = _heads_of(shapes[2] or both, heads)
    old = shapes[past]
    before = old[2] if old else 0
    if old and node.attribute("past_present_share_buffer", 0):
        k, v, before = old, shapes[past + 1] or old, 0
    present = tuple(_cache(shape, before, q.type) for shape in (k, v))
    scores = Tensor((batch, heads, length, k[2] + before), q.type)
    return (Tensor((batch, length, heads * v[3]), q.type), *present, scores)


def _heads_of(shape: tuple[int, ...], heads: int) -> tuple[int, int, int, int]:
    """(batch, heads, positions, channels) of a tensor in any form."""
    if len(shape) == 4:
        return (shape[0], shape[1], shape[2], shape[3])
    return (shape[0], heads, shape[1], shape[4] if len(shape) == 5 else shape[2] // heads)


def _group_query_attention(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Y (B, S, N * D), present keys and values (B, heads of K, P + S, D)."""
    q, heads, stored = inputs[0], node.attribute("num_heads"), node.attribute("kv_num_heads")
    if q is None or q.shape is None:
        return (None,)
    batch, length, channels = q.shape
    width = channels // (heads if inputs[1] is not None else heads + 2 * stored)
    past = inputs[3] if len(inputs) > 3 else None
    before = past.shape[2] if past is not None and past.shape else 0
    present = Tensor((batch, stored, before + length, width), q.type)
    return (Tensor((batch, length, heads * width), q.type), present, present)


def _halved(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """Half of the channels."""
    x = inputs[0]
    return (Tensor((*x.shape[:-1], x.shape[-1] // 2), x.type) if x is not None and x.shape is not None else None,)


def _like_both(node: Node, inputs: Tensors) -> tuple[Tensor | None, ...]:
    """The result and the sum before it."""
    return (inputs[0], inputs[0])


SHAPES: dict[str, Rule] = {
    "com.microsoft.GroupNorm": _same,
    "com.microsoft.SkipGroupNorm": _like_both,
    "com.microsoft.BiasAdd": _same,
    "com.microsoft.BiasSplitGelu": _halved,
    "com.microsoft.GemmFastGelu": _product,
    **{f"com.microsoft.{op}": _same for op in ("Gelu", "FastGelu", "BiasGelu", "QuickGelu")},
    "SimplifiedLayerNormalization": _norm,
    "com.microsoft.SimplifiedLayerNormalization": _norm,
    "com.microsoft.SkipLayerNormalization": _skip_norm,
    "com.microsoft.RotaryEmbedding": _same,
    "Attention": _attention,
    "com.microsoft.Attention": _microsoft_attention,
    "com.microsoft.MultiHeadAttention": _multi_head_attention,
    "com.microsoft.DecoderMaskedMultiHeadAttention": _decoder_attention,
    "com.microsoft.GroupQueryAttention": _group_query_attention,
    "com.microsoft.FusedMatMul": _product,
    "com.microsoft.TransposeMatMul": _product,
    "com.microsoft.FusedGemm": _gemm,
    "com.microsoft.EmbedLayerNormalization": _embed_norm,
    "com.microsoft.SkipSimplifiedLayerNormalization": _skip_norm,
}
