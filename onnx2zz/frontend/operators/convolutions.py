"""Convolutions: output shapes where onnx has none, and their multiply-accumulates.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

import math

import onnx
from onnx import shape_inference

from onnx2zz.frontend.graph import Graph, Node, Tensor
from onnx2zz.frontend.operators.draws import Draws, Place
from onnx2zz.frontend.operators.facts import (
    Count,
    OperatorFacts,
    Outputs,
    Tensors,
    microsoft,
    shape_of,
    shaped,
    type_of,
)
from onnx2zz.frontend.operators.qonnx_domains import CHANNELS_LAST
from onnx2zz.frontend.operators.windows import inferred, windows

CONV_SCHEMA = 11


def _fused_conv(node: Node, inputs: Tensors) -> Outputs:
    """As Conv of the first two inputs."""
    x, w = inputs[:2]
    if x is None or x.shape is None or w is None or w.shape is None:
        return (None,)
    schema = onnx.defs.get_schema("Conv", CONV_SCHEMA)
    proto = onnx.helper.make_node("Conv", ["x", "w"], ["y"])
    proto.attribute.extend(a for name, a in node.protos.items() if name in schema.attributes)
    types = {name: onnx.helper.make_tensor_type_proto(t.type, t.shape) for name, t in (("x", x), ("w", w))}
    imports = [onnx.helper.make_opsetid("", CONV_SCHEMA)]
    result = shape_inference.infer_node_outputs(schema, proto, types, opset_imports=imports)["y"].tensor_type
    return (Tensor(tuple(d.dim_value for d in result.shape.dim), result.elem_type),)


def _nhwc_conv(node: Node, tensors: Tensors) -> Outputs:
    """Channels last in x and in the weights."""
    x, w = shape_of(tensors, 0), shape_of(tensors, 1)
    if x is None or w is None:
        return (None,)
    shape = inferred("Conv", node, [(s[0], s[-1], *s[1:-1]) for s in (x, w)])
    return (shaped((shape[0], *shape[2:], shape[1]), type_of(tensors, 0)),)


def _convolution(weights: int) -> Count:
    """Each output element sums over the input channels of its group and the filter."""

    def count(node: Node, graph: Graph) -> int:
        return graph.tensors[node.outputs[0]].elements * math.prod(graph.shape(node.inputs[weights])[1:])

    return count


def _transposed(node: Node, graph: Graph) -> int:
    """Each input element meets the weights of its channel."""
    return graph.tensors[node.inputs[0]].elements * math.prod(graph.shape(node.inputs[1])[1:])


def _filter_elements(place: Place, graph: Graph) -> int:
    return math.prod(graph.shape(place.node.inputs[1])[1:])


def _transposed_filter_elements(place: Place, graph: Graph) -> int:
    shape = graph.shape(place.node.inputs[1])
    strides = math.prod(place.node.integers("strides") or [1])
    return shape[0] // place.node.integer("group", 1) * math.prod(shape[2:]) // strides


FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("Conv", slides=True, macs=_convolution(1), draws=Draws(fan_in={1: _filter_elements})),
    OperatorFacts("ConvInteger", slides=True, macs=_convolution(1)),
    OperatorFacts("ConvTranspose", slides=True, macs=_transposed, draws=Draws(fan_in={1: _transposed_filter_elements})),
    OperatorFacts("DeformConv", slides=True, macs=_convolution(1)),
    OperatorFacts("QLinearConv", slides=True, macs=_convolution(3)),
    microsoft("QLinearConv", windows("Conv", weights=3), macs=_convolution(3)),
    microsoft("FusedConv", _fused_conv, slides=True, macs=_convolution(1), draws=Draws(fan_in={1: _filter_elements})),
    microsoft("NhwcConv", _nhwc_conv, macs=_convolution(1)),
    OperatorFacts(f"{CHANNELS_LAST}.Conv", _nhwc_conv, macs=_convolution(1), draws=Draws(fan_in={1: _filter_elements})),
)
