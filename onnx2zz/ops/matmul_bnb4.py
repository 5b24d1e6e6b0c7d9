"""MatMulBnb4: a product with weights of 4 bits that name one of 16 numbers, times a scale for each block.

Source: ONNX Runtime's ContribOperators page (MatMulBnb4); the 16 numbers of NF4 are those of arXiv 2305.14314,
appendix E, those of FP4 what ONNX Runtime's kernel gives.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Blocks, Split, along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.matmul import batch_loops
from onnx2zz.ops.registry import lowers

BITS = 4


@lowers("com.microsoft.MatMulBnb4", how="one Gemm layer whose weights keep their packed width; scales ride on it")
def matmul_bnb4(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (batch..., M, K) times B (N, K) turned, or with transB 0 A (batch..., M, N) times B; B is flat and packed."""
    a, out, rows_of_b, row = node.inputs[0], node.outputs[0], node.integer("N"), node.integer("K")
    turned = bool(node.integer("transB", 1))
    depth, columns = (row, rows_of_b) if turned else (rows_of_b, row)
    terms = (("K", row), ("C", 1)) if turned else (("C", row), ("K", 1))
    *batch, rows = graph.shape(a)[:-1] if len(graph.shape(a)) > 1 else (1,)
    loops = batch_loops(len(batch))
    outer = (*map(along, loops, batch), along("D", rows))[-max(0, len(graph.shape(a)) - 1) :]
    outer = outer if len(graph.shape(a)) > 1 else ()
    return (
        Layer(
            operator_type="Gemm",
            loops=(("C", depth), ("D", rows), ("K", columns), *zip(loops, batch, strict=True)),
            output=Access(out, (*outer, along("K", columns))),
            inputs=(Access(a, (*outer, along("C", depth))), _weights(node, rows_of_b * row, terms)),
            combine=Step(functions.MUL),
            reduce="sum",
        ),
    )


def _weights(node: Node, elements: int, terms: tuple[tuple[str, int], ...]) -> Access:
    """B unpacked, row by row: the number that each element names, times the scale of its block."""
    block = node.integer("block_size")
    number = Step(functions.NF4 if node.integer("quant_type") else functions.FP4)
    scale = Access(node.inputs[2], (Blocks(terms, -(-elements // block), shared_by=block),))
    in_bytes = elements + elements % 2  # the last byte is whole
    return Access(
        node.inputs[1], (Split(terms, in_bytes),), (number, Step(functions.MUL, scale)), packed=BITS, high_first=True
    )
