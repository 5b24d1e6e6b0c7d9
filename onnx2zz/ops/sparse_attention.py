"""ONNX Runtime's SparseAttention: causal attention of grouped queries, in which blocks of keys are hidden.

Which blocks, a layout says in compressed rows; head n has layout n modulo their number. Hidden scores are multiplied
all the same, as those behind every mask are. Source: ONNX Runtime's ContribOperators page (com.microsoft).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import affine, along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.attention_passes import Scores, last_of, normalised, scores_of, weighted_values
from onnx2zz.ops.elementwise import loops_over
from onnx2zz.ops.group_query_attention import grouped_parts
from onnx2zz.ops.heads import Heads, between, cache, copied, of_shape
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.rotary import Angles, is_interleaved, picked, rotated
from onnx2zz.ops.tabulated import within_reason

HOW = "a Gemm layer for Q * K, masks and softmax as passes, a Gemm layer for the values; new rows are copied"
TOTAL, LENGTHS = 7, 8
WHY_LENGTHS = "lengths are known at run time only, or differ: every sequence is taken to fill what the longest may"
WHY_BLOCKS = "which blocks are hidden is known at run time only: none is"


@dataclass(frozen=True)
class _Reach:
    """How many positions of the buffer hold keys, and how many of them are new; `why` not every sequence's, if so."""

    total: int
    new: int
    why: str = ""

    @property
    def past(self) -> int:
        """Positions before the first query's."""
        return self.total - self.new


@lowers("com.microsoft.SparseAttention", how=HOW)
def sparse_attention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """query, key, value (or all in query), past_key, past_value, block_row_indices, block_col_indices,
    total_sequence_length, key_total_sequence_lengths, cos, sin."""
    base, names = node.outputs[0], (*node.outputs, "", "")
    q, k, v = grouped_parts(node, graph)
    reach = _reach(node, graph, q.length)
    keys, values = (
        cache(names[which] or f"{base}/present{which}", graph.shape(node.inputs[2 + which])).shifted(0, reach.total)
        for which in (1, 2)
    )
    placed, q = _placed(node, graph, reach, q, k, last_of(keys, k.length))
    new_values = copied(v, last_of(values, v.length))
    scores = scores_of(base, graph, q, keys, node.number("scale", 0.0) or 1 / math.sqrt(q.width))
    scores.hide(reach.past, -math.inf, 0.0, -math.inf)
    blocks = _blocks(node, graph)
    if blocks is not None:
        _hide_blocks(scores, blocks, node.integer("sparse_block_size"), reach)
    passes = normalised(scores)
    out = of_shape(base, graph.shape(base), q.heads)
    attended = (*scores.layers, *passes, weighted_values(passes[-1].output.tensor, scores.shape, values, out))
    attended = (replace(attended[0], also_reads=node.inputs[5:9]), *attended[1:])
    # The past stays where it is in the buffer: whoever writes the new rows has it from there.
    pasts = dict(zip((keys.tensor, values.tensor), node.inputs[3:5], strict=True))
    copies = (
        replace(layer, also_reads=(pasts[layer.output.tensor],)) if layer.output.tensor in pasts else layer
        for layer in (*placed, new_values)
    )
    why = reach.why or (WHY_BLOCKS if blocks is None else "")
    return (*copies, *(replace(layer, kind="approximate", why=why) if why else layer for layer in attended))


def _reach(node: Node, graph: Graph, new: int) -> _Reach:
    total, lengths = graph.value(node.inputs[TOTAL]), graph.value(node.inputs[LENGTHS])
    if total is None:
        return _Reach(graph.shape(node.inputs[3])[2], new, WHY_LENGTHS)
    alike = lengths is not None and bool((lengths == total.ravel()[0]).all())
    return _Reach(int(total.ravel()[0]), new, "" if alike else WHY_LENGTHS)


def _placed(
    node: Node, graph: Graph, reach: _Reach, q: Heads, k: Heads, target: Heads
) -> tuple[tuple[Layer, ...], Heads]:
    """The new keys in the buffer, turned if they are to be; and the queries as Q * K reads them."""
    if not node.integer("do_rotary", 0):
        return (copied(k, target),), q
    base = node.outputs[0]
    angles, queries = _angles(node, graph, reach, q), between(f"{base}/q", q)
    return (
        *angles.layers,
        *rotated(k, target, angles, f"{base}/k"),
        *rotated(q, queries, angles, f"{base}/q"),
    ), queries


def _angles(node: Node, graph: Graph, reach: _Reach, q: Heads) -> Angles:
    """The rows of the tables for the new positions, which stand in order; where only a run knows them, copied."""
    tables, (height, half) = (node.inputs[9], node.inputs[10]), graph.shape(node.inputs[9])
    if not reach.why:
        cos, sin = (Access(table, (along("OY", height, reach.past), along("OX", half))) for table in tables)
        return Angles(cos, sin, half, is_interleaved(node))
    first = (Step(functions.SHIFT, parameters=(-float(q.length),)), Step(functions.ADD, Position((("OY", 1),))))
    batch, position = along("B", q.batch), along("OY", q.length)
    return picked(
        node, graph, node.outputs[0], tables, Access(node.inputs[LENGTHS], (batch,), first), (batch, position)
    )


def _blocks(node: Node, graph: Graph) -> np.ndarray | None:
    """Which blocks of keys (last axis) those of queries see, by layout; None where only a run knows."""
    rows, columns = (graph.value(node.inputs[number]) for number in (5, 6))
    if rows is None or columns is None:
        return None
    layouts, height = rows.shape[0], rows.shape[1] - 1
    seen = np.zeros((layouts, height, height), bool)
    for layout, row in np.ndindex(layouts, height):
        seen[layout, row, columns[layout, rows[layout, row] : rows[layout, row + 1]]] = True
    return seen


def _hide_blocks(scores: Scores, seen: np.ndarray, size: int, reach: _Reach) -> None:
    """Adds -inf to the scores in hidden blocks: on Q * K where all heads have one layout, else a pass of each layout's
    heads."""
    within_reason(len(seen), reach.new, reach.total, of="scores")
    queries, keys = np.arange(reach.past, reach.total) // size, np.arange(reach.total) // size
    hidden = [
        tuple(tuple(map(float, row)) for row in np.where(layout[queries][:, keys], 0.0, -math.inf)) for layout in seen
    ]
    *_, query, key = scores.layers[-1].output.axes
    if len(hidden) == 1:
        scores.ride(Step(functions.ADD, Table(query.terms[0][0], hidden[0], key.terms[0][0])))
        return
    batch, heads, *_ = loops_over(scores.shape)
    (row, _), (column, _) = loops_over(scores.shape)[2:]
    made, source = f"{scores.base}/visible", scores.tensor
    for number, values in enumerate(hidden):
        loops = (batch, (heads[0], heads[1] // len(hidden)), *loops_over(scores.shape)[2:])
        one_of = affine(((heads[0], len(hidden)),), heads[1], number)
        axes = (along(*batch), one_of, *(along(*loop) for loop in loops[2:]))
        step = Step(functions.ADD, Table(row, values, column))
        scores.layers.append(Layer("Add", loops, Access(made, axes), (Access(source, axes),), step))
