"""ONNX Runtime's PackedAttention and PackedMultiHeadAttention: sequences one behind the other, without padding.

A token attends to those of its own sequence. Source: ONNX Runtime's ContribOperators page (com.microsoft).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.attention_passes import normalised, scores_of, weighted_values
from onnx2zz.ops.bias import add_bias
from onnx2zz.ops.heads import Heads, between, pointwise
from onnx2zz.ops.microsoft_attention import projection
from onnx2zz.ops.registry import lowers

HOW = "for each sequence, or all of one length together, a Gemm layer for Q * K, softmax as passes, a Gemm layer for V"
ADD = Step(functions.ADD)
WHY = "the lengths of the sequences are known at run time only: an even split of the tokens is taken"
Parts = tuple[Heads, Heads, Heads]


@dataclass(frozen=True)
class Sequences:
    """Where sequences of one length stand in the packed tokens, and the row of the attention bias that is theirs: one
    sequence, or (`count` above 1) all of them."""

    first: int
    length: int
    count: int = 1
    row: int = 0

    def of(self, heads: Heads) -> Heads:
        """Their part of what all tokens have."""
        if self.count == 1:
            return heads.shifted(self.first, self.length)
        axes = tuple(("bs" if letters == "s" else letters.replace("b", ""), extent) for letters, extent in heads.axes)
        return replace(heads, axes=axes, batch=self.count, length=self.length)


@lowers("com.microsoft.PackedAttention", how=f"a Gemm layer for the projections, then {HOW}")
def packed_attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (tokens, I), weights (I, Q + K + V), bias, token_offset, cumulative_sequence_length, attention_bias."""
    projected = projection(node, graph)
    bias = Access(node.input(2), projected.output.axes[-1:]) if node.input(2) else None
    layers = add_bias(projected, graph, bias)
    heads, tokens, total = node.integer("num_heads"), graph.shape(node.inputs[0])[0], graph.shape(node.inputs[1])[1]
    sizes = node.integers("qkv_hidden_sizes") or [total // 3] * 3
    starts = (0, sizes[0], sizes[0] + sizes[1])
    q, k, v = (
        _columns(layers[-1].output.tensor, tokens, total, heads, size // heads, start)
        for size, start in zip(sizes, starts, strict=True)
    )
    return (*layers, *_attended(node, graph, (q, k, v), (3, 4, 5)))


@lowers("com.microsoft.PackedMultiHeadAttention", how=HOW)
def packed_multi_head_attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """query (tokens, Q) or all in (tokens, heads, 3, D), key, value, bias, token_offset, cumulative_sequence_length,
    attention_bias."""
    parts, bias, start = list(_parts(node, graph)), node.input(3), 0
    layers: list[Layer] = []
    for i, name in enumerate("qkv" if bias else ""):
        one = parts[i]
        added = Heads(bias, (("nd", graph.shape(bias)[0]),), 1, one.heads, 1, one.width, {0: start})
        parts[i] = between(f"{node.outputs[0]}/{name}", one)
        layers.append(pointwise(parts[i], (one.whole(), added.whole()), ADD))
        start += one.heads * one.width
    q, k, v = parts
    return (*layers, *_attended(node, graph, (q, k, v), (4, 5, 6)))


def _parts(node: Node, graph: Graph) -> Parts:
    shape, heads = graph.shape(node.inputs[0]), node.integer("num_heads")
    if len(shape) == 4:
        tokens, _, _, width = shape
        axes = tuple(zip(("s", "n", "", "d"), shape, strict=True))
        q, k, v = (Heads(node.inputs[0], axes, 1, heads, tokens, width, {2: which}) for which in range(3))
        return q, k, v
    shapes = ((name, graph.shape(name)) for name in node.inputs[:3])
    q, k, v = (_columns(name, rows, columns, heads, columns // heads, 0) for name, (rows, columns) in shapes)
    return q, k, v


def _columns(tensor: str, tokens: int, columns: int, heads: int, width: int, start: int) -> Heads:
    """Heads of `width` channels that begin at a column of a tensor (tokens, columns)."""
    return Heads(tensor, (("s", tokens), ("nd", columns)), 1, heads, tokens, width, {1: start})


def _attended(node: Node, graph: Graph, parts: Parts, steering: tuple[int, int, int]) -> Iterator[Layer]:
    """The attention of each sequence. `steering`: the inputs token_offset, cumulative_sequence_length and
    attention_bias."""
    offsets, ends, bias = (node.input(number) for number in steering)
    (tokens, columns), values = graph.shape(node.outputs[0]), parts[2]
    out = _columns(node.outputs[0], tokens, columns, values.heads, values.width, 0)
    known = graph.value(ends)
    lengths = (
        [int(end) - int(begin) for begin, end in pairwise(known.ravel())]
        if known is not None
        else _even(tokens, graph.shape(ends)[0] - 1)
    )
    if sum(lengths) != tokens or min(lengths, default=0) < 0:
        raise ValueError(f"sequences of {lengths} tokens, and {tokens} tokens")
    also_reads = (offsets, ends)
    for sequences in _alike(lengths):
        for layer in _of(node, graph, sequences, parts, out, bias):
            found = replace(layer, also_reads=also_reads)
            also_reads = ()
            yield found if known is not None else replace(found, kind="approximate", why=WHY)


def _even(tokens: int, count: int) -> list[int]:
    return [tokens // count + (number < tokens % count) for number in range(count)]


def _alike(lengths: list[int]) -> Iterator[Sequences]:
    """All sequences together where they are of one length, else each by itself; those without tokens are left out."""
    if len(set(lengths)) == 1:
        yield Sequences(0, lengths[0], len(lengths))
        return
    first = 0
    for row, length in enumerate(lengths):
        if length:
            yield Sequences(first, length, row=row)
        first += length


def _of(node: Node, graph: Graph, sequences: Sequences, parts: Parts, out: Heads, bias: str) -> tuple[Layer, ...]:
    """Scores, softmax and values of sequences of one length."""
    q, k, v = (sequences.of(part) for part in parts)
    base = f"{node.outputs[0]}/{sequences.row}"
    scores = scores_of(base, graph, q, k, node.number("scale", 0.0) or 1 / math.sqrt(q.width))
    if bias:
        batch, heads, longest, _ = graph.shape(bias)
        rows = along("B", batch) if sequences.count > 1 and batch > 1 else fixed(batch, sequences.row % batch)
        columns = along("G", heads) if heads > 1 else fixed(heads)
        scores.with_operand(Access(bias, (rows, columns, along("OY", longest), along("OX", longest))), ADD)
    passes = normalised(scores)
    return (*scores.layers, *passes, weighted_values(passes[-1].output.tensor, scores.shape, v, sequences.of(out)))
