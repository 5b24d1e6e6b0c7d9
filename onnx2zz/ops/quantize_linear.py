"""QuantizeLinear and DequantizeLinear: per tensor, per axis or per block.

Source: ONNX operator pages QuantizeLinear and DequantizeLinear (opsets 10 to 25), and ONNX Runtime's of the same name.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.quantisation import SINGLE, parameter, rounded, without
from onnx2zz.ops.registry import lowers


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The tensor; scales and zero points are constants."""
    parameters_fixed = all(name in graph.static for name in node.inputs[1:] if name)
    return (node.inputs[0],) if parameters_fixed and node.inputs[0] not in graph.static else ()


def rereads(node: Node, graph: Graph) -> bool:
    """A stored tensor is read as it is stored; a constant with a scale that a run decides has to be computed."""
    return node.inputs[0] not in graph.static


@lowers(
    "QuantizeLinear",
    "com.microsoft.QuantizeLinear",
    how="rides on the layer that feeds it and gives it its width, else one element-wise layer",
    rides=rides,
)
def quantize_linear(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """saturate(round(x / y_scale) + y_zero_point)."""
    out = node.outputs[0]
    shape = graph.shape(out)
    axes = tuple(map(along, tensor_loops(len(shape)), shape))
    scale, zero_point = _parameters(node, graph)
    after = (SINGLE, *rounded(zero_point, graph.tensors[out].type))
    return (elementwise(out, shape, (Access(node.inputs[0], axes),), Step(functions.DIV, scale), after),)


@lowers(
    "DequantizeLinear",
    "com.microsoft.DequantizeLinear",
    how="rides on the layer that feeds it, else a view: its readers take the integers as they are stored",
    rides=rides,
    rereads=rereads,
)
def dequantize_linear(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """(x - x_zero_point) * x_scale."""
    out = node.outputs[0]
    shape = graph.shape(out)
    axes = tuple(map(along, tensor_loops(len(shape)), shape))
    scale, zero_point = _parameters(node, graph)
    stored = Access(node.inputs[0], axes, without(zero_point))
    return (elementwise(out, shape, (stored,), Step(functions.MUL, scale), (SINGLE,)),)


def _parameters(node: Node, graph: Graph) -> tuple[Access, Access | None]:
    shape = graph.shape(node.inputs[0])
    axes = tuple(map(along, tensor_loops(len(shape)), shape))
    axis, block = node.integer("axis", 1), node.integer("block_size", 0)
    axis = axis % len(shape) if shape and -len(shape) <= axis < len(shape) else 0
    scale, zero_point = (
        parameter(graph, name, axes, axis, block) if name else None for name in (node.input(1), node.input(2))
    )
    assert scale is not None
    return scale, zero_point
