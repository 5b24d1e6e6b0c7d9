"""Which elements of its operands a node reads, from its attributes alone; None where that is not settled here."""

import numpy as np
import onnx
from onnx import helper

from tests.composed.flat import Flat

WINDOWED = frozenset({"Conv", "MaxPool", "AveragePool", "LpPool"})
ALL = frozenset(
    {"Add", "Sub", "Mul", "Div", "Max", "Min", "MatMul", "Gemm", "Einsum", "Greater", "LessOrEqual", "PRelu"}
    | {"Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Erf", "Softplus", "Sin", "LeakyRelu", "HardSigmoid", "Elu", "Floor"}
    | {"ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceMean", "ReduceProd"}
    | {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}
)


def is_one_layer(node: onnx.NodeProto) -> bool:
    """Whether all that a node with a single layer reads is an operand of that layer."""
    return node.op_type in ALL | WINDOWED


def read_places(node: onnx.NodeProto, name: str, flat: Flat) -> np.ndarray | None:
    """A mask that broadcasts to the tensor `name` that the node reads."""
    if node.op_type in WINDOWED and name == node.input[0]:
        return _windows(node, flat)
    return np.asarray(True) if node.op_type in ALL | WINDOWED else None


def _windows(node: onnx.NodeProto, flat: Flat) -> np.ndarray | None:
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        return None
    shape, out = flat.kinds[node.input[0]].fixed, flat.kinds[node.output[0]].fixed
    rank = len(shape) - 2
    kernel = given.get("kernel_shape") or flat.kinds[node.input[1]].fixed[2:]
    strides, dilations = given.get("strides", [1] * rank), given.get("dilations", [1] * rank)
    pads = given.get("pads", [0] * 2 * rank)
    mask = np.ones(shape, bool)
    for axis, extent in enumerate(shape[2:]):
        starts = np.arange(out[axis + 2]) * strides[axis] - pads[axis]
        taps = np.arange(kernel[axis]) * dilations[axis]
        met = np.isin(np.arange(extent), starts[:, None] + taps[None, :])
        mask &= met.reshape([-1 if i == axis + 2 else 1 for i in range(len(shape))])
    return mask
