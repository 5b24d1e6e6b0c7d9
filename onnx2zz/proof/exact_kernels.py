"""Nodes that onnxruntime computes wrong, too roughly to be an oracle, or not at all: their outputs in numpy.

Source: ONNX operator page Col2Im; ONNX Runtime's ContribOperators page (QLinearSoftmax).
"""

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.operators.own import own_kernels
from onnx2zz.proof.qonnx_kernels import qonnx_kernel

Arrays = Mapping[str, np.ndarray]
Kernel = Callable[[Node, Arrays], np.ndarray]
ONE_AXIS_SINCE = 13  # before it, Softmax took its axis and all behind it


def exact_kernel(node: Node, operands: Arrays) -> Kernel | None:
    """How to compute the node's one output; None where onnxruntime has the operator and is to be trusted."""
    if node.op == "com.microsoft.QLinearSoftmax":
        return _qlinear_softmax  # onnxruntime's tables are a step off in a tenth of the elements of uint8
    dilated = any(dilation > 1 for dilation in node.integers("dilations") or ())
    # Over two axes onnxruntime has a kernel of its own, which is right.
    if node.op == "Col2Im" and dilated and operands[node.inputs[1]].size != TWO_AXES:
        return _col2im  # onnxruntime mixes channels up
    return qonnx_kernel(node.op) or own_kernels().get(node.op)


TWO_AXES = 2


def _qlinear_softmax(node: Node, operands: Arrays) -> np.ndarray:
    x, scale, zero_point, y_scale, y_zero_point = (operands[name] if name else None for name in _five(node))
    assert x is not None and scale is not None and y_scale is not None
    first = node.integer("axis", -1) % x.ndim
    axes = (first,) if node.integer("opset") >= ONE_AXIS_SINCE else tuple(range(first, x.ndim))
    real = (x.astype(np.float64) - _number(zero_point)) * _number(scale)
    # The largest is taken off first, or the exponential overflows.
    powers = np.exp(real - real.max(axis=axes, keepdims=True))
    steps = powers / powers.sum(axis=axes, keepdims=True) / _number(y_scale)
    limits = np.iinfo(x.dtype)
    return np.clip(np.rint(steps) + _number(y_zero_point), limits.min, limits.max).astype(x.dtype)


def _five(node: Node) -> list[str]:
    return [node.input(index) for index in range(5)]


def _number(value: np.ndarray | None) -> float:
    return 0.0 if value is None else float(value.ravel()[0])


def _col2im(node: Node, operands: Arrays) -> np.ndarray:
    """Each tap of each block, put where it belongs and added up; what falls into the pads is dropped."""
    x, image, block = (operands[name] for name in node.inputs)
    image, block = image.ravel(), block.ravel()
    rank = len(block)
    strides, dilations = (np.asarray(node.integers(name) or [1] * rank) for name in ("strides", "dilations"))
    pads = np.asarray(node.integers("pads") or [0] * (2 * rank))
    counts = (image + pads[:rank] + pads[rank:] - dilations * (block - 1) - 1) // strides + 1
    channels = x.shape[1] // int(block.prod())
    padded = np.zeros((x.shape[0], channels, *(image + pads[:rank] + pads[rank:])))
    taps = x.astype(np.float64).reshape(x.shape[0], channels, *block, *counts)
    for tap in product(*map(range, block)):
        begin = dilations * np.asarray(tap)
        places = tuple(
            slice(int(b), int(b + s * (c - 1) + 1), int(s)) for b, s, c in zip(begin, strides, counts, strict=True)
        )
        padded[(..., *places)] += taps[(slice(None), slice(None), *tap)]
    kept = tuple(slice(int(p), int(p + e)) for p, e in zip(pads, image, strict=False))
    return padded[(..., *kept)].astype(x.dtype)
