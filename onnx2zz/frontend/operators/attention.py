"""Attention and what turns its queries: output shapes; caches and scores of ONNX's own, which onnx does not infer.

Source: ONNX operator page Attention; ONNX Runtime's ContribOperators page.
"""

import onnx

from onnx2zz.frontend.graph import Node, Tensor
from onnx2zz.frontend.operators.facts import (
    COUNTS,
    KeyMask,
    OperatorFacts,
    Outputs,
    Tensors,
    microsoft,
    same,
    shape_of,
    shaped,
    type_of,
)


def _cache(shape: tuple[int, ...], new: int, type_: int) -> Tensor:
    """A cache (batch, heads, positions, channels) with some positions more."""
    batch, heads, length, width = shape
    return Tensor((batch, heads, length + new, width), type_)


def _attention(node: Node, inputs: Tensors) -> Outputs:
    """Y in the form of Q, present keys and values (B, N, T, D), scores (B, heads of Q, S, T)."""
    given = [t.shape for t in inputs[:3] if t is not None and t.shape is not None]
    if len(given) < 3 or inputs[0] is None:
        return (None,)
    # A tensor of rank 3 has its heads folded into the channels and their number as an attribute; one of rank 4 has them
    # as an axis. Keys and values have heads of their own number, since grouped queries share them. Y has the form of Q.
    counts = (node.integer(f"{who}_num_heads", 0) for who in ("q", "kv", "kv"))
    q, k, v = (_heads_of(shape, count) for shape, count in zip(given, counts, strict=True))
    past = inputs[4] if len(inputs) > 4 else None
    before = past.shape[2] if past is not None and past.shape else 0
    y = (*q[:3], v[3]) if len(given[0]) == 4 else (q[0], q[2], q[1] * v[3])
    type_ = inputs[0].type
    scores = (*q[:3], before + k[2])
    return (Tensor(y, type_), _cache(k, before, type_), _cache(v, before, type_), Tensor(scores, type_))


