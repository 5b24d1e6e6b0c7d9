"""Einsum: two operands are one product, n operands n-1 products, left to right.

Source: ONNX operator page Einsum (labels, repeated labels, ellipsis, implicit output as in numpy's).
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order, tensor_loops
from onnx2zz.ops.movement import movement
from onnx2zz.ops.registry import lowers

Labels = tuple[str, ...]
MOST_LOOPS = 7


@dataclass(frozen=True)
class Term:
    """A tensor with a label for each axis; an axis of one element under a longer label is broadcast."""

    tensor: str
    labels: Labels
    extents: tuple[int, ...]


def renames_nothing(node: Node, graph: Graph) -> bool:
    """Whether the equation hands its only operand on as it is."""
    terms, result = parsed(node, graph)
    return len(terms) == 1 and terms[0].labels == result


@lowers(
    "Einsum",
    how="one Gemm layer for two operands, n-1 for n; a label of one operand alone is summed in a Pooling layer before",
    view=renames_nothing,
)
def einsum(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """MACs are the product of all labels' sizes of each step."""
    terms, result = parsed(node, graph)
    out = node.outputs[0]
    left: Term = terms[0]
    layers: list[Layer] = []
    for index, right in enumerate(terms[1:], 1):
        last = index == len(terms) - 1
        later = {*result, *(label for term in terms[index + 1 :] for label in term.labels)}
        sides: list[Term] = []
        # A label that one operand alone has, and that nothing later reads, is summed before the product. Summed inside
        # it would multiply the product's MACs by its size, which nobody has to compute.
        for side, term, other in (("left", left, right), ("right", right, left)):
            summed = alone(term, f"{out}/{side}{index}", later | set(other.labels))
            layers += [] if summed is None else [summed[0]]
            sides.append(term if summed is None else summed[1])
        kept = tuple(dict.fromkeys(label for term in sides for label in term.labels if label in later))
        layer, left = product(sides[0], sides[1], out if last else f"{out}/{index}", result if last else kept)
        layers.append(layer)
    return tuple(layers) or (single(terms[0], out, result),)


def parsed(node: Node, graph: Graph) -> tuple[tuple[Term, ...], Labels]:
    """The operands with their labels, and the result's labels; an ellipsis becomes labels of its own."""
    equation = node.text("equation").replace(" ", "")
    left, arrow, right = equation.partition("->")
    shapes = [graph.shape(name) for name in node.inputs]
    hidden = [len(s) - len(t.replace("...", "")) for s, t in zip(shapes, left.split(","), strict=True)]
    operands = [_labels(text, rank) for text, rank in zip(left.split(","), hidden, strict=True)]
    ellipsis = max((rank for rank, text in zip(hidden, left.split(","), strict=True) if "..." in text), default=0)
    # Without an arrow the result has, in the order of the alphabet, the letters that occur once, after the axes of an
    # ellipsis (ONNX operator page Einsum, as in numpy).
    if not arrow:
        letters = [c for c in left if c.isalpha()]
        right = "..." * ("..." in left) + "".join(sorted(c for c in letters if letters.count(c) == 1))
    terms = (Term(*term) for term in zip(node.inputs, operands, shapes, strict=True))
    return tuple(terms), _labels(right, ellipsis)


def _labels(text: str, hidden: int) -> Labels:
    """One label an axis; those of the ellipsis are numbered from the last."""
    before, dots, after = text.partition("...")
    return (*before, *(f"...{i}" for i in range(hidden, 0, -1) if dots), *after)


def sizes_of(*terms: Term) -> dict[str, int]:
    """Label to size: the longest of its axes."""
    sizes: dict[str, int] = {}
    for term in terms:
        for label, extent in zip(term.labels, term.extents, strict=True):
            sizes[label] = max(extent, sizes.get(label, 1))
    return sizes


def alone(term: Term, out: str, needed: set[str]) -> tuple[Layer, Term] | None:
    """The sum over the labels that nothing else needs, if there are any."""
    kept = tuple(dict.fromkeys(label for label in term.labels if label in needed))
    if set(kept) == set(term.labels):
        return None
    return single(term, out, kept), Term(out, kept, tuple(sizes_of(term)[label] for label in kept))


