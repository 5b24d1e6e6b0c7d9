"""BatchNormalization at inference: a scale and a shift per channel.

Source: ONNX operator page BatchNormalization (training_mode 0).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.layer import Access, Layer, Step, along
from onnx2zz.ops.elementwise import elementwise
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import rides


@lowers("BatchNormalization", how="rides on the layer that feeds it, else a scale and a shift layer", rides=rides)
def batch_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, ...), the vectors scale, B, mean and var of C: (x - mean) * scale / sqrt(var + epsilon), then + B."""
    x, scale, shift, mean, var = (node.input(index) for index in range(5))
    out = node.outputs[0]
    shape = graph.shape(out)
    loops = tensor_loops(len(shape))
    channel = (along("G", graph.shape(scale)[0]),)
    whole = tuple(map(along, loops, shape))
    epsilon = node.attribute("epsilon", 1e-5)
    centred = Access(x, whole, (Step("sub", Access(mean, channel)),))
    factor = Access(scale, channel, (Step("div_root", Access(var, channel), (epsilon,)),))
    scaled = f"{out}/scaled"
    return (
        elementwise(scaled, shape, (centred, factor), Step("mul")),
        elementwise(out, shape, (Access(scaled, whole), Access(shift, channel)), Step("add")),
    )
