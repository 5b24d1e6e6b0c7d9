"""MatMul: numpy's matmul, operands of any rank.

Source: ONNX operator page MatMul; loop names and order are those of ZigZag's gemm_parser.py (C, D, K, B, H).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.layer import Access, Axis, Layer, Step, along
from onnx2zz.ops.elementwise import broadcast_axes
from onnx2zz.ops.registry import lowers


@lowers("MatMul", how="one Gemm layer")
def matmul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (batch..., D, C) * B (batch..., C, K) -> (batch..., D, K), batches broadcast; a 1-D operand has no D or K."""
    return (batched_product(graph, node.inputs[0], node.inputs[1], node.outputs[0]),)


def batch_loops(count: int) -> tuple[str, ...]:
    """B, then H (heads), then numbered."""
    return ("B", "H", *(f"B{n}" for n in range(1, count - 1)))[:count]


def batched_product(graph: Graph, a: str, b: str, out: str) -> Layer:
    """The loop nest of a batched matrix product."""
    a_shape, b_shape, out_shape = graph.shape(a), graph.shape(b), graph.shape(out)
    rows, columns = len(a_shape) > 1, len(b_shape) > 1
    batch = out_shape[: len(out_shape) - rows - columns]
    loops = batch_loops(len(batch))
    batches = tuple(zip(loops, batch, strict=True))
    c, d, k = along("C", a_shape[-1]), _matrix_axis("D", rows, a_shape, -2), _matrix_axis("K", columns, b_shape, -1)
    a_axes = (*broadcast_axes(a_shape[:-2], batches), *d, c)
    b_axes = (*broadcast_axes(b_shape[:-2], batches), c, *k)
    return Layer(
        operator_type="Gemm",
        loops=(
            ("C", a_shape[-1]),
            *((loop, axis.extent) for loop, axes in (("D", d), ("K", k)) for axis in axes),
            *batches,
        ),
        output=Access(out, (*map(along, loops, batch), *d, *k)),
        inputs=(Access(a, a_axes), Access(b, b_axes)),
        combine=Step("mul"),
        reduce="sum",
    )


def _matrix_axis(loop: str, there: bool, shape: tuple[int, ...], index: int) -> tuple[Axis, ...]:
    return (along(loop, shape[index]),) if there else ()
