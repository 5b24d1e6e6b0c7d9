"""Mixtures of experts in one operator: MoE, and QMoE with packed weights.

Source: ONNX Runtime's ContribOperators page (MoE, QMoE). Which tokens an expert gets only a run knows; how many, the
frontend has settled (frontend/routing.py). So the rows that experts work on stand in the order of the experts, the
tokens taken in turn: every volume is right, and no row is that of a run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.mixtures import PRODUCTS, Weights, tokens_by_expert, weight_bits
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, affine, along, blocks, split
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias, with_steps
from onnx2zz.ops.loops import in_order
from onnx2zz.ops.movement import movement
from onnx2zz.ops.registry import lowers

WHY = "which tokens an expert gets only a run knows; so many as stand under experts are taken in turn"
HOW = "each token copied to its experts, their Gemm layers (experts of as many tokens together), a weighted sum"
ACTIVATIONS: dict[str, Step | None] = {
    "relu": Step(functions.RELU),
    "gelu": Step(functions.GELU),
    "silu": Step(functions.SWISH, parameters=(1.0,)),
    "identity": None,
}
SWIGLU = "swiglu"


@dataclass(frozen=True)
class Experts:
    """Neighbouring experts that get as many tokens each: `first` is the number of the first one, `row` that of its
    first row among those of all experts."""

    count: int
    first: int
    tokens: int
    row: int


@dataclass(frozen=True)
class Mixture:
    """A node as all its layers see it: `rows` that experts work on together, of `width` elements; `inner` between
    their products."""

    node: Node
    graph: Graph
    tokens: int
    rows: int
    width: int
    inner: int
    columns_first: bool

    def named(self, part: str) -> str:
        """A tensor of our own."""
        return f"{self.node.outputs[0]}/{part}"

    @property
    def rounds(self) -> int:
        """How often all tokens are copied, the last time perhaps not all."""
        return -(-self.rows // self.tokens)


@lowers("com.microsoft.MoE", "com.microsoft.QMoE", how=HOW, kind="approximate")
def mixture(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (tokens..., width), router_probs (tokens, experts), then weights (experts, columns, rows) of two or three
    products, which older files hold as (experts, rows, columns)."""
    shape, tokens = graph.shape(node.inputs[0]), tokens_by_expert(node, graph)
    count, width = graph.shape(node.inputs[1])[0], shape[-1]
    pack = 8 // (weight_bits(node) or 8)
    fc1, fc2 = (graph.shape(node.input(product.weights)) for product in PRODUCTS[node.op][:2])
    columns_first = fc1[2] * pack == width and fc2[1] == width
    inner = fc2[2] * pack if columns_first else fc2[1]
    whole = Mixture(node, graph, count, sum(tokens), width, inner, columns_first)
    layers = (*_sent(whole), *(layer for experts in _alike(tokens) for layer in _expert(whole, experts)))
    return tuple(replace(layer, kind="approximate", why=WHY) for layer in (*layers, *_put_together(whole)))


def _alike(tokens: tuple[int, ...]) -> Iterator[Experts]:
    """Neighbours of as many tokens, experts without any left out."""
    first = row = 0
    for each, group in groupby(tokens):
        count = len(tuple(group))
        if each:
            yield Experts(count, first, each, row)
        first, row = first + count, row + count * each


def _sent(whole: Mixture) -> Iterator[Layer]:
    """All tokens copied to rows, as often as there are rows for them; a last time some of them."""
    full, rest = divmod(whole.rows, whole.tokens)
    for times, tokens, start in ((full, whole.tokens, 0), (1, rest, full * whole.tokens)):
        if times and tokens:
            rows = affine((("B", whole.tokens), ("G", 1)), whole.rows, start)
            loops = (("B", times), ("G", tokens), ("OX", whole.width))
            source = Access(whole.node.inputs[0], (along("G", whole.tokens), along("OX", whole.width)))
            target = Access(whole.named("sent"), (rows, along("OX", whole.width)))
            yield movement(loops, target, source, (whole.node.inputs[1],))


def _expert(whole: Mixture, experts: Experts) -> Iterator[Layer]:
    """The two or three products of some experts, with what comes between them."""
    fc1, fc2, fc3 = PRODUCTS[whole.node.op]
    word = whole.node.text("activation_type", "relu").lower()
    gated = _columns(whole, fc1) == 2 * whole.inner
    other = "" if gated else whole.node.input(fc3.weights)
    if word not in (*ACTIVATIONS, SWIGLU):
        raise ValueError(f"its activation_type is {word}")
    function = ACTIVATIONS["silu" if word == SWIGLU else word]
    riding = (function,) if function and not gated else ()
    yield from _product(whole, experts, fc1, "sent", "up" if gated or other else "hidden", riding)
    if gated:
        yield _gated(whole, experts)
    if other:
        yield from _product(whole, experts, fc3, "sent", "linear")
        yield _pointwise(whole, experts, (whole.named("up"), whole.named("linear")))
    yield from _product(whole, experts, fc2, "hidden", "done")


