"""ONNX Runtime's Attention, MultiHeadAttention and DecoderMaskedMultiHeadAttention.

Source: ONNX Runtime's ContribOperators page (com.microsoft).
"""

import math
from dataclasses import dataclass, replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.attention import HOW
from onnx2zz.ops.attention_passes import Scores, cached, kept, last_of, normalised, scores_of, weighted_values
from onnx2zz.ops.bias import add_bias
from onnx2zz.ops.elementwise import broadcast
from onnx2zz.ops.heads import Heads, between, cache, copied, of_shape, part, pointwise
from onnx2zz.ops.registry import lowers

ADD = Step(functions.ADD)
WHY = "the past's length is known at run time only: the whole buffer is taken to be filled"
LOWEST = -3.4028234663852886e38  # of float32: what onnxruntime hides later keys with


LAST_SEES_ALL = (
    "of more keys than queries ONNX Runtime hides none from the last query; here it is causal like the others"
)


@dataclass(frozen=True)
class AttentionInputs:
    """The names of what the operators share, "" where it is left out."""

    mask: str
    scores_bias: str
    present: tuple[str, str] = ("", "")
    scores: str = ""


@lowers("com.microsoft.Attention", how=f"a Gemm layer for the projections, then {HOW}")
def attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (B, S, I), weights (I, Q + K + V), bias, mask_index, past (2, B, N, P, D), attention_bias."""
    projected = projection(node, graph)
    bias = Access(node.input(2), projected.output.axes[-1:]) if node.input(2) else None
    return self_attention(
        node, graph, add_bias(projected, graph, bias), node.input(4), AttentionInputs(node.input(3), node.input(5))
    )


def self_attention(
    node: Node, graph: Graph, projected: tuple[Layer, ...], past: str, inputs: AttentionInputs
) -> tuple[Layer, ...]:
    """What follows the projections to Q, K and V in one tensor (B, S, Q + K + V)."""
    present = (*node.outputs, "")[1] or f"{node.outputs[0]}/cache"
    batch, length, _ = graph.shape(node.inputs[0])
    total, heads = graph.shape(node.inputs[1])[1], node.integer("num_heads")
    sizes = node.integers("qkv_hidden_sizes") or [total // 3] * 3
    packed = projected[-1].output.tensor
    starts = (0, sizes[0], sizes[0] + sizes[1])
    q, k, v = (
        part(packed, (batch, length, total), heads, size // heads, start)
        for size, start in zip(sizes, starts, strict=True)
    )
    layers = projected
    if past or graph.is_read(present):
        before = graph.shape(past)[3] if past else 0
        copies_k, k = _packed_cache(past, present, k, 0, before)
        copies_v, v = _packed_cache(past, present, v, 1, before)
        layers = (*layers, *copies_k, *copies_v)
    return (*layers, *_attended(node, graph, (q, k, v), inputs, k.length - length))


def projection(node: Node, graph: Graph) -> Layer:
    """input (B, S, I) or (S, I) * weights (I, Q + K + V), for Q, K and V together."""
    *batches, length, channels = graph.shape(node.inputs[0])
    total = graph.shape(node.inputs[1])[1]
    rows = (*(along("B", batch) for batch in batches), along("D", length))
    c, k = along("C", channels), along("K", total)
    return Layer(
        operator_type="Gemm",
        loops=(("C", channels), ("D", length), ("K", total), *(("B", batch) for batch in batches)),
        output=Access(f"{node.outputs[0]}/projected", (*rows, k)),
        inputs=(Access(node.inputs[0], (*rows, c)), Access(node.inputs[1], (c, k))),
        combine=Step(functions.MUL),
        reduce="sum",
    )


def _packed_cache(past: str, present: str, new: Heads, which: int, before: int) -> tuple[tuple[Layer, ...], Heads]:
    """Keys (0) or values (1) of caches (2, B, N, positions, D): the copies, and the whole of them."""

    def one(tensor: str, length: int) -> Heads:
        sizes = (new.batch, new.heads, length, new.width)
        return Heads(tensor, (("", 2), *zip("bnsd", sizes, strict=True)), *sizes, offsets={0: which})

    whole = one(present, before + new.length)
    return (*kept(one(past, before) if past else None, whole), copied(new, last_of(whole, new.length))), whole


@lowers("com.microsoft.MultiHeadAttention", how=HOW)
def multi_head_attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """query, key, value, bias, key_padding_mask, attention_bias, past_key, past_value."""
    names = (*node.outputs, "", "", "")
    inputs = AttentionInputs(node.input(4), node.input(5), (names[1], names[2]), names[3])
    return _of_parts(node, graph, node.input(3), (node.input(6), node.input(7)), inputs)


@lowers("com.microsoft.DecoderMaskedMultiHeadAttention", how=HOW)
def decoder_attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """query of one step, key, value, mask_index, attention_bias, past_key, past_value, ..., bias as input 10."""
    names = (*node.outputs, "", "", "")
    inputs = AttentionInputs(node.input(3), node.input(4), (names[1], names[2]), names[3])
    layers = _of_parts(node, graph, node.input(10), (node.input(5), node.input(6)), inputs)
    steering = tuple(name for name in (node.input(7), node.input(8), node.input(9)) if name)
    layers = (replace(layers[0], also_reads=(*layers[0].also_reads, *steering)), *layers[1:])
    if not _shares(node) or graph.value(node.input(7)) is not None:
        return layers
    return tuple(layer if layer.kind == "movement" else replace(layer, kind="approximate", why=WHY) for layer in layers)


def _of_parts(node: Node, graph: Graph, bias: str, past: tuple[str, str], inputs: AttentionInputs) -> tuple[Layer, ...]:
    """Biases, caches, attention."""
    base = node.outputs[0]
    parts = list(_parts(node, graph))
    layers: list[Layer] = []
    start, new_keys = 0, parts[1].length
    for i, name in enumerate("qkv"):
        if bias and not _is_cache(node, graph, i):
            target = between(f"{base}/{name}", parts[i])
            added = Heads(bias, (("nd", graph.shape(bias)[0]),), 1, parts[i].heads, 1, parts[i].width, {0: start})
            layers.append(pointwise(target, (parts[i].whole(), added.whole()), ADD))
            start += parts[i].heads * parts[i].width
            parts[i] = target
    for i, (old, new) in enumerate(zip(past, inputs.present, strict=True), 1):
        own_name = f"{base}/{'qkv'[i]}_cache"
        if old and _shares(node):
            copies, parts[i] = _in_buffer(node, graph, parts[i], old, new or own_name)
        else:
            copies, parts[i] = cached(graph, parts[i], old, new, own_name)
        layers += copies
    q, k, v = parts
    return (*layers, *_attended(node, graph, (q, k, v), inputs, k.length - new_keys))


def _shares(node: Node) -> bool:
    """Whether past and present are one buffer, longer than what it holds."""
    return bool(node.integer("past_present_share_buffer", 0))


def _in_buffer(node: Node, graph: Graph, new: Heads, past: str, present: str) -> tuple[tuple[Layer, ...], Heads]:
    """The new row copied behind the past_sequence_length others, which stay; the whole buffer if that is not known."""
    value = graph.value(node.input(7))
    shape = graph.shape(past)
    length = shape[2] if value is None else int(value.ravel()[0]) + new.length
    filled = cache(present, shape).shifted(0, length)
    return (replace(copied(new, last_of(filled, new.length)), also_reads=(past,)),), filled


def _is_cache(node: Node, graph: Graph, index: int) -> bool:
    """Whether keys or values come as heads that are projected and biased already (cross attention)."""
    return index > 0 and bool(node.input(index)) and len(graph.shape(node.inputs[index])) == 4


def _parts(node: Node, graph: Graph) -> tuple[Heads, Heads, Heads]:
    """Q, K and V: three tensors, or keys with values (B, L, N, 2, D), or all in one (B, S, N, 3, D)."""
    heads = node.integer("num_heads")
    shape = graph.shape(node.inputs[0])
    if len(shape) == 5:
        q, k, v = (_packed(node.inputs[0], shape, which) for which in range(3))
        return q, k, v
    q = of_shape(node.inputs[0], shape, heads)
    if not node.input(2):
        both = graph.shape(node.inputs[1])
        return q, _packed(node.inputs[1], both, 0), _packed(node.inputs[1], both, 1)
    k, v = (of_shape(node.inputs[i], graph.shape(node.inputs[i]), heads) for i in (1, 2))
    return q, k, v


def _packed(tensor: str, shape: tuple[int, ...], which: int) -> Heads:
    batch, length, heads, _, width = shape
    return Heads(
        tensor, tuple(zip(("b", "s", "n", "", "d"), shape, strict=True)), batch, heads, length, width, {3: which}
    )


def _attended(
    node: Node, graph: Graph, parts: tuple[Heads, Heads, Heads], inputs: AttentionInputs, before: int
) -> tuple[Layer, ...]:
    """Scores, masks, softmax, values."""
    # `before`: how many keys come before that of the first query. Keys of another sequence (cross attention) count
    # from their own beginning, as ONNX Runtime has it.
    (q, k, v), base = parts, node.outputs[0]
    scores = scores_of(base, graph, q, k, node.number("scale", 0.0) or 1 / math.sqrt(q.width))
    scores.publish(inputs.scores)
    hidden = node.number("mask_filter_value", -10000.0)
    if node.integer("unidirectional", 0):
        scores.hide(before, -math.inf, 0.0, LOWEST)
        if k.length - before > q.length:
            scores.layers[-1] = replace(scores.layers[-1], kind="approximate", why=LAST_SEES_ALL)
    if inputs.mask:
        _masked(scores, inputs.mask, hidden)
    if inputs.scores_bias:
        scores.with_operand(broadcast(graph, inputs.scores_bias, scores.shape), ADD)
    passes = normalised(scores)
    values = weighted_values(passes[-1].output.tensor, scores.shape, v, of_shape(base, graph.shape(base), q.heads))
    return (*scores.layers, *passes, values)


def _masked(scores: Scores, mask: str, hidden: float) -> None:
    """A mask of keys (B, T), of queries and keys (B, S, T) or (B, 1, M, M), or the lengths (B), or ends and starts."""
    batch, _, queries, keys = scores.shape
    shape = scores.graph.shape(mask)
    if len(shape) == 1:
        _within(scores, mask, shape[0], hidden)
        return
    key = along("OX", shape[-1])
    middle = {
        2: (),
        3: (along("OY", queries),),
        4: (fixed(), along("OY", shape[-2], keys - queries)),
    }[len(shape)]
    access = Access(mask, (along("B", batch), *middle, key))
    scores.with_operand(access, Step(functions.HIDE_WHERE_NOT, parameters=(hidden,)))


def _within(scores: Scores, lengths: str, count: int, hidden: float) -> None:
    """Lengths (B), or with 3 * B + 2 entries those first; with 2 * B ends, then starts."""
    batch, key = scores.shape[0], Position((("OX", 1),))
    scores.with_operand(Access(lengths, (along("B", count),)), Step(functions.HIDE_FROM, key, (hidden,)))
    if count == 2 * batch:
        starts = Access(lengths, (along("B", count, batch),))
        scores.with_operand(starts, Step(functions.HIDE_UNTIL, key, (hidden,)))
