"""Small networks of real structure, no axis as long as another."""

import numpy as np
import onnx
from onnx import helper

from tests.oracle import distinct, model_of


def residual() -> onnx.ModelProto:
    """A grouped, strided, padded convolution; two branches added, concatenated, pooled; a classifier."""
    rng = np.random.default_rng(1)
    constants = {
        "w0": distinct(rng, 6, 2, 3, 2),
        "b0": distinct(rng, 6),
        "w1": distinct(rng, 6, 6, 1, 3),
        "w2": distinct(rng, 4, 6, 1, 1),
        "w3": distinct(rng, 60, 5),
    }
    nodes = [
        helper.make_node(
            "Conv", ["x", "w0", "b0"], ["a"], "stem", group=2, strides=[2, 1], pads=[1, 0, 0, 1], dilations=[1, 2]
        ),
        helper.make_node("Relu", ["a"], ["r"], "relu"),
        helper.make_node("Conv", ["r", "w1"], ["b"], "branch", pads=[0, 1, 0, 1]),
        helper.make_node("Add", ["b", "r"], ["s"], "sum"),
        helper.make_node("Conv", ["s", "w2"], ["c"], "narrow"),
        helper.make_node("Concat", ["s", "c"], ["t"], "join", axis=1),
        helper.make_node("MaxPool", ["t"], ["p"], "pool", kernel_shape=[2, 3], strides=[1, 2], pads=[0, 1, 1, 0]),
        helper.make_node("AveragePool", ["p"], ["q"], "mean", kernel_shape=[5, 1], strides=[5, 1]),
        helper.make_node("Reshape", ["q", "rows"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w3"], ["y"], "classify"),
    ]
    x = distinct(rng, 1, 4, 10, 13)
    constants["rows"] = np.array([1, -1], np.int64)
    return model_of(nodes, {"x": x}, constants, ["y"])