def _columns(whole: Mixture, product: Weights) -> int:
    shape = whole.graph.shape(whole.node.input(product.weights))
    return shape[1] if whole.columns_first else shape[2] * (8 // (weight_bits(whole.node) or 8))


def _rows(whole: Mixture, experts: Experts) -> Axis:
    return affine((("B", experts.tokens), ("D", 1)), whole.rows, experts.row)


def _product(
    whole: Mixture, experts: Experts, product: Weights, source: str, target: str, after: tuple[Step, ...] = ()
) -> tuple[Layer, ...]:
    """rows * weights (+ bias) of each of some experts, B of them."""
    columns = _columns(whole, product)
    depth = whole.inner if source == "hidden" else whole.width
    rows, expert = _rows(whole, experts), _expert_axis(whole, product.weights, experts)
    layer = Layer(
        operator_type="Gemm",
        loops=(("C", depth), ("D", experts.tokens), ("K", columns), ("B", experts.count)),
        output=Access(whole.named(target), (rows, along("K", columns))),
        inputs=(
            Access(whole.named(source), (rows, along("C", depth))),
            _weights(whole, product, expert, columns, depth),
        ),
        combine=Step(functions.MUL),
        reduce="sum",
    )
    bias = whole.node.input(product.bias)
    layers = add_bias(layer, whole.graph, Access(bias, (expert, along("K", columns))) if bias else None)
    return (*layers[:-1], with_steps(layers[-1], *after))


def _expert_axis(whole: Mixture, weights: int, experts: Experts) -> Axis:
    return along("B", whole.graph.shape(whole.node.input(weights))[0], experts.first)


def _weights(whole: Mixture, product: Weights, expert: Axis, columns: int, depth: int) -> Access:
    """The weights of each expert as they lie in the file, scaled as they are read."""
    column, row = along("K", columns), along("C", depth)
    axes = (expert, column, row) if whole.columns_first else (expert, row, column)
    scales = whole.node.input(product.scales) if product.scales else ""
    prepare = (Step(functions.MUL, _scales(whole, scales, expert, columns, depth)),) if scales else ()
    return Access(whole.node.input(product.weights), axes, prepare, weight_bits(whole.node))


def _scales(whole: Mixture, name: str, expert: Axis, columns: int, depth: int) -> Access:
    """One scale a column, or one for each block of its rows."""
    shape, column = whole.graph.shape(name), along("K", columns)
    return Access(name, (expert, column, *(blocks("C", n, -(-depth // n)) for n in shape[2:])))


def _pointwise(whole: Mixture, experts: Experts, operands: tuple[str, str]) -> Layer:
    """The product of two intermediate tensors, element by element."""
    axes = (_rows(whole, experts), along("K", whole.inner))
    read = tuple(Access(name, axes) for name in operands)
    return _between(whole, experts, read, Access(whole.named("hidden"), axes))


def _gated(whole: Mixture, experts: Experts) -> Layer:
    """gate * sigmoid(alpha * gate) * linear, both of one product: in turn (swiglu_fusion 1), or one after the other."""
    interleaved = whole.node.integer("swiglu_fusion", 0) != 2
    step, apart = (2, 1) if interleaved else (1, whole.inner)
    rows, wide = _rows(whole, experts), 2 * whole.inner
    swish = Step(functions.SWISH, parameters=(whole.node.number("activation_alpha", 1.0),))
    gate, linear = (
        Access(whole.named("up"), (rows, along("K", wide, offset, step)), steps)
        for offset, steps in ((0, (swish,)), (apart, ()))
    )
    return _between(whole, experts, (gate, linear), Access(whole.named("hidden"), (rows, along("K", whole.inner))))


def _between(whole: Mixture, experts: Experts, inputs: tuple[Access, ...], output: Access) -> Layer:
    loops = in_order((("B", experts.count), ("K", whole.inner), ("D", experts.tokens)))
    return Layer("Add", loops, output, inputs, Step(functions.MUL))


def _put_together(whole: Mixture) -> tuple[Layer, Layer]:
    """Every row times what its router gives it, then the sum over the rows of each token."""
    rows, width = whole.rounds * whole.tokens, along("OX", whole.width)
    read = split((("FX", whole.rounds), ("G", whole.tokens)), rows)
    loops = (("G", whole.tokens), ("OX", whole.width), ("FX", whole.rounds))
    experts = whole.graph.shape(whole.node.inputs[1])[1]
    scores = Access(whole.node.inputs[1], (along("G", whole.tokens), along("FX", max(experts, whole.rounds))))
    weighted = Access(whole.named("weighted"), (read, width))
    return (
        Layer(
            "Add", in_order(loops), weighted, (Access(whole.named("done"), (read, width)), scores), Step(functions.MUL)
        ),
        Layer(
            "Pooling",
            in_order(loops),
            Access(whole.node.outputs[0], (along("G", whole.tokens), width)),
            (weighted,),
            Step(functions.IDENTITY),
            reduce="sum",
        ),
    )
