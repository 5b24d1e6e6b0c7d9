"""MultiThreshold: how many thresholds an element reaches, which is any quantised activation (FINN).

Source: the operator page of QONNX (MultiThreshold) and its executor (src/qonnx/custom_op/general/multithreshold.py).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.qonnx_domains import in_each_domain
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order, tensor_loops
from onnx2zz.ops.registry import lowers

THRESHOLDS = "C"
LAYOUTS = {2: "NC", 3: "NWC", 4: "NCHW"}
"""What a rank is taken for where the node says nothing (the executor's guess)."""


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The tensor, if the thresholds are constants."""
    return node.inputs[:1] if node.inputs[1] in graph.static and node.inputs[0] not in graph.static else ()


def channel_axis(node: Node, rank: int) -> int:
    """The axis that has thresholds of its own."""
    layout = node.text("data_layout", "") or LAYOUTS.get(rank, "")
    return layout.index("C") if "C" in layout else 1


@lowers(
    *in_each_domain("MultiThreshold"),
    how="rides on the layer that feeds it and gives it its width, else one Pooling layer over the thresholds",
    rides=rides,
)
def multi_threshold(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, ...), thresholds (C or 1, T): out_scale * (how many of them are <= x) + out_bias."""
    x, thresholds, out = node.inputs[0], node.inputs[1], node.outputs[0]
    shape, (channels, count) = graph.shape(x), graph.shape(thresholds)
    loops = tensor_loops(len(shape))
    axes = tuple(map(along, loops, shape))
    channel = axes[channel_axis(node, len(shape))] if channels > 1 else fixed()
    return (
        Layer(
            operator_type="Pooling",
            loops=in_order((*zip(loops, shape, strict=True), (THRESHOLDS, count))),
            output=Access(out, axes),
            inputs=(Access(x, axes), Access(thresholds, (channel, along(THRESHOLDS, count)))),
            combine=Step(functions.GREATER_OR_EQUAL),
            reduce="sum",
            after=(
                Step(functions.SCALE, parameters=(node.number("out_scale", 1.0),)),
                Step(functions.SHIFT, parameters=(node.number("out_bias", 0.0),)),
            ),
        ),
    )
