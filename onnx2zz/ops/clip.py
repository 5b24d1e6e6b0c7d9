"""Clip: bounds known before the run ride; one that a run decides is an operand.

Source: ONNX operator page Clip (bounds are attributes before version 11, and a lower bound above the upper one loses).
"""

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import broadcast, elementwise
from onnx2zz.ops.layer_norm import then_each
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import rides, unary_layer


@lowers("Clip", how="rides, else one element-wise layer, or one for each bound that a run decides", rides=rides)
def clip(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """min(max(input, min), max)."""
    if all(name in graph.static for name in node.inputs[1:] if name):
        return (unary_layer(node, graph, Step(functions.CLIP, parameters=_bounds(node, graph))),)
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    x, *bounds = (broadcast(graph, name, shape) if name else None for name in (*node.inputs, "")[:3])
    assert x is not None
    (function, bound), *others = ((f, b) for f, b in zip((functions.MAX, functions.MIN), bounds, strict=True) if b)
    return then_each(elementwise(out, shape, (x, bound), Step(function)), graph, others)


def _bounds(node: Node, graph: Graph) -> tuple[float, ...]:
    bounds: list[float] = []
    for index, (name, open_end) in enumerate((("min", -np.inf), ("max", np.inf)), 1):
        value = graph.value(node.input(index))
        given = float(np.asarray(value).ravel()[0]) if value is not None and value.size else open_end
        bounds.append(float(node.number(name, given)))
    return tuple(bounds)
