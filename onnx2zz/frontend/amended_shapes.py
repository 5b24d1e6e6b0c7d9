"""Output shapes in which onnx's inference departs from the operator's page, or from what onnxruntime computes.

Source: ONNX operator pages ConvTranspose (auto_pad, output_shape), Resize and Upsample (scales; onnxruntime multiplies
in float32, where 5 times 2.6 is 13 and not a little less).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx

from onnx2zz.frontend.graph import Node, Tensor

Shape = tuple[int, ...]
Values = Mapping[int, onnx.TensorProto]
"""The inputs, by number, whose values steer the shape."""


def amended_shape(node: Node, tensors: Sequence[Tensor | None], values: Values) -> Shape | None:
    """The shape of the node's output; None where onnx's inference is right, or too little is known."""
    rule = RULES.get(node.op)
    return rule(node, tensors, values) if rule else None


def scaled(extent: int, scale: float) -> int:
    """An axis so many times as long, rounded down as onnxruntime does."""
    return int(np.floor(np.float32(extent) * np.float32(scale)))


def _conv_transpose(node: Node, tensors: Sequence[Tensor | None], values: Values) -> Shape | None:
    """`output_shape` as it is given; SAME: input times stride, or all there is, whatever output_padding says."""
    x, w = (tensor.shape if tensor else None for tensor in tensors[:2])
    if x is None or w is None or len(x) != len(w):
        return None
    rank, channels = len(x) - 2, w[1] * node.integer("group", 1)
    # `output_shape` comes first: where it is given, the pads follow from it. Some files give it with batch and
    # channels, so only the last numbers count.
    given = node.integers("output_shape")
    if given:
        return (x[0], channels, *given[-rank:])
    if node.text("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        strides, dilations = (node.integers(name) or [1] * rank for name in ("strides", "dilations"))
        extra = node.integers("output_padding") or [0] * rank
        each = zip(x[2:], w[2:], strides, dilations, extra, strict=True)
        return (x[0], channels, *(min(e * s, (e - 1) * s + p + d * (k - 1) + 1) for e, k, s, d, p in each))
    return None


def _resized(node: Node, tensors: Sequence[Tensor | None], values: Values) -> Shape | None:
    x = tensors[0].shape if tensors[0] else None
    scales = _scales(node, values)
    if x is None or not scales:
        return None
    axes = [axis % len(x) for axis in node.integers("axes") or range(len(x))]
    by_axis = dict(zip(axes, scales, strict=False))
    return tuple(scaled(extent, by_axis[i]) if i in by_axis else extent for i, extent in enumerate(x))


def _scales(node: Node, values: Values) -> list[float]:
    listed = node.numbers("scales")
    if "scales" in node.protos:
        return listed
    value = values.get(1 if node.op == "Upsample" or node.version < 11 else 2)
    return [] if value is None else [float(scale) for scale in np.ravel(onnx.numpy_helper.to_array(value))]


RULES: dict[str, Callable[[Node, Sequence[Tensor | None], Values], Shape | None]] = {
    "ConvTranspose": _conv_transpose,
    "Resize": _resized,
    "Upsample": _resized,
}
