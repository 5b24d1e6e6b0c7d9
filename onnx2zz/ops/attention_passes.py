"""What every attention is made of: Q * K, passes over the scores, softmax, scores * V, and the caches of K and V.

With grouped queries K and V have fewer heads than Q: their heads are the loop H, the queries that share one the loop
H1, with which the accesses of K and V do not move.
"""

import math
from dataclasses import dataclass, field, replace

from onnx2zz.frontend.graph import Graph
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.elementwise import elementwise, spread
from onnx2zz.ops.heads import Heads, Terms, cache, copied
from onnx2zz.ops.softmax import softmax_layers

Shape = tuple[int, ...]
UNBOUNDED = math.inf


@dataclass
class Scores:
    """The scores (batch, heads, queries, keys) and the layers that made them so far; `graph` tells what is read."""

    base: str
    graph: Graph
    shape: Shape
    layers: list[Layer] = field(default_factory=list[Layer])
    published: set[str] = field(default_factory=set[str])

    @property
    def tensor(self) -> str:
        """The tensor that holds them now."""
        return self.layers[-1].output.tensor

    def ride(self, step: Step) -> None:
        """A function of each score; on the layer before it, unless somebody reads what that one makes."""
        if self.tensor not in self.published:
            self.layers[-1] = with_steps(self.layers[-1], step)
            return
        self._pass((spread(self.tensor, self.shape, self.shape),), step)

    def hide(self, offset: int, low: float, high: float, value: float) -> None:
        """Adds `value` to the score of query s and key t unless low <= t - s - offset <= high."""
        *_, query, key = self.layers[-1].output.axes
        published = self.tensor in self.published
        apart = (("OX", 1), ("OY", -1)) if published else (*key.terms, *((n, -c) for n, c in query.terms))
        self.ride(Step(functions.HIDE, Position(apart, -offset), (low, high, value)))

    def with_operand(self, operand: Access, step: Step, pad_value: float = 0.0) -> None:
        """A layer of its own that combines the scores with another tensor."""
        self._pass((spread(self.tensor, self.shape, self.shape), operand), step)
        self.layers[-1] = replace(self.layers[-1], pad_value=pad_value)

    def _pass(self, inputs: tuple[Access, ...], step: Step) -> None:
        self.layers.append(elementwise(f"{self.base}/scores{len(self.layers)}", self.shape, inputs, step))

    def publish(self, name: str) -> None:
        """The scores as they are now are an output of the node, if anybody reads it."""
        if self.graph.is_read(name):
            self.layers[-1] = replace(self.layers[-1], output=replace(self.layers[-1].output, tensor=name))
            self.published.add(name)


def scores_of(base: str, graph: Graph, q: Heads, k: Heads, scale: float) -> Scores:
    """scale * Q * K, keys as columns."""
    shape = (q.batch, q.heads, q.length, k.length)
    target = cache(f"{base}/scores", shape)
    layer = product(q, k, target, ("d", "s"))
    return Scores(base, graph, shape, [with_steps(layer, Step(functions.SCALE, parameters=(scale,)))])


def normalised(scores: Scores, guarded: bool = False) -> tuple[Layer, ...]:
    """Softmax over the keys. `guarded`: a row that is hidden altogether gives zeros."""
    highest, powers, total, quotient = softmax_layers(
        scores.tensor, f"{scores.base}/weights", scores.shape, frozenset({3})
    )
    if guarded:
        highest, total = (
            with_steps(highest, Step(functions.FINITE_OR_ZERO)),
            with_steps(total, Step(functions.ONE_IF_ZERO)),
        )
    return (highest, powers, total, quotient)


def weighted_values(weights: str, shape: Shape, v: Heads, out: Heads) -> Layer:
    """The softmax's weights (batch, heads, queries, keys) * V."""
    return product(cache(weights, shape), v, out, ("s", "d"))


def product(left: Heads, right: Heads, out: Heads, right_letters: tuple[str, str]) -> Layer:
    """left (rows D, summed C) * right, whose letters name the summed axis and the columns K, for each head."""
    shared = left.heads // right.heads
    heads: Terms = (("H", shared), ("H1", 1)) if shared > 1 else (("H", 1),)
    summed, columns = right_letters
    loops = (("C", left.width), ("D", left.length), ("K", right.sizes[columns]), ("B", left.batch), ("H", right.heads))
    batch = (("B", 1),)
    return Layer(
        operator_type="Gemm",
        loops=(*loops, ("H1", shared)) if shared > 1 else loops,
        output=out.at({"b": batch, "n": heads, "s": (("D", 1),), "d": (("K", 1),)}),
        inputs=(
            left.at({"b": batch, "n": heads, "s": (("D", 1),), "d": (("C", 1),)}),
            right.at({"b": batch, "n": (("H", 1),), summed: (("C", 1),), columns: (("K", 1),)}),
        ),
        combine=Step(functions.MUL),
        reduce="sum",
    )


def cached(graph: Graph, new: Heads, past: str, present: str, own_name: str) -> tuple[tuple[Layer, ...], Heads]:
    """The new keys or values behind the past ones, and the copies that it takes; without a cache the new ones."""
    if not past and not graph.is_read(present):
        return (), new
    old = cache(past, graph.shape(past)) if past else None
    length = new.length + (old.length if old else 0)
    whole = cache(present or own_name, (new.batch, new.heads, length, new.width))
    return (*kept(old, whole), copied(new, last_of(whole, new.length))), whole


def kept(past: Heads | None, whole: Heads) -> tuple[Layer, ...]:
    """The copy of the past to the beginning of the whole cache."""
    return (copied(past, whole),) if past and past.length else ()


def last_of(whole: Heads, length: int) -> Heads:
    """The last positions of a cache."""
    return whole.shifted(whole.length - length, length)
