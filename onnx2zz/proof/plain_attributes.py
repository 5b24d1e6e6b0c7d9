"""Attributes as onnxruntime's kernels take them at their word: the same node, said another way.

Resize's axes are counted from the front, because on negative ones onnxruntime forgets keep_aspect_ratio_policy.
MatMulNBits has no accuracy_level, which lets onnxruntime round the activation to 8 bits. Attributes that ONNX does not
know are left out: onnxruntime refuses them.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper

from onnx2zz.frontend.graph import Node


def plain_attributes(node: Node, operands: Mapping[str, np.ndarray]) -> Node:
    """The node with the same meaning and the attributes that onnxruntime follows exactly."""
    if node.op == "com.microsoft.MatMulNBits":
        return replace(node, protos={name: a for name, a in node.protos.items() if name != "accuracy_level"})
    if node.op == "Resize" and "axes" in node.protos:
        axes = [axis % operands[node.inputs[0]].ndim for axis in node.integers("axes")]
        return replace(node, protos={**node.protos, "axes": helper.make_attribute("axes", axes)})
    unknown = unknown_attributes(node)
    return replace(node, protos={n: a for n, a in node.protos.items() if n not in unknown}) if unknown else node


def unknown_attributes(node: Node) -> frozenset[str]:
    """The attributes that the schema of one of ONNX's own operators does not list."""
    # Operators of other domains have no schema here, and their attributes are theirs to know.
    if not node.protos or not onnx.defs.has(node.op):
        return frozenset()
    return frozenset(node.protos).difference(onnx.defs.get_schema(node.op, node.version).attributes)
