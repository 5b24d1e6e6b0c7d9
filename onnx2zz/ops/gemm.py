"""Gemm: alpha * A' * B' + beta * C.

Source: ONNX operator page Gemm. Loop names and order are those of ZigZag's gemm_parser.py (C, D, K).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import add_bias
from onnx2zz.ops.elementwise import broadcast_axes
from onnx2zz.ops.registry import lowers


@lowers("Gemm", how="one Gemm layer; a constant bias rides on it, a variable one is an element-wise layer")
def gemm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (M, C), transposed with transA; B (C, K), transposed with transB; C broadcast to (M, K)."""
    a, b, out = node.inputs[0], node.inputs[1], node.outputs[0]
    layer = product(graph, a, b, out, node.integer("transA", 0), node.integer("transB", 0))
    return add_bias(_scaled(layer, node.number("alpha", 1.0)), graph, _bias(node, graph))


def product(graph: Graph, a: str, b: str, out: str, trans_a: int = 0, trans_b: int = 0) -> Layer:
    """The loop nest of a matrix product: D rows, K columns, C summed over."""
    rows, columns = graph.shape(out)
    depth = graph.shape(a)[0 if trans_a else 1]
    d, k, c = along("D", rows), along("K", columns), along("C", depth)
    return Layer(
        operator_type="Gemm",
        loops=(("C", depth), ("D", rows), ("K", columns)),
        output=Access(out, (d, k)),
        inputs=(Access(a, (c, d) if trans_a else (d, c)), Access(b, (k, c) if trans_b else (c, k))),
        combine=Step(functions.MUL),
        reduce="sum",
    )


def _scaled(layer: Layer, alpha: float) -> Layer:
    return layer if alpha == 1.0 else replace(layer, after=(Step(functions.SCALE, parameters=(alpha,)),))


def _bias(node: Node, graph: Graph) -> Access | None:
    name, beta = node.input(2), node.number("beta", 1.0)
    if not name or beta == 0.0:
        return None
    prepare = () if beta == 1.0 else (Step(functions.SCALE, parameters=(beta,)),)
    return Access(
        name, broadcast_axes(graph.shape(name), tuple(zip("DK", graph.shape(node.outputs[0]), strict=True))), prepare
    )
