"""QAttention: Attention whose projections to Q, K and V multiply integers.

Source: ONNX Runtime's ContribOperators page (com.microsoft).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.attention import HOW
from onnx2zz.ops.bias import add_bias, with_steps
from onnx2zz.ops.microsoft_attention import AttentionInputs, projection, self_attention
from onnx2zz.ops.qlinear_matmul import centred, of_columns, scaled
from onnx2zz.ops.quantisation import ratio, scalar, without
from onnx2zz.ops.registry import lowers


@lowers("com.microsoft.QAttention", how=f"a Gemm layer of integers for the projections, then {HOW}")
def qattention(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input, weight, bias, their scales, mask_index, their zero points, past; then floats."""
    layer = projection(node, graph)
    columns = layer.inputs[1].axes
    zero_points = (scalar(graph, node.input(6)) if node.input(6) else None, node.input(7))
    layer = centred(
        layer, without(zero_points[0]), without(of_columns(graph, zero_points[1], columns)) if zero_points[1] else ()
    )
    factor = ratio(scalar(graph, node.inputs[3]), of_columns(graph, node.inputs[4], columns))
    bias = Access(node.input(2), layer.output.axes[-1:]) if node.input(2) else None
    projected = add_bias(with_steps(layer, *scaled(factor)), graph, bias)
    return self_attention(node, graph, projected, node.input(8), AttentionInputs(node.input(5), ""))
