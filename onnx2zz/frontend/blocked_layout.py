"""ONNX Runtime's blocked layout (com.microsoft.nchwc), as its optimiser of the highest level writes it.

A blocked tensor is stored as N x C/b x H x W x b and goes by the shape N x C x H x W, its channels rounded up to whole
blocks. Storage is no matter of loops: each node is the plain operator of the same attributes, channels that were added
included, since the kernels compute them, too; weights have the shape of those of the plain operator, in another order.

Source: ONNX Runtime, core/optimizer/nchwc_transformer.cc and core/graph/contrib_ops/nchwc_schema_defs.cc.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

DOMAIN = "com.microsoft.nchwc"
PLAIN: Mapping[str, tuple[str, str]] = {
    "Conv": ("com.microsoft", "FusedConv"),
    "MaxPool": ("", "MaxPool"),
    "AveragePool": ("", "AveragePool"),
    "GlobalMaxPool": ("", "GlobalMaxPool"),
    "GlobalAveragePool": ("", "GlobalAveragePool"),
}
"""The operators that are plain ones under another name: domain and operator."""
WRITTEN_OUT = frozenset({"ReorderInput", "ReorderOutput", "Upsample"})
BLOCKS = (16, 8)
"""Channels in a block: on processors with 512-bit vectors and on Arm, on others."""
OPSET = 18
NOTE = "stored in blocks of channels (onnxruntime's NCHWc), which changes no loop: taken as the plain operator"


def is_blocked(proto: onnx.NodeProto) -> bool:
    """Whether a node is one of the blocked layout's that are known."""
    return proto.domain == DOMAIN and (proto.op_type in PLAIN or proto.op_type in WRITTEN_OUT)


def plain_node(proto: onnx.NodeProto) -> onnx.NodeProto:
    """The plain operator's node; the same node where it is written out as several (`reordering`)."""
    if proto.op_type not in PLAIN:
        return proto
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.domain, copy.op_type = PLAIN[proto.op_type]
    return copy


def block_of(graph: onnx.GraphProto) -> int:
    """Channels in a block, by the weights: the most that divide every number of output channels, and every number of
    input channels that fills a block (fewer are read as they are)."""
    shapes = {tensor.name: tensor.dims for tensor in graph.initializer}
    weights = [
        shapes[n.input[1]] for n in graph.node if n.domain == DOMAIN and n.op_type == "Conv" and n.input[1] in shapes
    ]
    for block in BLOCKS:
        # The larger block first: what divides into blocks of 16 does so into 8 as well.
        if all(dims[0] % block == 0 and (dims[1] < block or dims[1] % block == 0) for dims in weights):
            return block
    return BLOCKS[-1]


def reordering(proto: onnx.NodeProto, shape: Sequence[int] | None, block: int) -> onnx.FunctionProto | None:
    """The function that ReorderInput, ReorderOutput or Upsample stands for, its input of that shape; None where that is
    not known."""
    if shape is None or len(shape) != 4:
        return None
    attributes = {attribute.name: attribute for attribute in proto.attribute}
    if proto.op_type == "Upsample":
        nodes = _upsampled(attributes)
    else:
        last = "channels_last" in attributes and bool(attributes["channels_last"].i)
        to_blocks = proto.op_type == "ReorderInput"
        nodes = _to_blocks(shape, last, block) if to_blocks else _from_blocks(shape, last, attributes["channels"].i)
    return helper.make_function(DOMAIN, proto.op_type, ["X"], ["Y"], nodes, [helper.make_opsetid("", OPSET)])


def _to_blocks(shape: Sequence[int], channels_last: bool, block: int) -> list[onnx.NodeProto]:
    channels = shape[3] if channels_last else shape[1]
    steps = [helper.make_node("Transpose", [], [], perm=[0, 3, 1, 2])] if channels_last else []
    if added := -channels % block:
        steps.append(helper.make_node("Pad", ["", "pads"], []))
        pads = np.array([0, 0, 0, 0, 0, added, 0, 0], np.int64)
        return [_constant("pads", pads), *_chained(steps)]
    return _chained(steps)


def _from_blocks(shape: Sequence[int], channels_last: bool, channels: int) -> list[onnx.NodeProto]:
    steps = [helper.make_node("Transpose", [], [], perm=[0, 2, 3, 1])] if channels_last else []
    if channels == shape[1]:
        return _chained(steps)
    steps.insert(0, helper.make_node("Slice", ["", "start", "end", "axis"], []))
    bounds = zip(("start", "end", "axis"), (0, channels, 1), strict=True)
    return [*(_constant(name, np.array([value], np.int64)) for name, value in bounds), *_chained(steps)]


def _upsampled(attributes: Mapping[str, onnx.AttributeProto]) -> list[onnx.NodeProto]:
    mode, coordinates = (attributes[name].s.decode() for name in ("mode", "coordinate_transformation_mode"))
    scales = np.array(attributes["scales"].ints, np.float32)
    resize = helper.make_node("Resize", ["", "", "scales"], [], mode=mode, coordinate_transformation_mode=coordinates)
    if mode == "nearest":  # of whole scales each element is repeated, whatever the rounding
        resize.attribute.append(helper.make_attribute("nearest_mode", "floor"))
    return [_constant("scales", scales), *_chained([resize])]


def _chained(steps: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """The steps from X to Y, each on the result of the one before."""
    nodes = [*steps] or [helper.make_node("Identity", [], [])]
    names = ["X", *(f"step_{number}" for number in range(1, len(nodes))), "Y"]
    for node, read, made in zip(nodes, names, names[1:], strict=False):
        node.input[:] = [read, *node.input[1:]]
        node.output[:] = [made]
    return nodes


def _constant(name: str, value: np.ndarray) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
