"""QONNX's operators in numpy, written from their pages and in float32 as their executors are: onnxruntime has none.

Source: github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops and src/qonnx/custom_op. tests/ops/test_qonnx.py
holds them against qonnx's own executor where that is installed.
"""

from collections.abc import Callable, Mapping

import numpy as np
import onnxruntime
from onnx import helper

from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.operators.qonnx_domains import CHANNELS_LAST, DOMAINS

Arrays = Mapping[str, np.ndarray]
Kernel = Callable[[Node, Arrays], np.ndarray]
ROUNDING: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "ROUND": np.round,
    "HALF_EVEN": np.round,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "DOWN": np.trunc,
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}
GUESSED_LAYOUT = {2: "NC", 3: "NWC", 4: "NCHW"}


def qonnx_kernel(op: str) -> Kernel | None:
    """How to compute the one output of a QONNX operator, domain included; None for any other."""
    domain, _, name = op.rpartition(".")
    if domain == CHANNELS_LAST:
        return WRAPPED.get(name)
    return GENERAL.get(name) if domain in DOMAINS else None


def _read(node: Node, operands: Arrays) -> list[np.ndarray]:
    return [operands[name] for name in node.inputs if name]


def _rounded(node: Node, x: np.ndarray, default: str = "ROUND") -> np.ndarray:
    return ROUNDING[node.text("rounding_mode", default).upper()](x)


def _bounds(node: Node, bits: np.ndarray, narrow: int) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest integer of a width."""
    keep = node.integer("narrow", narrow)
    if node.integer("signed", 1):
        return -(2.0 ** (bits - 1)) + keep, 2.0 ** (bits - 1) - 1
    return np.zeros_like(bits), 2.0**bits - 1 - keep


def _single(*arrays: np.ndarray) -> list[np.ndarray]:
    return [np.asarray(array, np.float32) for array in arrays]


def _quant(node: Node, operands: Arrays) -> np.ndarray:
    x, scale, zero_point, bits = _single(*_read(node, operands))
    low, high = _bounds(node, bits, 1)
    steps = x / scale + zero_point
    # Clipped before it is rounded, as qonnx does: the other order differs where a bound is no whole number.
    whole = _rounded(node, np.clip(steps, low, high))
    if node.integer("signed", 1):
        # One signed bit is bipolar in qonnx: -1 and 1, with no 0.
        whole = np.where(bits == 1, np.where(steps >= 0, 1, -1), whole)
    return np.asarray((whole - zero_point) * scale, np.float32)


def _bipolar(node: Node, operands: Arrays) -> np.ndarray:
    x, scale = _single(*_read(node, operands))
    return np.asarray(np.where(x >= 0, scale, -scale), np.float32)


def _trunc(node: Node, operands: Arrays) -> np.ndarray:
    """Since version 2 there are six inputs, and the result has a scale of its own."""
    given = _single(*_read(node, operands))
    x, scale, zero_point, before = given[:4]
    whole = np.round(x / scale + zero_point)
    if len(given) < 6:
        return np.asarray(
            (_rounded(node, whole / 2.0 ** (before - given[4]), "FLOOR") - zero_point) * scale, np.float32
        )
    after, bits = given[4:]
    # Scales are powers of two apart in truth, but come as float32 quotients.
    factor = 2.0 ** np.round(np.log2(after / scale))
    low, high = _bounds(node, bits, 0)
    kept = _rounded(node, np.clip(whole / factor, low, high), "FLOOR")
    return np.asarray((kept - zero_point / factor) * after, np.float32)


def _float(node: Node, operands: Arrays) -> np.ndarray:
    x, scale, exponent, mantissa, bias, largest = _single(*_read(node, operands))
    x = x / scale
    low = 1.0 - bias - mantissa
    # The smallest number is added so that 0 has a logarithm; `low` is where denormals begin, which keep one step.
    power = np.maximum(np.floor(np.log2(np.abs(x) + np.finfo(np.float32).tiny)) - mantissa, low)
    found = _rounded(node, x / np.exp2(power)) * np.exp2(power)
    most = np.minimum((2.0 - np.exp2(-mantissa)) * np.exp2(np.exp2(exponent) - 1 - bias), largest)
    inside = np.clip(found, -most, most)
    if not node.integer("saturation", 1):
        beyond = np.copysign(np.inf, found) if node.integer("has_inf", 0) else np.full_like(found, np.nan)
        inside = np.where(np.abs(found) > most, beyond, inside)
    return np.asarray(inside * scale, np.float32)


def _multi_threshold(node: Node, operands: Arrays) -> np.ndarray:
    x, thresholds = _read(node, operands)
    layout = node.text("data_layout", "") or GUESSED_LAYOUT.get(x.ndim, "")
    channel = layout.index("C") if "C" in layout else 1
    last = np.moveaxis(x, channel, -1)
    reached = (last[..., None] >= thresholds).sum(axis=-1)
    found = node.number("out_scale", 1.0) * reached + node.number("out_bias", 0.0)
    return np.asarray(np.moveaxis(found, -1, channel), x.dtype)


def _xnor_popcount(node: Node, operands: Arrays) -> np.ndarray:
    a, b = _read(node, operands)
    agree = np.matmul(2.0 * a - 1.0, 2.0 * b - 1.0)
    return np.asarray((agree + a.shape[-1]) / 2, a.dtype)


def _windows(x: np.ndarray, kernel: tuple[int, int], axes: tuple[int, int]) -> np.ndarray:
    """Every window over two axes, its elements along two axes behind the others."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(x, kernel, axes))


