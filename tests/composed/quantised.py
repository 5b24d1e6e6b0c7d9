"""Quantised operators, each between a QuantizeLinear and a DequantizeLinear of its own."""

import numpy as np
from onnx import TensorProto

from tests.composed.draft import Draft
from tests.composed.flat import FLOAT, Kind
from tests.composed.views import Piece

MICROSOFT = "com.microsoft"
UINT8, INT8, INT32 = TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32
DTYPES: dict[int, type[np.uint8] | type[np.int8]] = {UINT8: np.uint8, INT8: np.int8}


def scale(draft: Draft, count: int = 0) -> str:
    """The size of a step, or one for each channel; no two alike."""
    return draft.constant(np.asarray(draft.rng.uniform(0.01, 0.03, count or ())).astype(np.float32))


def zero(draft: Draft, element: int) -> str:
    low, high = (100, 140) if element == UINT8 else (-20, 20)
    return draft.constant(np.asarray(draft.rng.integers(low, high)).astype(DTYPES[element]))


def bytes_(draft: Draft, shape: tuple[int, ...], element: int) -> str:
    limits = np.iinfo(DTYPES[element])
    return draft.constant(draft.rng.integers(limits.min, limits.max, shape, endpoint=True).astype(DTYPES[element]))


def quantised(draft: Draft, x: str, element: int) -> tuple[str, str, str]:
    """The tensor as bytes, with scale and zero point."""
    step, point = scale(draft), zero(draft, element)
    return draft.add_one("QuantizeLinear", x, step, point), step, point


def real(draft: Draft, y: str, step: str, point: str) -> object:
    return draft.add_one("DequantizeLinear", y, step, point)


def round_trip(draft: Draft) -> object:
    """To 8, 4 bits or an 8-bit float and back; the bytes may be moved in between."""
    element = draft.one_of((UINT8, INT8, TensorProto.UINT4, TensorProto.INT4, TensorProto.FLOAT8E4M3FN))
    step = scale(draft)
    q = draft.add_one("QuantizeLinear", draft.pick(1), step, output_dtype=element)
    return draft.add_one("DequantizeLinear", q, step)


def moved_bytes(draft: Draft) -> object:
    """Bytes through a view, then real again."""
    q, step, point = quantised(draft, draft.pick(2), draft.one_of((UINT8, INT8)))
    order = [int(i) for i in draft.rng.permutation(len(draft.shape(q)))]
    return real(draft, draft.add_one("Transpose", q, perm=order), step, point)


def conv(draft: Draft) -> object:
    x = draft.pick(4, 4)
    channels, *space = draft.shape(x)[1:]
    kernel = [draft.integer(1, min(3, extent)) for extent in space]
    filters = draft.integer(1, 4)
    q, *steps = quantised(draft, x, UINT8)
    weights = bytes_(draft, (filters, channels, *kernel), UINT8)
    out = [scale(draft), zero(draft, UINT8)]
    pads = [draft.integer(0, k - 1) for k in (*kernel, *kernel)]
    bias = [draft.constant(draft.rng.integers(-900, 900, filters).astype(np.int32))] if draft.chance(0.5) else []
    inputs = [q, *steps, weights, scale(draft), zero(draft, UINT8), *out, *bias]
    return real(draft, draft.add("QLinearConv", inputs, pads=pads)[0], *out)


def product(draft: Draft) -> object:
    x = draft.pick(2, 3)
    q, *steps = quantised(draft, x, UINT8)
    depth = draft.shape(x)[-1]
    weights, out = bytes_(draft, (depth, draft.integer(1, 7)), UINT8), [scale(draft), zero(draft, UINT8)]
    inputs = [q, *steps, weights, scale(draft), zero(draft, UINT8), *out]
    return real(draft, draft.add("QLinearMatMul", inputs)[0], *out)


def dynamic_product(draft: Draft) -> object:
    """Scale and zero point are the run's."""
    x = draft.pick(2, 3)
    q, _, point = draft.add("DynamicQuantizeLinear", [x], 3)
    weights = bytes_(draft, (draft.shape(x)[-1], draft.integer(1, 7)), UINT8)
    return draft.add_one("Cast", draft.add_one("MatMulInteger", q, weights, point, zero(draft, UINT8)), to=FLOAT)


def product_to_real(draft: Draft) -> object:
    """com.microsoft's products of bytes that give real numbers: the activation quantised before, or within."""
    x = draft.pick(2, 3)
    depth, columns = draft.shape(x)[-1], draft.integer(1, 7)
    weights, kind = bytes_(draft, (depth, columns), UINT8), Kind(FLOAT, (*draft.shape(x)[:-1], columns))
    step, point = scale(draft), zero(draft, UINT8)
    if draft.chance(0.5):
        return _microsoft(draft, "DynamicQuantizeMatMul", [x, weights, step, point], [kind])
    q, *steps = quantised(draft, x, UINT8)
    return _microsoft(draft, "MatMulIntegerToFloat", [q, weights, steps[0], step, steps[1], point], [kind])


