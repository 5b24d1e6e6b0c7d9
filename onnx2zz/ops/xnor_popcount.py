"""XnorPopcountMatMul: a product of bits, which counts where two rows agree (FINN's binary networks).

Source: the operator page of QONNX (XnorPopcountMatMul) and its executor (src/qonnx/custom_op/general/xnorpopcount.py).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.qonnx_domains import in_each_domain
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.matmul import matmul
from onnx2zz.ops.registry import lowers


@lowers(*in_each_domain("XnorPopcountMatMul"), how="one Gemm layer of one-bit operands")
def xnor_popcount_matmul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A (D, C) and B (C, K), each element 0 or 1: how many of C elements of a row and a column are alike."""
    (layer,) = matmul(node, graph)
    return (replace(layer, combine=Step(functions.EQUAL)),)
