"""A bias: it rides on its layer when it is constant, and is an element-wise layer of its own when it is not."""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.layer import Layer


def add_bias(layer: Layer, graph: Graph, bias: Access | None) -> tuple[Layer, ...]:
    """The layer followed by the addition of `bias`, whose access is written in the layer's own output loops."""
    if bias is None:
        return (layer,)
    if bias.tensor in graph.static:
        return (with_steps(layer, Step(functions.ADD, bias)),)
    partial = f"{layer.output.tensor}/product"
    sizes = layer.sizes
    loops = tuple((loop, sizes[loop]) for axis in layer.output.axes for loop, _ in axis.terms)
    read = replace(layer.output, tensor=partial)
    total = Layer("Add", loops, layer.output, (read, bias), Step(functions.ADD))
    return replace(layer, output=read), total


def with_steps(layer: Layer, *steps: Step) -> Layer:
    """The layer with steps added after its reduction."""
    return replace(layer, after=(*layer.after, *steps))
