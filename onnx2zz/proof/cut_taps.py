"""Which weights of a ConvTranspose can meet an output at all: pads may cut off every place that a tap reaches."""

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ops.conv_transpose import pad_begin


def cut_taps(node: Node, graph: Graph) -> np.ndarray:
    """A mask over the weights (C, K/group, kernel...) of a ConvTranspose: those that reach no output element."""
    shape = graph.shape(node.inputs[1])
    reaching = np.ones((1, 1), bool)
    for axis in range(len(shape) - 2):
        # Axes are independent: a tap meets an output only if it does along each of them.
        reaching = reaching[..., None] & _reaching(node, graph, axis)
    return np.broadcast_to(~reaching, shape)


def _reaching(node: Node, graph: Graph, axis: int) -> np.ndarray:
    """For each tap of an axis, whether some input element puts it on an output element (ONNX page ConvTranspose)."""
    rank = len(graph.shape(node.inputs[0])) - 2
    stride, dilation = ((node.integers(name) or [1] * rank)[axis] for name in ("strides", "dilations"))
    extent, kernel = graph.shape(node.inputs[0])[axis + 2], graph.shape(node.inputs[1])[axis + 2]
    begin = pad_begin(node, graph, axis, stride, dilation)
    places = stride * np.arange(extent) + dilation * np.arange(kernel)[:, None] - begin
    return np.any((places >= 0) & (places < graph.shape(node.outputs[0])[axis + 2]), axis=1)
