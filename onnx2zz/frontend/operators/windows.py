"""Pools, and what their shapes have in common with convolutions'.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

from collections.abc import Sequence

import onnx

from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.operators.facts import (
    OperatorFacts,
    Outputs,
    Rule,
    Shape,
    Tensors,
    microsoft,
    shape_of,
    shaped,
    type_of,
)

WINDOW_ATTRIBUTES = ("kernel_shape", "strides", "dilations", "pads", "auto_pad", "ceil_mode", "group")


def windows(op: str, weights: int | None = None, last: bool = False) -> Rule:
    """Windows as ONNX's own `op` has them, channels last if the attribute (or `last`) says so."""

    def rule(node: Node, tensors: Tensors) -> Outputs:
        x = shape_of(tensors, 0)
        w = shape_of(tensors, weights) if weights is not None else None
        if x is None or (weights is not None and w is None):
            return (None,)
        nhwc = last or bool(node.integer("channels_last", 0))
        shape = inferred(op, node, [(x[0], x[-1], *x[1:-1]) if nhwc else x, *([w] if w else [])])
        return (shaped((shape[0], *shape[2:], shape[1]) if nhwc else shape, type_of(tensors, 0)),)

    return rule


def inferred(op: str, node: Node, shapes: Sequence[Shape]) -> Shape:
    """The shape that onnx infers for its own `op` with the node's window on inputs of these shapes."""
    names = [f"in{index}" for index in range(len(shapes))]
    proto = onnx.helper.make_node(op, names, ["out"])
    proto.attribute.extend(a for name, a in node.protos.items() if name in WINDOW_ATTRIBUTES)
    types = {
        name: onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, shape)
        for name, shape in zip(names, shapes, strict=True)
    }
    schema = onnx.defs.get_schema(op)
    out = onnx.shape_inference.infer_node_outputs(schema, proto, types)["out"]
    return tuple(d.dim_value for d in out.tensor_type.shape.dim)


FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("MaxPool", slides=True),
    OperatorFacts("AveragePool", slides=True),
    OperatorFacts("LpPool", slides=True),
    microsoft("QLinearAveragePool", windows("AveragePool")),
    microsoft("QLinearGlobalAveragePool", windows("GlobalAveragePool")),
    microsoft("NhwcMaxPool", windows("MaxPool", last=True)),
)
