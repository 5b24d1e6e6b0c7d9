"""Softmax, LogSoftmax and Hardmax: the reduce and element-wise passes that define them.

Source: ONNX operator pages Softmax, LogSoftmax, Hardmax. Before opset 13 everything from the axis on is one row.
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Position, Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise, spread
from onnx2zz.ops.reduction import reduced, reducing_loops
from onnx2zz.ops.registry import lowers

EXP = Step(functions.EXP)


@lowers("Softmax", how="four layers: maximum, subtract and exp, sum, divide")
def softmax(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x of any shape, normalised along its axis."""
    x, out = node.inputs[0], node.outputs[0]
    return softmax_layers(x, out, graph.shape(out), normalised_axes(node, graph))


def softmax_layers(x: str, out: str, shape: tuple[int, ...], axes: frozenset[int]) -> tuple[Layer, ...]:
    """The passes of a softmax of tensor `x` along `axes`."""
    highest, shifted = maximum_and_rest(x, out, shape, axes)
    powers, total = f"{out}/exp", f"{out}/sum"
    return (
        highest,
        replace(shifted, output=replace(shifted.output, tensor=powers), after=(EXP,)),
        reduced(total, powers, shape, axes, "sum"),
        elementwise(
            out, shape, (spread(powers, shape, shape), spread(total, row(shape, axes), shape)), Step(functions.DIV)
        ),
    )


@lowers("LogSoftmax", how="four layers: maximum, subtract, sum of exp, subtract its log")
def log_softmax(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x of any shape, normalised along its axis."""
    x, out = node.inputs[0], node.outputs[0]
    shape, axes = graph.shape(out), normalised_axes(node, graph)
    highest, shifted = maximum_and_rest(x, out, shape, axes)
    rest, total = shifted.output.tensor, f"{out}/log_sum"
    return (
        highest,
        shifted,
        reduced(total, rest, shape, axes, "sum", EXP, (Step(functions.LOG),)),
        elementwise(
            out, shape, (spread(rest, shape, shape), spread(total, row(shape, axes), shape)), Step(functions.SUB)
        ),
    )


@lowers("Hardmax", how="three layers: maximum, its first position, one where that position is")
def hardmax(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x of any shape: 1 at the first maximum along the axis, 0 elsewhere."""
    x, out = node.inputs[0], node.outputs[0]
    shape, axes = graph.shape(out), normalised_axes(node, graph)
    highest, first = f"{out}/max", f"{out}/first"
    search = reduced(first, x, shape, axes, "min")
    place = Step(functions.INDEX_OF, _index(reducing_loops(len(shape), axes), shape, axes))
    read = spread(highest, row(shape, axes), shape, reducing_loops(len(shape), axes))
    here = _index(reducing_loops(len(shape), frozenset()), shape, axes)
    return (
        reduced(highest, x, shape, axes, "max"),
        replace(search, inputs=(*search.inputs, read), combine=place),
        elementwise(out, shape, (spread(first, row(shape, axes), shape),), Step(functions.EQUAL, here)),
    )


def _index(loops: tuple[str, ...], shape: tuple[int, ...], axes: frozenset[int]) -> Position:
    """The position within the flattened axes."""
    terms: list[tuple[str, int]] = []
    stride = 1
    for axis in sorted(axes, reverse=True):
        terms.append((loops[axis], stride))
        stride *= shape[axis]
    return Position(tuple(terms))


def normalised_axes(node: Node, graph: Graph) -> frozenset[int]:
    """The axis; before opset 13 (default 1 then) it and all behind it."""
    rank = len(graph.shape(node.inputs[0]))
    flattens = node.version < 13
    axis = node.integer("axis", 1 if flattens else -1) % max(rank, 1)
    return frozenset(range(axis, rank) if flattens else [axis])


def maximum_and_rest(x: str, out: str, shape: tuple[int, ...], axes: frozenset[int]) -> tuple[Layer, Layer]:
    """The maximum along `axes`, and x less that maximum."""
    highest = f"{out}/max"
    operands = (spread(x, shape, shape), spread(highest, row(shape, axes), shape))
    return reduced(highest, x, shape, axes, "max"), elementwise(f"{out}/shifted", shape, operands, Step(functions.SUB))


def row(shape: tuple[int, ...], axes: frozenset[int]) -> tuple[int, ...]:
    """The shape with the given axes reduced to one element."""
    return tuple(1 if i in axes else size for i, size in enumerate(shape))
