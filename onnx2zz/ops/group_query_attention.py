"""ONNX Runtime's GroupQueryAttention: causal attention with a cache, of queries that share keys and values.

Source: ONNX Runtime's ContribOperators page (com.microsoft.GroupQueryAttention).
"""

import math
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.attention import HOW
from onnx2zz.ops.attention_passes import Scores, kept, last_of, normalised, scores_of, weighted_values
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.elementwise import broadcast
from onnx2zz.ops.heads import Heads, between, cache, copied, of_shape, part
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.rotary import Angles, angles_of, is_interleaved, picked, rotated

WHY = "lengths are known at run time only: every sequence is taken to be as long as the cache"


@lowers("com.microsoft.GroupQueryAttention", how=HOW)
def group_query_attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """query, key, value (or all in query), past_key, past_value, seqlens_k, total_sequence_length, cos, sin ..."""
    names = (*node.outputs, "", "", "")
    base, (q, k, v) = names[0], grouped_parts(node, graph)
    old_k, old_v = (cache(node.input(i), graph.shape(node.input(i))) if node.input(i) else None for i in (3, 4))
    length = k.length + (old_k.length if old_k else 0)
    keys = cache(names[1] or f"{base}/keys", (k.batch, k.heads, length, k.width))
    values = cache(names[2] or f"{base}/values", (v.batch, v.heads, length, v.width))
    turned, q = _placed(node, graph, q, k, last_of(keys, k.length))
    caches = (*kept(old_k, keys), *kept(old_v, values), *turned, copied(v, last_of(values, v.length)))
    scores = _scores(node, graph, q, keys, length - q.length)
    passes = _normalised(node, graph, scores)
    out = of_shape(base, graph.shape(base), q.heads)
    attended = (*scores.layers, *passes, weighted_values(passes[-1].output.tensor, scores.shape, values, out))
    return (*caches, *_steered(node, graph, attended, length))


def grouped_parts(node: Node, graph: Graph) -> tuple[Heads, Heads, Heads]:
    """Q, K and V, in three tensors or one behind the other in the channels of the query."""
    shape = graph.shape(node.inputs[0])
    heads, stored = node.integer("num_heads"), node.integer("kv_num_heads")
    if node.input(1):
        k, v = (of_shape(node.inputs[i], graph.shape(node.inputs[i]), stored) for i in (1, 2))
        return of_shape(node.inputs[0], shape, heads), k, v
    width = shape[2] // (heads + 2 * stored)
    starts = (0, heads * width, (heads + stored) * width)
    q, k, v = (
        part(node.inputs[0], shape, count, width, start)
        for count, start in zip((heads, stored, stored), starts, strict=True)
    )
    return q, k, v


def _placed(node: Node, graph: Graph, q: Heads, k: Heads, target: Heads) -> tuple[tuple[Layer, ...], Heads]:
    """The new keys in the cache, turned if they are to be; and the queries as Q * K reads them."""
    if not node.integer("do_rotary", 0):
        return (copied(k, target),), q
    base = node.outputs[0]
    angles = _angles(node, graph, base, q)
    queries = between(f"{base}/q", q)
    turning_q, turning_k = rotated(q, queries, angles, f"{base}/q"), rotated(k, target, angles, f"{base}/k")
    return (*angles.layers, *turning_q, *turning_k), queries


def _angles(node: Node, graph: Graph, base: str, q: Heads) -> Angles:
    """The rows of the tables: of position_ids, of the first positions without a past, else of the last ones."""
    tables, (height, half) = (node.inputs[7], node.inputs[8]), graph.shape(node.inputs[7])
    batch, position = along("B", q.batch), along("OY", q.length)
    if node.input(9):
        return angles_of(node, graph, base, tables, node.input(9), q, half)
    if not node.input(3) or not graph.tensors[node.input(3)].elements:
        cos, sin = (Access(table, (along("OY", height), along("OX", half))) for table in tables)
        return Angles(cos, sin, half, is_interleaved(node))
    first = (Step(functions.SHIFT, parameters=(1.0 - q.length,)), Step(functions.ADD, Position((("OY", 1),))))
    return picked(node, graph, base, tables, Access(node.inputs[5], (batch,), first), (batch, position))


def _scores(node: Node, graph: Graph, q: Heads, keys: Heads, past: int) -> Scores:
    """Q * K, softcap, the causal mask and its window, a bias."""
    scores = scores_of(node.outputs[0], graph, q, keys, node.number("scale", 0.0) or 1 / math.sqrt(q.width))
    cap, window = node.number("softcap", 0.0), node.integer("local_window_size", -1)
    if cap:
        scores.ride(Step(functions.SOFTCAP, parameters=(cap,)))
    scores.hide(past, 1.0 - window if window > 0 else -math.inf, 0.0, -math.inf)
    if node.input(10):
        scores.with_operand(broadcast(graph, node.input(10), scores.shape), Step(functions.ADD))
    return scores


def _normalised(node: Node, graph: Graph, scores: Scores) -> tuple[Layer, ...]:
    """Softmax; with a sink a head's sum holds one score more, of a key without value."""
    highest, powers, total, quotient = normalised(scores)
    sink = node.input(11)
    if sink or node.integer("smooth_softmax", 0):
        peak = Access(highest.output.tensor, total.output.axes)
        heads = (
            (Step(functions.SUB.swapped(), Access(sink, (total.output.axes[1],))),) if sink else (Step(functions.NEG),)
        )
        total = with_steps(total, Step(functions.PLUS_EXP, replace(peak, prepare=heads)))
    return (highest, powers, total, quotient)


def _steered(node: Node, graph: Graph, layers: tuple[Layer, ...], length: int) -> tuple[Layer, ...]:
    """The layers, which read the lengths; exact only where those are known to fill the cache."""
    value = graph.value(node.input(5))
    steering = tuple(name for name in (node.input(5), node.input(6)) if name)
    first = replace(layers[0], also_reads=steering)
    if value is not None and bool((value == length - 1).all()):
        return (first, *layers[1:])
    return tuple(replace(layer, kind="approximate", why=WHY) for layer in (first, *layers[1:]))
