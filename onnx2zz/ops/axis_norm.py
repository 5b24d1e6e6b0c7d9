"""Normalisations along chosen axes without scale or bias.

Source: ONNX operator pages MeanVarianceNormalization (its function body gives the epsilon), LpNormalization.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise, spread
from onnx2zz.ops.pool import lp_steps
from onnx2zz.ops.reduction import SQRT, SQUARE, mean_of, reduced
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.softmax import row

EPSILON = Step(functions.SHIFT, parameters=(1e-9,))


@lowers("MeanVarianceNormalization", how="four layers: mean, subtract, root of the mean square, divide")
def mean_variance_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X of any shape, normalised over its axes (N, H and W of an image)."""
    x, out = node.inputs[0], node.outputs[0]
    shape = graph.shape(x)
    axes = frozenset(axis % len(shape) for axis in node.integers("axes", [0, 2, 3]))
    rows, mean, centred, deviation = row(shape, axes), f"{out}/mean", f"{out}/centred", f"{out}/deviation"
    average = mean_of(shape, axes)
    return (
        reduced(mean, x, shape, axes, "sum", after=(average,)),
        elementwise(centred, shape, (spread(x, shape, shape), spread(mean, rows, shape)), Step(functions.SUB)),
        reduced(deviation, centred, shape, axes, "sum", SQUARE, (average, SQRT, EPSILON)),
        elementwise(out, shape, (spread(centred, shape, shape), spread(deviation, rows, shape)), Step(functions.DIV)),
    )


@lowers("LpNormalization", how="two layers: the norm, divide")
def lp_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input of any shape, divided by the sum of its p-th powers' root along the axis; 0 stays 0."""
    x, out = node.inputs[0], node.outputs[0]
    shape = graph.shape(x)
    axes = frozenset({node.integer("axis", -1) % len(shape)})
    norm = f"{out}/norm"
    power, root = lp_steps(node.number("p", 2))
    return (
        reduced(norm, x, shape, axes, "sum", power, (root, Step(functions.ONE_IF_ZERO))),
        elementwise(out, shape, (spread(x, shape, shape), spread(norm, row(shape, axes), shape)), Step(functions.DIV)),
    )