def single(term: Term, out: str, result: Labels) -> Layer:
    """One operand: a sum over labels is a Pooling layer, a rearrangement a movement layer."""
    sizes = sizes_of(term)
    loops = dict(zip(result, tensor_loops(len(result)), strict=True))
    loops |= {label: f"C{i or ''}" for i, label in enumerate(label for label in sizes if label not in loops)}
    nest = in_order((loops[label], sizes[label]) for label in sizes) or (("G", 1),)
    target, source = Access(out, _axes(result, sizes, loops)), Access(term.tensor, _read(term, sizes, loops))
    if set(result) == set(term.labels):
        return movement(nest, target, source)
    return Layer("Pooling", nest, target, (source,), Step(functions.IDENTITY), "sum")


def product(left: Term, right: Term, out: str, result: Labels) -> tuple[Layer, Term]:
    """Two operands: loops B, H (in both and kept), C (in both, summed), D and K (in one of them)."""
    sizes = sizes_of(left, right)
    whole = Term(out, result, tuple(sizes[label] for label in result))
    left, right, merged = _merged(left, right, whole)
    sizes = sizes_of(left, right)
    loops = _product_loops(left, right, merged)
    nest = tuple(sorted(((loops[label], sizes[label]) for label in sizes), key=lambda loop: "CDKBH".index(loop[0][0])))
    layer = Layer(
        operator_type="Gemm",
        loops=nest or (("C", 1),),
        output=Access(out, _axes(merged.labels, sizes, loops)),
        inputs=tuple(Access(term.tensor, _read(term, sizes, loops)) for term in (left, right)),
        combine=Step(functions.MUL),
        reduce="sum",
    )
    return layer, whole


def _product_loops(left: Term, right: Term, out: Term) -> dict[str, str]:
    loops: dict[str, str] = {}
    counts: dict[str, int] = {}
    for label in dict.fromkeys((*out.labels, *left.labels, *right.labels)):
        in_both = label in left.labels and label in right.labels
        kind = ("B" if in_both else "D" if label in left.labels else "K") if label in out.labels else "C"
        counts[kind] = counts.get(kind, 0) + 1
        loops[label] = f"{kind}{counts[kind] - 1 or ''}"
    return {label: {"B1": "H"}.get(loop, loop) for label, loop in loops.items()}


def _axes(labels: Labels, sizes: dict[str, int], loops: dict[str, str]) -> tuple[Axis, ...]:
    return tuple(along(loops[label], sizes[label]) for label in labels)


def _read(term: Term, sizes: dict[str, int], loops: dict[str, str]) -> tuple[Axis, ...]:
    return tuple(
        along(loops[label], extent) if extent == sizes[label] else fixed()
        for label, extent in zip(term.labels, term.extents, strict=True)
    )


def _merged(left: Term, right: Term, out: Term) -> tuple[Term, Term, Term]:
    """Labels that stand side by side wherever they stand become one, as long as there are too many loops."""
    terms = (left, right, out)
    while sum(size > 1 for size in sizes_of(*terms).values()) > MOST_LOOPS:
        pair = next((p for term in terms for p in pairwise(term.labels) if _mergeable(p, terms)), None)
        if pair is None:
            break
        terms = tuple(_with_merged(term, pair) for term in terms)
    return terms[0], terms[1], terms[2]


def _mergeable(pair: tuple[str, str], terms: tuple[Term, ...]) -> bool:
    """Whether two labels follow each other in every term that has either, and are nowhere repeated or broadcast."""
    sizes = sizes_of(*terms)
    for term in terms:
        counts = [term.labels.count(label) for label in pair]
        if counts == [0, 0]:
            continue
        whole = all(sizes[n] == e for n, e in zip(term.labels, term.extents, strict=True) if n in pair)
        if counts != [1, 1] or not whole or pair not in pairwise(term.labels):
            return False
    return True


def _with_merged(term: Term, pair: tuple[str, str]) -> Term:
    if pair[0] not in term.labels:
        return term
    at = term.labels.index(pair[0])
    labels = (*term.labels[:at], "".join(pair), *term.labels[at + 2 :])
    extents = (*term.extents[:at], math.prod(term.extents[at : at + 2]), *term.extents[at + 2 :])
    return replace(term, labels=labels, extents=extents)
