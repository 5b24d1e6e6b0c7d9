"""QONNX: quantisers and what FINN makes of them; output shapes, and the bits of their results.

Source: the operator pages of QONNX (docs/qonnx-custom-ops of github.com/fastmachinelearning/qonnx) and its executors
(src/qonnx/custom_op). Brevitas and FINN write the same operators in domains of their own.
"""

from dataclasses import replace

import numpy as np
import onnx

from onnx2zz.frontend.datatypes import bits_of_datatype
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.draws import Draws, Place, positive
from onnx2zz.frontend.operators.facts import Bits, OperatorFacts, Outputs, Tensors, same, shape_of, shaped, type_of
from onnx2zz.frontend.operators.qonnx_domains import CHANNELS_LAST, in_each_domain
from onnx2zz.frontend.operators.windows import inferred, windows


def _largest(node: Node, graph: Graph, index: int) -> float | None:
    """The largest element of an input that is known before the run."""
    value = graph.value(node.input(index))
    return None if value is None or not value.size else float(np.max(value))


def _width_given(index: int) -> Bits:
    return lambda node, graph: _largest(node, graph, index)


def _float_bits(node: Node, graph: Graph) -> float | None:
    """A sign, the exponent and the mantissa."""
    exponent, mantissa = _largest(node, graph, 2), _largest(node, graph, 3)
    return None if exponent is None or mantissa is None else 1 + np.ceil(exponent) + np.ceil(mantissa)


def _one_bit(node: Node, graph: Graph) -> float | None:
    return 1.0


def _truncated_bits(node: Node, graph: Graph) -> float | None:
    """Since version 2 the scale of the output stands before its width."""
    return _largest(node, graph, len(node.inputs) - 1)


def _threshold_bits(node: Node, graph: Graph) -> float | None:
    """As its data type says; else what counts so many thresholds."""
    told = bits_of_datatype(node.text("out_dtype", ""))
    return float(told or graph.shape(node.inputs[1])[-1].bit_length())


def _pooled_bits(node: Node, graph: Graph) -> float | None:
    return float(node.integer("obits", 1))


def _average(node: Node, tensors: Tensors) -> Outputs:
    x = shape_of(tensors, 0)
    if x is None:
        return (None,)
    last = node.text("data_layout", "NCHW") == "NHWC"
    kernel, stride = node.integer("kernel", 1), node.integer("stride", 1)
    height, width = ((extent - kernel) // stride + 1 for extent in (x[1:3] if last else x[2:4]))
    shape = (x[0], height, width, x[3]) if last else (x[0], x[1], height, width)
    return (shaped(shape, type_of(tensors, 0)),)


def _columns(node: Node, tensors: Tensors) -> Outputs:
    """x (N, H, W, C) -> (N, OH, OW, kernel * C): every window as a row."""
    x = shape_of(tensors, 0)
    if x is None:
        return (None,)
    kernel, strides, pads = (node.integers(name) for name in ("kernel_size", "stride", "pad_amount"))
    window = {"kernel_shape": kernel, "strides": strides, "pads": pads or [0] * 4}
    window["dilations"] = node.integers("dilations") or [1, 1]
    protos = {name: onnx.helper.make_attribute(name, value) for name, value in window.items()}
    out = inferred("MaxPool", replace(node, protos=protos), [(x[0], x[3], x[1], x[2])])
    return (shaped((x[0], *out[2:], kernel[0] * kernel[1] * x[3]), type_of(tensors, 0)),)


def _near_thresholds(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Activations that lie between the thresholds, and thresholds in no order."""
    steps = graph.value(place.node.inputs[1]) if place.index == 0 else None
    if steps is None or not steps.size:
        return rng.normal(0.0, 1.0, shape)
    low, high = float(steps.min()), float(steps.max())
    margin = (high - low) / 4 + 1.0
    return rng.uniform(low - margin, high + margin, shape)


QUANTISED = positive(1)
FACTS: tuple[OperatorFacts, ...] = (
    *(OperatorFacts(name, same, bits=_width_given(3), draws=QUANTISED) for name in in_each_domain("Quant", "IntQuant")),
    *(OperatorFacts(name, same, bits=_float_bits, draws=QUANTISED) for name in in_each_domain("FloatQuant")),
    *(OperatorFacts(name, same, bits=_one_bit, draws=QUANTISED) for name in in_each_domain("BipolarQuant")),
    *(OperatorFacts(name, same, bits=_truncated_bits, draws=QUANTISED) for name in in_each_domain("Trunc")),
    *(
        OperatorFacts(name, same, bits=_threshold_bits, draws=Draws(reals=_near_thresholds))
        for name in in_each_domain("MultiThreshold")
    ),
    *(OperatorFacts(name, windows("MaxPool", last=True)) for name in in_each_domain("MaxPoolNHWC")),
    *(OperatorFacts(name, _average, bits=_pooled_bits) for name in in_each_domain("QuantAvgPool2d")),
    *(OperatorFacts(name, _columns) for name in in_each_domain("Im2Col")),
    OperatorFacts(f"{CHANNELS_LAST}.MaxPool", windows("MaxPool", last=True)),
    OperatorFacts(f"{CHANNELS_LAST}.BatchNormalization", same, draws=positive(1, 4)),
)
