"""The models whose layers are mutated: each kind of loop nest once, small, and some that verify only samples."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper

from scripts.measurements import ROOT
from tests.model_files import read_model
from tests.nodes import Attribute, make_node

OPSET = 18
Shape = tuple[int, ...]


def models() -> dict[str, onnx.ModelProto]:
    """Name to model; no two axes of a tensor are alike, and no two weights."""
    return {
        "conv": _one("Conv", [(1, 3, 9, 11)], [(5, 3, 3, 2)], strides=[2, 1], pads=[1, 0, 2, 1], dilations=[1, 2]),
        "grouped conv": _one("Conv", [(2, 6, 7, 5)], [(4, 3, 3, 1), (4,)], group=2, pads=[1, 0, 1, 0]),
        "depthwise conv": _one("Conv", [(1, 6, 8, 9)], [(6, 1, 3, 3)], group=6, pads=[1, 1, 1, 1], strides=[1, 2]),
        "pointwise conv": _one("Conv", [(1, 5, 8, 6)], [(7, 5, 1, 1)], strides=[2, 3]),
        "conv 1d": _one("Conv", [(2, 3, 17)], [(4, 3, 5)], strides=[3], pads=[2, 1]),
        "conv 3d": _one("Conv", [(1, 2, 4, 5, 6)], [(3, 2, 2, 3, 1)], pads=[1, 0, 0, 0, 1, 0]),
        "large conv": _one("Conv", [(1, 6, 30, 26)], [(10, 6, 3, 3)], pads=[1, 1, 1, 1]),
        "large grouped conv": _one("Conv", [(1, 8, 37, 41)], [(12, 4, 3, 3)], pads=[1, 0, 1, 2], group=2),
        "transposed conv": _one("ConvTranspose", [(1, 3, 5, 4)], [(3, 2, 3, 2)], strides=[2, 1], pads=[1, 0, 0, 1]),
        "max pool": _one("MaxPool", [(1, 3, 10, 9)], [], kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]),
        "mean pool": _one("AveragePool", [(2, 3, 9, 11)], [], kernel_shape=[3, 4], strides=[3, 2], pads=[0, 1, 0, 1]),
        "global pool": _one("GlobalAveragePool", [(2, 5, 4, 7)], []),
        "gemm": _one("Gemm", [(4, 6)], [(5, 6), (5,)], transB=1),
        "large gemm": _one("Gemm", [(70, 66)], [(66, 62)]),
        "batched product": _one("MatMul", [(2, 3, 4, 5), (3, 5, 6)], []),
        "sum": _one("Add", [(2, 3, 4, 5), (3, 1, 5)], []),
        "difference": _one("Sub", [(4, 1, 6), (3, 6)], []),
        "softmax": _one("Softmax", [(2, 5, 7)], [], axis=1),
        "layer norm": _one("LayerNormalization", [(3, 4, 6)], [(6,), (6,)]),
        "mean": _one("ReduceMean", [(3, 4, 5)], [], keepdims=0),
        "branches": branches(),
        "lenet5": read_model(ROOT / "models" / "lenet5.onnx"),
    }


def _one(
    op: str, inputs: Sequence[tuple[int, ...]], weights: Sequence[tuple[int, ...]], **attributes: Attribute
) -> onnx.ModelProto:
    names = [f"x{n}" for n in range(len(inputs))] + [f"w{n}" for n in range(len(weights))]
    node = make_node(op, names, ["y"], op.lower(), **attributes)
    return _model([node], dict(zip(names, inputs, strict=False)), dict(zip(names[len(inputs) :], weights, strict=True)))


def branches() -> onnx.ModelProto:
    """Two branches that meet in a sum and in a Concat, a pool and a product behind: sources to mistake."""
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["a"], "stem", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["r"], "relu"),
        helper.make_node("Conv", ["r", "w1"], ["b"], "left", pads=[0, 1, 0, 1]),
        helper.make_node("Conv", ["r", "w2"], ["c"], "right"),
        helper.make_node("Add", ["b", "r"], ["s"], "sum"),
        helper.make_node("Concat", ["s", "c"], ["t"], "join", axis=1),
        helper.make_node("MaxPool", ["t"], ["p"], "pool", kernel_shape=[2, 3], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["p"], ["q"], "squeeze"),
        helper.make_node("Flatten", ["q"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w3"], ["y"], "classify"),
    ]
    weights = {"w0": (6, 3, 3, 3), "w1": (6, 6, 1, 3), "w2": (4, 6, 1, 1), "w3": (10, 7)}
    return _model(nodes, {"x": (1, 3, 8, 11)}, weights)


def _model(nodes: Sequence[onnx.NodeProto], inputs: dict[str, Shape], weights: dict[str, Shape]) -> onnx.ModelProto:
    infos = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in inputs.items() if n not in weights]
    rng = np.random.default_rng(0)
    constants = [onnx.numpy_helper.from_array(_distinct(rng, shape), name) for name, shape in weights.items()]
    graph = helper.make_graph(nodes, "mutated", infos, [helper.make_empty_tensor_value_info("y")], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    return ((rng.permutation(size) + 1.0) / size - 0.5).astype(np.float32).reshape(shape)