def gemm(draft: Draft) -> object:
    x = draft.pick(2, 2)
    rows, depth = draft.shape(x)
    q, *steps = quantised(draft, x, UINT8)
    columns = draft.integer(1, 7)
    weights, out = bytes_(draft, (columns, depth), UINT8), [scale(draft), zero(draft, UINT8)]
    inputs = [q, *steps, weights, scale(draft), zero(draft, UINT8), "", *out]
    return real(draft, _microsoft(draft, "QGemm", inputs, [Kind(UINT8, (rows, columns))], transB=1), *out)


def integer_conv(draft: Draft) -> object:
    x = draft.pick(4, 4)
    channels, *space = draft.shape(x)[1:]
    kernel = [draft.integer(1, min(3, extent)) for extent in space]
    q, _, point = quantised(draft, x, UINT8)
    weights = bytes_(draft, (draft.integer(1, 4), channels, *kernel), UINT8)
    pads = [draft.integer(0, k - 1) for k in (*kernel, *kernel)]
    return draft.add_one("Cast", draft.add_one("ConvInteger", q, weights, point, pads=pads), to=FLOAT)


def elementwise(draft: Draft) -> object:
    """QLinearAdd and QLinearMul, with bytes of the same shape."""
    x = draft.pick(1)
    q, *steps = quantised(draft, x, UINT8)
    other, out = bytes_(draft, draft.shape(x), UINT8), [scale(draft), zero(draft, UINT8)]
    inputs = [q, *steps, other, scale(draft), zero(draft, UINT8), *out]
    op = draft.one_of(("QLinearAdd", "QLinearMul"))
    return real(draft, _microsoft(draft, op, inputs, [Kind(UINT8, draft.shape(x))]), *out)


def pointwise(draft: Draft) -> object:
    x = draft.pick(1)
    q, *steps = quantised(draft, x, UINT8)
    out = [scale(draft), zero(draft, UINT8)]
    op = draft.one_of(("QLinearSigmoid", "QLinearLeakyRelu"))
    return real(draft, _microsoft(draft, op, [q, *steps, *out], [Kind(UINT8, draft.shape(x))]), *out)


def softmax(draft: Draft) -> object:
    x = draft.pick(2)
    q, *steps = quantised(draft, x, UINT8)
    out = [draft.constant(np.float32(1 / 256)), draft.constant(np.uint8(0))]
    kind = Kind(UINT8, draft.shape(x))
    axis = len(draft.shape(x)) - 1
    return real(draft, _microsoft(draft, "QLinearSoftmax", [q, *steps, *out], [kind], axis=axis, opset=13), *out)


def mean(draft: Draft) -> object:
    x = draft.pick(4, 4)
    q, *steps = quantised(draft, x, UINT8)
    out = [scale(draft), zero(draft, UINT8)]
    kind = Kind(UINT8, (*draft.shape(x)[:2], 1, 1))
    return real(draft, _microsoft(draft, "QLinearGlobalAveragePool", [q, *steps, *out], [kind], channels_last=0), *out)


def concat(draft: Draft) -> object:
    """QLinearConcat with bytes of another scale."""
    x = draft.pick(1)
    shape = list(draft.shape(x))
    axis = draft.integer(0, len(shape) - 1)
    q, *steps = quantised(draft, x, UINT8)
    shape[axis] = draft.integer(1, 3)
    other, out = bytes_(draft, tuple(shape), UINT8), [scale(draft), zero(draft, UINT8)]
    shape[axis] += draft.shape(x)[axis]
    inputs = [*out, q, *steps, other, scale(draft), zero(draft, UINT8)]
    return real(draft, _microsoft(draft, "QLinearConcat", inputs, [Kind(UINT8, tuple(shape))], axis=axis), *out)


def blocks(draft: Draft) -> object:
    """MatMulNBits: 4-bit weights with a scale for each block of 16, which need not divide the depth."""
    x = draft.pick(2, 3)
    depth, columns = draft.shape(x)[-1], draft.integer(2, 7)
    count = -(-depth // 16)
    weights = draft.constant(draft.rng.integers(0, 256, (columns, count, 8)).astype(np.uint8))
    inputs = [x, weights, draft.constant(draft.rng.uniform(0.01, 0.1, columns * count).astype(np.float32))]
    kind = Kind(FLOAT, (*draft.shape(x)[:-1], columns))
    return _microsoft(draft, "MatMulNBits", inputs, [kind], K=depth, N=columns, bits=4, block_size=16)


def _microsoft(draft: Draft, op: str, inputs: list[str], made: list[Kind], **attributes: int) -> str:
    return draft.add(op, inputs, domain=MICROSOFT, made=made, **attributes)[0]


QUANTISED: dict[Piece, int] = {
    round_trip: 3,
    moved_bytes: 1,
    conv: 2,
    product: 2,
    dynamic_product: 1,
    product_to_real: 2,
    gemm: 1,
    integer_conv: 1,
    elementwise: 1,
    pointwise: 1,
    softmax: 1,
    mean: 1,
    concat: 1,
    blocks: 1,
}
"""Each with how often it is drawn."""
