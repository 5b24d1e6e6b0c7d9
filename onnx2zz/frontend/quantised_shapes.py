"""Output shapes and types of ONNX Runtime's quantised operators.

Source: ONNX Runtime's ContribOperators page.
"""

from collections.abc import Callable, Sequence

import numpy as np
import onnx

from onnx2zz.frontend.graph import Node, Tensor

Tensors = Sequence[Tensor | None]
Rule = Callable[[Node, Tensors], tuple[Tensor | None, ...]]
Shape = tuple[int, ...]
WINDOW_ATTRIBUTES = ("kernel_shape", "strides", "dilations", "pads", "auto_pad", "ceil_mode", "group")


def packed_bits(element: int, bits: int) -> int:
    """Bits of an element that bytes hold several of; 0 if the tensor's type says its width."""
    return bits if element == onnx.TensorProto.UINT8 else 0


def unpacked_shape(shape: Shape, bits: int) -> Shape:
    """The shape of a tensor that is packed along its last axis."""
    return (*shape[:-1], shape[-1] * 8 // bits) if bits else shape


def _like_first(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    return (tensors[0],)


def _typed_like(index: int, default: int) -> Rule:
    def rule(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
        model = tensors[index] if index < len(tensors) else None
        return (_shaped(_shape(tensors, 0), model.type if model else default),)

    return rule


def _broadcast(*indices: int) -> Rule:
    def rule(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
        shapes = [_shape(tensors, index) for index in indices]
        known = [s for s in shapes if s is not None]
        shape = np.broadcast_shapes(*known) if len(known) == len(shapes) else None
        return (_shaped(shape, _type(tensors, indices[-1])),)

    return rule


def _concat(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    shapes = [_shape(tensors, index) for index in range(2, len(tensors), 3)]
    known = [s for s in shapes if s is not None]
    if len(known) < len(shapes):
        return (None,)
    axis = node.attribute("axis", 1) % len(known[0])
    joined = sum(s[axis] for s in known)
    return (_shaped((*known[0][:axis], joined, *known[0][axis + 1 :]), _type(tensors, 1)),)


def _windows(op: str, weights: int | None = None, last: bool = False) -> Rule:
    """Windows as ONNX's own `op` has them, channels last if the attribute (or `last`) says so."""

    def rule(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
        x = _shape(tensors, 0)
        w = _shape(tensors, weights) if weights is not None else None
        if x is None or (weights is not None and w is None):
            return (None,)
        nhwc = last or bool(node.attribute("channels_last", 0))
        shape = _inferred(op, node, [(x[0], x[-1], *x[1:-1]) if nhwc else x, *([w] if w else [])])
        return (_shaped((shape[0], *shape[2:], shape[1]) if nhwc else shape, _type(tensors, 0)),)

    return rule


def _nhwc_conv(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    """Channels last in x and in the weights."""
    x, w = _shape(tensors, 0), _shape(tensors, 1)
    if x is None or w is None:
        return (None,)
    shape = _inferred("Conv", node, [(s[0], s[-1], *s[1:-1]) for s in (x, w)])
    return (_shaped((shape[0], *shape[2:], shape[1]), _type(tensors, 0)),)


def _inferred(op: str, node: Node, shapes: Sequence[Shape]) -> Shape:
    names = [f"in{index}" for index in range(len(shapes))]
    proto = onnx.helper.make_node(op, names, ["out"])
    proto.attribute.extend(a for name, a in node.protos.items() if name in WINDOW_ATTRIBUTES)
    types = {
        name: onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, shape)
        for name, shape in zip(names, shapes, strict=True)
    }
    schema = onnx.defs.get_schema(op)
    out = onnx.shape_inference.infer_node_outputs(schema, proto, types)["out"]
    return tuple(d.dim_value for d in out.tensor_type.shape.dim)


def _gemm(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    a, b = _shape(tensors, 0), _shape(tensors, 3)
    if a is None or b is None:
        return (None,)
    shape = (a[1] if node.attribute("transA", 0) else a[0], b[0] if node.attribute("transB", 0) else b[1])
    return (_shaped(shape, _type(tensors, 0) if node.input(7) else onnx.TensorProto.FLOAT),)


def _matmul(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    a, b = _shape(tensors, 0), _shape(tensors, 1)
    if a is None or b is None:
        return (None,)
    return (_shaped((*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]), onnx.TensorProto.FLOAT),)


def _matmul_nbits(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    a = _shape(tensors, 0)
    return (_shaped((*a[:-1], node.attribute("N")) if a is not None else None, _type(tensors, 0)),)


def _gather_block_quantized(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    data, indices = _shape(tensors, 0), _shape(tensors, 1)
    if data is None or indices is None:
        return (None,)
    shape = unpacked_shape(data, packed_bits(_type(tensors, 0), node.attribute("bits", 4)))
    axis = node.attribute("gather_axis", 0) % len(shape)
    return (_shaped((*shape[:axis], *indices, *shape[axis + 1 :]), _type(tensors, 2)),)


def _attention(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    """Output (batch, sequence, hidden) and present (2, batch, heads, past + sequence, head)."""
    x, w, past = _shape(tensors, 0), _shape(tensors, 1), _shape(tensors, 8)
    if x is None or w is None:
        return (None,)
    hidden, heads = w[1] // 3, node.attribute("num_heads")
    length = x[1] + (past[3] if past is not None else 0)
    present = (2, x[0], heads, length, hidden // heads)
    return _shaped((x[0], x[1], hidden), onnx.TensorProto.FLOAT), _shaped(present, onnx.TensorProto.FLOAT)


def _lstm(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    """Y (steps, directions, batch, hidden), Y_h and Y_c (directions, batch, hidden)."""
    x, r = _shape(tensors, 0), _shape(tensors, 2)
    if x is None or r is None:
        return (None,)
    last = _shaped((r[0], x[1], r[1]), onnx.TensorProto.FLOAT)
    return _shaped((x[0], r[0], x[1], r[1]), onnx.TensorProto.FLOAT), last, last


def _embed_layer_normalization(node: Node, tensors: Tensors) -> tuple[Tensor | None, ...]:
    """Output (batch, sequence, hidden) and the mask's index (batch)."""
    ids, words = _shape(tensors, 0), _shape(tensors, 2)
    if ids is None or words is None:
        return (None,)
    return _shaped((*ids, words[1]), onnx.TensorProto.FLOAT), _shaped(ids[:1], onnx.TensorProto.INT32)


def _shape(tensors: Tensors, index: int) -> Shape | None:
    tensor = tensors[index] if index < len(tensors) else None
    return tensor.shape if tensor else None


def _type(tensors: Tensors, index: int) -> int:
    tensor = tensors[index] if index < len(tensors) else None
    return tensor.type if tensor else onnx.TensorProto.FLOAT


def _shaped(shape: Shape | None, element: int) -> Tensor | None:
    return None if shape is None else Tensor(tuple(shape), element)


QUANTISED_SHAPES: dict[str, Rule] = {
    f"com.microsoft.{name}": rule
    for name, rule in {
        "QuantizeLinear": _typed_like(2, onnx.TensorProto.UINT8),
        "DequantizeLinear": _typed_like(1, onnx.TensorProto.FLOAT),
        "QLinearAdd": _broadcast(0, 3),
        "QLinearMul": _broadcast(0, 3),
        "QLinearSigmoid": _like_first,
        "QLinearLeakyRelu": _like_first,
        "QLinearSoftmax": _like_first,
        "QLinearWhere": _broadcast(0, 1, 4),
        "QLinearConcat": _concat,
        "QLinearAveragePool": _windows("AveragePool"),
        "QLinearGlobalAveragePool": _windows("GlobalAveragePool"),
        "NhwcMaxPool": _windows("MaxPool", last=True),
        "QLinearConv": _windows("Conv", weights=3),
        "NhwcConv": _nhwc_conv,
        "QGemm": _gemm,
        "MatMulIntegerToFloat": _matmul,
        "DynamicQuantizeMatMul": _matmul,
        "MatMulNBits": _matmul_nbits,
        "GatherBlockQuantized": _gather_block_quantized,
        "QAttention": _attention,
        "DynamicQuantizeLSTM": _lstm,
        "QEmbedLayerNormalization": _embed_layer_normalization,
    }.items()
}