def _average(node: Node, operands: Arrays) -> np.ndarray:
    (x,) = _read(node, operands)
    last = node.text("data_layout", "NCHW") == "NHWC"
    kernel, stride = node.integer("kernel", 1), node.integer("stride", 1)
    windows = _windows(x, (kernel, kernel), (1, 2) if last else (2, 3))
    every = (slice(None), slice(None, None, stride), slice(None, None, stride))
    # Inputs are whole numbers in floats, and what follows shifts bits.
    total = np.asarray(np.round(windows.sum(axis=(-1, -2))), np.int64)
    total = total[every] if last else total[(slice(None), *every)]
    widest = ((2 ** node.integer("ibits", 1) - 1) * kernel * kernel).bit_length()
    return np.asarray(np.right_shift(total, max(0, widest - node.integer("obits", 1))), x.dtype)


def _columns(node: Node, operands: Arrays) -> np.ndarray:
    (x,) = _read(node, operands)
    kernel, strides = node.integers("kernel_size"), node.integers("stride")
    top, left, bottom, right = node.integers("pad_amount") or [0] * 4
    dilations = node.integers("dilations") or [1, 1]
    around = ((0, 0), (top, bottom), (left, right), (0, 0))
    padded = np.pad(x, around, constant_values=node.integer("pad_value", 0))
    reach = [dilation * (size - 1) + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    windows = _windows(padded, (reach[0], reach[1]), (1, 2))  # N, OH, OW, C, KH, KW
    windows = windows[:, :: strides[0], :: strides[1], :, :: dilations[0], :: dilations[1]]
    rows = windows.transpose(0, 1, 2, 4, 5, 3)
    return np.ascontiguousarray(rows.reshape(*rows.shape[:3], -1))


def _channels_second(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1)


def _wrapped(op: str, moved: int) -> Kernel:
    """ONNX's own operator between two transpositions; `moved`: how many of the inputs have channels last."""

    def kernel(node: Node, operands: Arrays) -> np.ndarray:
        given = _read(node, operands)
        feeds = {
            f"in{index}": np.ascontiguousarray(_channels_second(value)) if index < moved else value
            for index, value in enumerate(given)
        }
        proto = helper.make_node(op, [*feeds], ["out"])
        proto.attribute.extend(node.protos.values())
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feeds.items()
        ]
        graph = helper.make_graph([proto], op, infos, [helper.make_empty_tensor_value_info("out")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return np.moveaxis(np.asarray(session.run(None, feeds)[0]), 1, -1)

    return kernel


GENERAL: Mapping[str, Kernel] = {
    "Quant": _quant,
    "IntQuant": _quant,
    "BipolarQuant": _bipolar,
    "Trunc": _trunc,
    "FloatQuant": _float,
    "MultiThreshold": _multi_threshold,
    "XnorPopcountMatMul": _xnor_popcount,
    "QuantAvgPool2d": _average,
    "Im2Col": _columns,
    "MaxPoolNHWC": _wrapped("MaxPool", 1),
}
WRAPPED: Mapping[str, Kernel] = {
    "Conv": _wrapped("Conv", 2),
    "MaxPool": _wrapped("MaxPool", 1),
    "BatchNormalization": _wrapped("BatchNormalization", 1),
}
