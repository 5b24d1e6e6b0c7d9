"""BiasAdd, BiasSplitGelu and GemmFastGelu: what ONNX Runtime fuses in diffusion models and transformers.

Source: ONNX Runtime's ContribOperators page (com.microsoft).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias, with_steps
from onnx2zz.ops.elementwise import broadcast, elementwise
from onnx2zz.ops.gelu import EXACT, TANH
from onnx2zz.ops.layer_norm import then_each
from onnx2zz.ops.matmul import batched_product
from onnx2zz.ops.registry import lowers


@lowers("com.microsoft.BiasAdd", how="one element-wise layer; a constant bias rides on it")
def bias_add(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, S, C), bias (C), skip as X: X + skip + bias."""
    out, shape = node.outputs[0], graph.shape(node.outputs[0])
    x, bias, skip = (broadcast(graph, name, shape) for name in node.inputs)
    return then_each(elementwise(out, shape, (x, skip), Step(functions.ADD)), graph, ((functions.ADD, bias),))


@lowers("com.microsoft.BiasSplitGelu", how="one element-wise layer over half of the channels; both biases ride on it")
def bias_split_gelu(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, S, 2 C), bias (2 C): the first half times Gelu of the second, bias added to both."""
    (x, bias), out = node.inputs, node.outputs[0]
    shape = graph.shape(out)
    halves: list[Access] = []
    sides: tuple[tuple[int, tuple[Step, ...]], ...] = ((0, ()), (1, (EXACT,)))
    for half, steps in sides:
        *outer, channel = broadcast(graph, x, (*shape[:-1], 2 * shape[-1])).axes
        channel = replace(channel, offset=half * shape[-1])
        added = Step(functions.ADD, Access(bias, (replace(channel, extent=2 * shape[-1]),)))
        halves.append(Access(x, (*outer, channel), (added, *steps)))
    return (elementwise(out, shape, (halves[0], halves[1]), Step(functions.MUL)),)


@lowers("com.microsoft.GemmFastGelu", how="one Gemm layer; a constant bias and the activation ride on it")
def gemm_fast_gelu(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (batch..., M, C) * W (C, K) + bias (K), then Gelu by tanh."""
    layer = batched_product(graph, node.inputs[0], node.inputs[1], node.outputs[0])
    bias = Access(node.input(2), layer.output.axes[-1:]) if node.input(2) else None
    *before, last = add_bias(layer, graph, bias)
    return (*before, with_steps(last, TANH))
