"""Attention of ONNX.

Source: ONNX operator page Attention (23, 24 and later: nonpad_kv_seqlen, windows).
"""

import math
from dataclasses import replace

from onnx import TensorProto

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.attention_passes import UNBOUNDED, Scores, cached, normalised, scores_of, weighted_values
from onnx2zz.ops.elementwise import loops_over
from onnx2zz.ops.heads import of_shape
from onnx2zz.ops.registry import lowers

HOW = "a Gemm layer for Q * K, masks and softmax as passes, a Gemm layer for the values; caches are copies"


@lowers("Attention", how=HOW)
def attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Q, K, V (batch, heads, positions, channels) or (batch, positions, heads * channels), mask, past K and V."""
    names = (*node.outputs, "", "", "")
    base = names[0]
    q, new_k, new_v = (
        of_shape(node.inputs[i], graph.shape(node.inputs[i]), node.integer(f"{who}_num_heads", 0))
        for i, who in enumerate(("q", "kv", "kv"))
    )
    key_copies, k = cached(graph, new_k, node.input(4), names[1], f"{base}/keys")
    value_copies, v = cached(graph, new_v, node.input(5), names[2], f"{base}/values")
    scores = scores_of(base, graph, q, k, node.number("scale", 0.0) or 1 / math.sqrt(q.width))
    mode = node.integer("qk_matmul_output_mode", 0)
    # The mode names the stage of the scores that leaves the node as its fourth output; the others stay between the
    # layers.
    shown = ["", "", "", ""]
    shown[mode] = names[3]
    _masked(scores, node, shown, k.length - new_k.length)
    *passes, quotient = normalised(scores, guarded=True)
    if graph.is_read(shown[3]):
        quotient = replace(quotient, output=replace(quotient.output, tensor=shown[3]))
    out = of_shape(base, graph.shape(base), q.heads)
    values = weighted_values(quotient.output.tensor, scores.shape, v, out)
    return (*key_copies, *value_copies, *scores.layers, *passes, quotient, values)


def _masked(scores: Scores, node: Node, shown: list[str], past: int) -> None:
    """Softcap, then every mask; before and between the scores as `shown` wants them."""
    scores.publish(shown[0])
    cap = node.number("softcap", 0.0)
    if cap:
        scores.ride(Step(functions.SOFTCAP, parameters=(cap,)))
    scores.publish(shown[1])
    if node.input(3):
        _with_mask(scores, node.input(3))
    if node.input(6):
        _with_lengths(scores, node)
    else:
        low, high = window(node)
        if (low, high) != (-UNBOUNDED, UNBOUNDED):
            scores.hide(past, low, high, -math.inf)
    scores.publish(shown[2])


def window(node: Node) -> tuple[float, float]:
    """The least and the largest distance of a key from its query that takes part."""
    left, right = node.integer("left_window_size", -1), node.integer("right_window_size", -1)
    high = 0.0 if node.integer("is_causal", 0) else UNBOUNDED
    return -UNBOUNDED if left < 0 else -float(left), high if right < 0 else min(high, float(right))


def _with_mask(scores: Scores, mask: str) -> None:
    """attn_mask, broadcast to the scores: boolean, or added. Where it is too short, keys are hidden."""
    shape = scores.graph.shape(mask)
    loops = loops_over(scores.shape)[4 - len(shape) :]
    axes = tuple(
        fixed() if extent == 1 and size > 1 and loop != "OX" else along(loop, extent)
        for (loop, size), extent in zip(loops, shape, strict=True)
    )
    if scores.graph.tensors[mask].type == TensorProto.BOOL:
        scores.with_operand(Access(mask, axes), Step(functions.HIDE_WHERE_NOT, parameters=(-math.inf,)))
    else:
        scores.with_operand(Access(mask, axes), Step(functions.ADD), -math.inf)


def _with_lengths(scores: Scores, node: Node) -> None:
    """nonpad_kv_seqlen (batch): keys beyond it are hidden; the last query stands at its end."""
    lengths = Access(node.input(6), (along("B", scores.shape[0]),))
    low, high = window(node)
    key, query, queries = ("OX", 1), ("OY", -1), scores.shape[2]
    scores.with_operand(lengths, Step(functions.HIDE_FROM, Position((key,)), (-math.inf,)))
    if high < UNBOUNDED:
        limit = Position((key, query), queries - 1 - int(high))
        scores.with_operand(lengths, Step(functions.HIDE_FROM, limit, (-math.inf,)))
    if low > -UNBOUNDED:
        limit = Position((key, query), queries - int(low))
        scores.with_operand(lengths, Step(functions.HIDE_UNTIL, limit, (-math.inf,)))
