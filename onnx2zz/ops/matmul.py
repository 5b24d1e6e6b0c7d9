"""MatMul: numpy's matmul, operands of any rank.

Source: ONNX operator page MatMul; loop names and order are those of ZigZag's gemm_parser.py (C, D, K, B, H).
"""

from dataclasses import dataclass

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import broadcast_axes
from onnx2zz.ops.registry import lowers


@lowers("MatMul", how="one Gemm layer")
def matmul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (batch..., D, C) * B (batch..., C, K) -> (batch..., D, K), batches broadcast; a 1-D operand has no D or K."""
    return (batched_product(graph, node.inputs[0], node.inputs[1], node.outputs[0]),)


def batch_loops(count: int) -> tuple[str, ...]:
    """B, then H (heads), then numbered."""
    return ("B", "H", *(f"B{n}" for n in range(1, count - 1)))[:count]


@dataclass(frozen=True)
class Stored:
    """How an operand lies in memory: its last two axes swapped (`transposed`), before that its first axis moved
    behind the batches (`batch_inside`)."""

    transposed: bool = False
    batch_inside: bool = False

    def order(self, rank: int) -> tuple[int, ...]:
        """For each axis of the product's operand (batch..., row, column) the axis of the tensor."""
        order = (*range(1, rank - 1), 0, rank - 1) if self.batch_inside and rank > 1 else tuple(range(rank))
        return (*order[:-2], order[-1], order[-2]) if self.transposed and rank > 1 else order


AS_IT_IS = Stored()


def batched_product(
    graph: Graph, a: str, b: str, out: str, stored: tuple[Stored, Stored] = (AS_IT_IS, AS_IT_IS)
) -> Layer:
    """The loop nest of a batched matrix product."""
    (a_shape, a_order), (b_shape, b_order) = (
        operand_shape(graph.shape(name), way) for name, way in zip((a, b), stored, strict=True)
    )
    out_shape = graph.shape(out)
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
        inputs=(Access(a, _as_stored(a_axes, a_order)), Access(b, _as_stored(b_axes, b_order))),
        combine=Step(functions.MUL),
        reduce="sum",
    )


def _matrix_axis(loop: str, there: bool, shape: tuple[int, ...], index: int) -> tuple[Axis, ...]:
    return (along(loop, shape[index]),) if there else ()


def operand_shape(shape: tuple[int, ...], stored: Stored) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape (batch..., row, column) of an operand, and the tensor's axis behind each of these axes."""
    order = stored.order(len(shape))
    return tuple(shape[axis] for axis in order), order


def _as_stored(axes: tuple[Axis, ...], order: tuple[int, ...]) -> tuple[Axis, ...]:
    return tuple(axes[order.index(axis)] for axis in range(len(axes)))
