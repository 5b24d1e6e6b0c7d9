"""Operands so small that a norm's epsilon shows: beside a variance of 1 it drowns in rounding."""

import math

import onnx

from onnx2zz.frontend.graph import Node

OF_LAYER_NORMS = 1e-12
"""The default of com.microsoft's layer norms (ONNX Runtime's ContribOperators page)."""


def size_near_epsilon(node: Node) -> float:
    """What to scale operands of size 1 by, so that their variance is about the node's epsilon; 0 if it has none."""
    return math.sqrt(node.number("epsilon", _default(node)))


def _default(node: Node) -> float:
    domain, _, op = node.op.rpartition(".")
    if domain:
        return OF_LAYER_NORMS if "LayerNorm" in op else 0.0
    try:
        attributes = onnx.defs.get_schema(op, node.version).attributes
    except onnx.defs.SchemaError:
        return 0.0
    return attributes["epsilon"].default_value.f if "epsilon" in attributes else 0.0
