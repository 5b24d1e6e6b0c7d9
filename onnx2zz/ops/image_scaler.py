"""ImageScaler: pixels times a scale, plus a bias a channel; dropped by ONNX, still in converted Core ML models.

Source: ONNX Runtime's ContribOperators page (ImageScaler).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step, Table
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import HOW, rides, unary_layer


@lowers("ImageScaler", how=HOW, rides=rides)
def image_scaler(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (N, C, H, W); the attribute bias has C values."""
    bias = Step(functions.ADD, Table("G", tuple(map(float, node.numbers("bias")))))
    return (unary_layer(node, graph, Step(functions.SCALE, parameters=(node.number("scale", 1.0),)), (bias,)),)
