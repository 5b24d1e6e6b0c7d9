"""MatMulNBits: a product with weights of 2, 4 or 8 bits, packed in blocks with a scale each.

Source: ONNX Runtime's ContribOperators page (MatMulNBits).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, blocks
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.matmul import batch_loops
from onnx2zz.ops.registry import lowers

BLOCK_ORDER_UNKNOWN = "g_idx reorders the weights' blocks: their scales are read in order"


@lowers("com.microsoft.MatMulNBits", how="one Gemm layer whose weights keep their packed width; scales ride on it")
def matmul_nbits(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (batch..., M, K) times B, stored as (N, blocks of K, packed bytes), with scales and zero points (N, blocks)."""
    a, out, depth, columns = node.inputs[0], node.outputs[0], node.integer("K"), node.integer("N")
    *batch, rows = graph.shape(a)[:-1] if len(graph.shape(a)) > 1 else (1,)
    loops = batch_loops(len(batch))
    outer = (*map(along, loops, batch), along("D", rows))[-max(0, len(graph.shape(a)) - 1) :]
    layer = Layer(
        operator_type="Gemm",
        loops=(("C", depth), ("D", rows), ("K", columns), *zip(loops, batch, strict=True)),
        output=Access(out, (*outer, along("K", columns))),
        inputs=(Access(a, (*outer, along("C", depth))), _weights(node, graph)),
        combine=Step(functions.MUL),
        reduce="sum",
    )
    if node.input(4):
        layer = replace(layer, kind="approximate", why=BLOCK_ORDER_UNKNOWN, also_reads=(node.input(4),))
    bias = (Step(functions.ADD, Access(node.input(5), (along("K", columns),))),) if node.input(5) else ()
    return (with_steps(layer, *bias),)


def _weights(node: Node, graph: Graph) -> Access:
    """B unpacked: (N, K rounded up to whole blocks), an element less its zero point times its block's scale."""
    block, bits, columns = node.integer("block_size"), node.integer("bits", 4), node.integer("N")
    count = -(-node.integer("K") // block)
    column = along("K", columns)
    zero_point = _zero_point(node, graph, column, blocks("C", count, block), bits)
    scale = Access(node.inputs[2], (column, blocks("C", count, block)))
    prepare = (zero_point, Step(functions.MUL, scale))
    return Access(node.inputs[1], (column, along("C", count * block)), prepare, packed=bits)


def _zero_point(node: Node, graph: Graph, column: Axis, block: Axis, bits: int) -> Step:
    """Zero points are packed like the weights, each row to whole bytes, or stored in A's type; else the middle."""
    name = node.input(3)
    if not name:
        return Step(functions.SHIFT, parameters=(-(2.0 ** (bits - 1)),))
    if graph.tensors[name].type == graph.tensors[node.inputs[0]].type:
        return Step(functions.SUB, Access(name, (column, block)))
    per_byte = 8 // bits
    padded = -(-block.extent // per_byte) * per_byte
    return Step(functions.SUB, Access(name, (column, replace(block, extent=padded)), packed=bits))
