"""ONNX Runtime's products with a transpose, a factor or an activation fused in.

Source: ONNX Runtime's ContribOperators page (com.microsoft FusedMatMul, TransposeMatMul, FusedGemm).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.gemm import gemm
from onnx2zz.ops.matmul import Stored, batched_product
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import UNARY


@lowers("com.microsoft.FusedMatMul", "com.microsoft.TransposeMatMul", how="one Gemm layer; the factor rides on it")
def fused_matmul(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """alpha * A' * B', each operand read as it is stored."""
    a, b = (Stored(bool(node.integer(f"trans{side}", 0)), bool(node.integer(f"transBatch{side}", 0))) for side in "AB")
    layer = batched_product(graph, node.inputs[0], node.inputs[1], node.outputs[0], (a, b))
    alpha = node.number("alpha", 1.0)
    return (layer if alpha == 1.0 else with_steps(layer, Step(functions.SCALE, parameters=(alpha,))),)


@lowers("com.microsoft.FusedGemm", how="one Gemm layer; bias and activation ride on it")
def fused_gemm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Gemm, then the activation."""
    *before, last = gemm(node, graph)
    return (*before, with_steps(last, activation(node, graph)))


def activation(node: Node, graph: Graph) -> Step:
    """The scalar function that `activation` names; its parameters are attributes `activation_*`."""
    name, parameters = UNARY[node.text("activation")]
    prefix = "activation_"
    protos = {key.removeprefix(prefix): value for key, value in node.protos.items() if key.startswith(prefix)}
    return Step(name, parameters=parameters(replace(node, inputs=(), protos=protos), graph))
