"""Resize's axes counted from the front: on negative ones onnxruntime forgets keep_aspect_ratio_policy."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from onnx import helper

from onnx2zz.frontend.graph import Node


def counted_from_front(node: Node, operands: Mapping[str, np.ndarray]) -> Node:
    """The node with the same axes, none of them negative."""
    if node.op != "Resize" or "axes" not in node.protos:
        return node
    axes = [axis % operands[node.inputs[0]].ndim for axis in node.attribute("axes")]
    return replace(node, protos={**node.protos, "axes": helper.make_attribute("axes", axes)})