def _microsoft_attention(node: Node, inputs: Tensors) -> Outputs:
    """Y (B, S, V), the present cache (2, B, N, P + S, D)."""
    x, weights = inputs[0], inputs[1]
    if x is None or x.shape is None or weights is None or weights.shape is None:
        return (None,)
    batch, length, _ = x.shape
    total, heads = weights.shape[1], node.integer("num_heads")
    sizes = node.integers("qkv_hidden_sizes") or [total // 3] * 3
    past = inputs[4] if len(inputs) > 4 else None
    before = past.shape[3] if past is not None and past.shape else 0
    present = (2, batch, heads, before + length, sizes[1] // heads)
    return (Tensor((batch, length, sizes[2]), x.type), Tensor(present, x.type))


def _multi_head_attention(node: Node, inputs: Tensors) -> Outputs:
    return _with_caches(node, inputs, 6)


def _decoder_attention(node: Node, inputs: Tensors) -> Outputs:
    return _with_caches(node, inputs, 5)


def _with_caches(node: Node, inputs: Tensors, past: int) -> Outputs:
    """Y (B, S, N * channels of V), present keys, present values, scores."""
    # Queries come in three forms: alone (rank 3), packed with keys and values (rank 5), or beside keys that are packed
    # with the values. With a shared buffer the present cache is the past one, new positions written into it, and so
    # does not grow.
    q, heads = inputs[0], node.integer("num_heads")
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
    if old and node.integer("past_present_share_buffer", 0):
        k, v, before = old, shapes[past + 1] or old, 0
    present = tuple(_cache(shape, before, q.type) for shape in (k, v))
    scores = Tensor((batch, heads, length, k[2] + before), q.type)
    return (Tensor((batch, length, heads * v[3]), q.type), *present, scores)


def _heads_of(shape: tuple[int, ...], heads: int) -> tuple[int, int, int, int]:
    """(batch, heads, positions, channels) of a tensor in any form."""
    if len(shape) == 4:
        return (shape[0], shape[1], shape[2], shape[3])
    return (shape[0], heads, shape[1], shape[4] if len(shape) == 5 else shape[2] // heads)


def _group_query_attention(node: Node, inputs: Tensors) -> Outputs:
    """Y (B, S, N * D), present keys and values (B, heads of K, P + S, D)."""
    q, heads, stored = inputs[0], node.integer("num_heads"), node.integer("kv_num_heads")
    if q is None or q.shape is None:
        return (None,)
    batch, length, channels = q.shape
    width = channels // (heads if inputs[1] is not None else heads + 2 * stored)
    past = inputs[3] if len(inputs) > 3 else None
    before = past.shape[2] if past is not None and past.shape else 0
    present = Tensor((batch, stored, before + length, width), q.type)
    return (Tensor((batch, length, heads * width), q.type), present, present)


def _quantised_attention(node: Node, tensors: Tensors) -> Outputs:
    """Output (batch, sequence, hidden) and present (2, batch, heads, past + sequence, head)."""
    x, w, past = shape_of(tensors, 0), shape_of(tensors, 1), shape_of(tensors, 8)
    if x is None or w is None:
        return (None,)
    hidden, heads = w[1] // 3, node.integer("num_heads")
    length = x[1] + (past[3] if past is not None else 0)
    present = (2, x[0], heads, length, hidden // heads)
    return shaped((x[0], x[1], hidden), onnx.TensorProto.FLOAT), shaped(present, onnx.TensorProto.FLOAT)


def _sparse_attention(node: Node, tensors: Tensors) -> Outputs:
    """Y (B, S, N * D), present keys and values, which are the past ones' buffers."""
    q, past = shape_of(tensors, 0), shape_of(tensors, 3)
    if q is None or past is None:
        return (None,)
    y = shaped((*q[:2], node.integer("num_heads") * past[3]), type_of(tensors, 0))
    return (y, *(shaped(past, type_of(tensors, 3 + which)) for which in range(2)))


def _packed_attention(node: Node, tensors: Tensors) -> Outputs:
    """Output (tokens, channels of V)."""
    x, weights = shape_of(tensors, 0), shape_of(tensors, 1)
    if x is None or weights is None:
        return (None,)
    sizes = node.integers("qkv_hidden_sizes") or [weights[1] // 3] * 3
    return (shaped((x[0], sizes[2]), type_of(tensors, 0)),)


def _packed_multi_head_attention(node: Node, tensors: Tensors) -> Outputs:
    """Output (tokens, channels of V); Q, K and V may come as one tensor (tokens, heads, 3, channels of a head)."""
    q, v = shape_of(tensors, 0), shape_of(tensors, 2)
    if q is None or (v is None and len(q) < 4):
        return (None,)
    return (shaped((q[0], q[1] * q[3] if v is None else v[1]), type_of(tensors, 0)),)


FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("Attention", _attention, multiplies=True, caches={1: 4, 2: 5}),
    microsoft("Attention", _microsoft_attention, multiplies=True, mask=KeyMask(3), caches={1: 4}),
    microsoft(
        "MultiHeadAttention", _multi_head_attention, multiplies=True, mask=KeyMask(4, keys=1), caches={1: 6, 2: 7}
    ),
    microsoft("DecoderMaskedMultiHeadAttention", _decoder_attention, multiplies=True, caches={1: 5, 2: 6}),
    microsoft("PackedAttention", _packed_attention, multiplies=True),
    microsoft("PackedMultiHeadAttention", _packed_multi_head_attention, multiplies=True),
    microsoft("GroupQueryAttention", _group_query_attention, multiplies=True, caches={1: 3, 2: 4}),
    microsoft("SparseAttention", _sparse_attention, multiplies=True, caches={1: 3, 2: 4}),
    microsoft("QAttention", _quantised_attention, multiplies=True, mask=KeyMask(5), caches={1: 8}),
    OperatorFacts("RotaryEmbedding", ranges={"num_heads": COUNTS}),
    OperatorFacts("com.microsoft.MRotaryEmbedding", ranges={"num_heads": COUNTS}),
    OperatorFacts("com.microsoft.RotaryEmbedding", same, ranges={"num_heads": COUNTS}),
)
