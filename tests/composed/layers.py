"""Work for the array: a piece of every family, on whatever tensor of the draft fits."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.composed.draft import Draft, NotDrawnError
from tests.composed.flat import INT64
from tests.composed.views import Piece


def conv(draft: Draft) -> object:
    """One to three dimensions, with pads on either side, strides, dilations, groups."""
    x = draft.pick(3, 5)
    channels, *space = draft.shape(x)[1:]
    group = draft.one_of([g for g in range(1, channels + 1) if channels % g == 0])
    kernel = [draft.integer(1, min(3, extent)) for extent in space]
    filters = group * draft.integer(1, 3)
    weights = draft.weight([filters, channels // group, *kernel], channels // group * int(np.prod(kernel)))
    bias = [draft.weight([filters])] if draft.chance(0.5) else []
    return draft.add_one("Conv", x, weights, *bias, group=group, **_windows(draft, kernel))


def _windows(draft: Draft, kernel: Sequence[int], dilated: bool = True) -> dict[str, Any]:
    """Strides, dilations, and pads that leave each window at least a tap."""
    attributes: dict[str, Any] = {"strides": [draft.one_of((1, 1, 2, 3)) for _ in kernel]}
    if dilated:
        attributes["dilations"] = [draft.one_of((1, 1, 2)) for _ in kernel]
    if draft.chance(0.2) and set(attributes.get("dilations", [1])) == {1}:
        return attributes | {"auto_pad": draft.one_of(("SAME_UPPER", "SAME_LOWER", "VALID"))}
    return attributes | {"pads": [draft.integer(0, k - 1) for k in (*kernel, *kernel)]}


def conv_of_two(draft: Draft) -> object:
    """A convolution whose filter the run brings."""
    x, w = draft.pick(3, 5), draft.pick(3, 5)
    kernel = draft.shape(w)[2:]
    if draft.shape(w)[1] != draft.shape(x)[1] or any(k > 4 for k in kernel):
        raise NotDrawnError("no filter")
    return draft.add_one("Conv", x, w, pads=[draft.integer(0, k - 1) for k in (*kernel, *kernel)])


def conv_transpose(draft: Draft) -> object:
    x = draft.pick(3, 5)
    channels, *space = draft.shape(x)[1:]
    group = draft.one_of([g for g in range(1, channels + 1) if channels % g == 0])
    kernel = [draft.integer(1, 3) for _ in space]
    filters = draft.integer(1, 3)
    weights = draft.weight([channels, filters, *kernel], channels // group * int(np.prod(kernel)))
    bias = [draft.weight([filters * group])] if draft.chance(0.5) else []
    strides = [draft.one_of((1, 2, 3)) for _ in kernel]
    attributes: dict[str, Any] = {"strides": strides, "pads": [draft.integer(0, k - 1) for k in (*kernel, *kernel)]}
    attributes["dilations"] = [draft.one_of((1, 1, 2)) for _ in kernel]
    if draft.chance(0.3):
        attributes["output_padding"] = [draft.integer(0, s - 1) for s in strides]
    return draft.add_one("ConvTranspose", x, weights, *bias, group=group, **attributes)


def fold(draft: Draft) -> object:
    """Col2Im: columns added into an image, what falls on its pads cut off."""
    x = draft.pick(3, 3)
    channels, columns = draft.shape(x)[1:]
    height = draft.one_of([h for h in range(1, columns + 1) if columns % h == 0])
    block = draft.one_of([b for b in ((1, 2), (2, 1), (2, 3), (3, 2), (3, 1)) if channels % (b[0] * b[1]) == 0])
    pads = [draft.integer(0, b - 1) for b in (*block, *block)]
    places = (height, columns // height)
    image = [n + b - 1 - before - after for n, b, before, after in zip(places, block, pads, pads[2:], strict=False)]
    return draft.add_one("Col2Im", x, draft.integers(image), draft.integers(block), pads=pads)


def pool(draft: Draft) -> object:
    op = draft.one_of(("MaxPool", "AveragePool", "LpPool"))
    x = draft.pick(3, 5)
    kernel = [draft.integer(1, min(3, extent)) for extent in draft.shape(x)[2:]]
    attributes = _windows(draft, kernel)
    if draft.chance(0.3) and op != "LpPool":
        attributes["ceil_mode"] = 1
    if op == "AveragePool":
        attributes["count_include_pad"] = draft.integer(0, 1)
    return draft.add_one(op, x, kernel_shape=kernel, **attributes)


def global_pool(draft: Draft) -> object:
    op = draft.one_of(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"))
    return draft.add_one(op, draft.pick(3, 5))


def matmul(draft: Draft) -> object:
    """With a constant on either side, or with a tensor that fits, perhaps after it is transposed."""
    x = draft.pick(1)
    depth = draft.shape(x)[-1]
    fit = [n for n in draft.made if len(draft.shape(n)) > 1 and _is_like(draft, n, x)]
    right = [n for n in fit if draft.shape(n)[-2] == depth and n != x]
    turned = [n for n in fit if draft.shape(n)[-1] == depth and n != x]
    if right and draft.chance(0.5):
        return draft.add_one("MatMul", x, draft.one_of(right))
    if turned and draft.chance(0.5):
        other = draft.one_of(turned)
        rank = len(draft.shape(other))
        return draft.add_one(
            "MatMul", x, draft.add_one("Transpose", other, perm=[*range(rank - 2), rank - 1, rank - 2])
        )
    if draft.chance(0.3) and len(draft.shape(x)) > 1:
        return draft.add_one("MatMul", draft.weight([draft.integer(1, 6), draft.shape(x)[-2]], draft.shape(x)[-2]), x)
    if draft.chance(0.15):
        return draft.add_one("MatMul", x, draft.sparse([depth, draft.integer(2, 7)]))
    return draft.add_one("MatMul", x, draft.weight([depth, draft.integer(1, 7)], depth))


def _is_like(draft: Draft, name: str, x: str) -> bool:
    return draft.kinds[name].known and draft.kinds[name].element == draft.kinds[x].element


def gemm(draft: Draft) -> object:
    x = draft.pick(2, 2)
    rows, depth = draft.shape(x)
    attributes: dict[str, Any] = {"transA": draft.integer(0, 1), "transB": draft.integer(0, 1)}
    if attributes["transA"]:
        rows, depth = depth, rows
    columns = draft.integer(1, 8)
    weights = draft.weight([columns, depth] if attributes["transB"] else [depth, columns], depth)
    if draft.chance(0.3):
        attributes |= {"alpha": 0.5, "beta": 1.5}
    biases: tuple[list[int], ...] = ([], [columns], [rows, 1], [rows, columns])
    bias = [draft.weight(draft.one_of(biases))] if draft.chance(0.6) else []
    return draft.add_one("Gemm", x, weights, *bias, **attributes)


def einsum(draft: Draft) -> object:
    """Some axes are summed over, some shared with the other operand, some only its own."""
    x = draft.pick(1, 4)
    shape = draft.shape(x)
    mine = "abcd"[: len(shape)]
    shared = "".join(mine[i] for i in draft.some(len(mine)))
    own = "xy"[: draft.integer(0, 2)]
    extents = dict(zip(mine, shape, strict=True)) | {"x": draft.integer(1, 7), "y": draft.integer(1, 4)}
    other = "".join(draft.rng.permutation(list(shared + own)))
    kept = [index for index in mine + own if index not in shared or draft.chance(0.5)]
    weights = draft.weight([extents[i] for i in other], int(np.prod([extents[i] for i in shared])))
    result = "".join(draft.rng.permutation(kept)) if kept else ""
    return draft.add_one("Einsum", x, weights, equation=f"{mine},{other}->{result}")


def einsum_of_one(draft: Draft) -> object:
    """A sum over some axes, and the others in another order."""
    x = draft.pick(1, 4)
    mine = "abcd"[: len(draft.shape(x))]
    kept = draft.rng.permutation([mine[i] for i in draft.some(len(mine), 0)])
    return draft.add_one("Einsum", x, equation=f"{mine}->{''.join(kept)}")


def binary(draft: Draft) -> object:
    """With a constant or a tensor that broadcasts, on either side; sometimes with itself."""
    op = draft.one_of(("Add", "Sub", "Mul", "Max", "Min", "Mean", "Sum", "Add", "Mul", "Div"))
    x = draft.pick(0)
    other = _partner(draft, x)
    if op == "Div":
        return draft.add_one("Div", x, draft.positive(_broadcast_shape(draft, x)))
    return draft.add_one(op, *((x, other) if draft.chance(0.5) else (other, x)))


def _partner(draft: Draft, x: str) -> str:
    fit = [n for n in draft.made if _is_like(draft, n, x) and _broadcasts(draft.shape(n), draft.shape(x))]
    if draft.chance(0.6):
        return str(draft.one_of(fit))
    return draft.weight(_broadcast_shape(draft, x))


def _broadcasts(one: Sequence[int], other: Sequence[int]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))


def _broadcast_shape(draft: Draft, x: str) -> list[int]:
    shape = draft.shape(x)
    kept = shape[draft.integer(0, len(shape)) :]
    return [1 if draft.chance(0.3) else extent for extent in kept]


def prelu(draft: Draft) -> object:
    x = draft.pick(1)
    return draft.add_one("PRelu", x, draft.weight(_broadcast_shape(draft, x)))


def comparison(draft: Draft) -> object:
    """Where a comparison holds one tensor, else another."""
    x = draft.pick(1)
    condition = draft.add_one(draft.one_of(("Greater", "LessOrEqual")), x, _partner(draft, x))
    return draft.add_one(
        "Where", condition, *((x, _partner(draft, x)) if draft.chance(0.5) else (_partner(draft, x), x))
    )


def reduction(draft: Draft) -> object:
    ops = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare")
    op = draft.one_of((*ops, "ReduceLogSumExp", "ReduceProd"))
    x = draft.pick(1)
    axes = draft.some(len(draft.shape(x)))
    named = [axis - len(draft.shape(x)) if draft.chance(0.3) else axis for axis in axes]
    return draft.add_one(op, x, draft.integers(named), keepdims=draft.integer(0, 1))


def softmax(draft: Draft) -> object:
    x = draft.pick(1)
    op = draft.one_of(("Softmax", "Softmax", "LogSoftmax", "Hardmax", "LpNormalization"))
    return draft.add_one(op, x, axis=draft.integer(-1, len(draft.shape(x)) - 1))


def layer_norm(draft: Draft) -> object:
    x = draft.pick(1)
    shape = draft.shape(x)
    axis = draft.integer(0, len(shape) - 1)
    scale = [draft.positive(shape[axis:])]
    bias = [draft.weight(shape[axis:])] if draft.chance(0.5) else []
    return draft.add_one("LayerNormalization", x, *scale, *bias, axis=axis)


def channel_norm(draft: Draft) -> object:
    x = draft.pick(3, 5)
    channels = draft.shape(x)[1]
    scale, bias = draft.positive([channels]), draft.weight([channels])
    op = draft.one_of(("InstanceNormalization", "GroupNormalization", "BatchNormalization"))
    if op == "BatchNormalization":
        return draft.add_one(op, x, scale, bias, draft.weight([channels]), draft.positive([channels]))
    groups = draft.one_of([g for g in range(1, channels + 1) if channels % g == 0])
    return draft.add_one(op, x, scale, bias, **({"num_groups": groups} if op == "GroupNormalization" else {}))


def lrn(draft: Draft) -> object:
    return draft.add_one("LRN", draft.pick(4, 4), size=draft.one_of((1, 3, 5)))


def mean_variance(draft: Draft) -> object:
    x = draft.pick(2, 4)
    return draft.add_one("MeanVarianceNormalization", x, axes=draft.some(len(draft.shape(x))))


COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")


def resize(draft: Draft) -> object:
    """Every mode, larger or smaller, by sizes or by scales."""
    x = draft.pick(3, 5)
    shape = draft.shape(x)
    mode = draft.one_of(("nearest", "nearest", "linear", *(["cubic"] if len(shape) == 4 else [])))
    attributes: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": draft.one_of(COORDINATES)}
    if mode == "nearest":
        rounding = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
        attributes["nearest_mode"] = draft.one_of(rounding)
    if draft.chance(0.5):
        scales = [1.0, 1.0, *(float(draft.one_of((0.5, 1.0, 2.0, 1.5, 3.0))) for _ in shape[2:])]
        return draft.add_one("Resize", x, "", draft.constant(np.array(scales, np.float32)), **attributes)
    sizes = [*shape[:2], *(draft.integer(1, 2 * extent + 1) for extent in shape[2:])]
    return draft.add_one("Resize", x, "", "", draft.integers(sizes), **attributes)


UNARY = ("Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Erf", "Softplus", "Sin", "LeakyRelu", "HardSigmoid", "Elu", "Floor")


def unary(draft: Draft) -> object:
    return draft.add_one(draft.one_of(UNARY), draft.pick(0))


def gated(draft: Draft) -> object:
    """A diamond: x times a function of x."""
    x = draft.pick(1)
    return draft.add_one("Mul", x, draft.add_one("Sigmoid", x))


def clip(draft: Draft) -> object:
    bounds = [
        draft.constant(np.float32(-draft.rng.uniform(0.2, 1))),
        draft.constant(np.float32(draft.rng.uniform(0.2, 1))),
    ]
    return draft.add_one("Clip", draft.pick(0), *bounds)


def trilu(draft: Draft) -> object:
    return draft.add_one("Trilu", draft.pick(2), draft.integers(draft.integer(-1, 2)), upper=draft.integer(0, 1))


def gather_by_run(draft: Draft) -> object:
    """Rows at positions that only a run can tell."""
    x = draft.pick(1)
    axis = draft.integer(0, len(draft.shape(x)) - 1)
    found = draft.pick(1, 2, INT64)
    limit = draft.integers(draft.shape(x)[axis])
    return draft.add_one("Gather", x, draft.add_one("Mod", found, limit), axis=axis)


LAYERS: dict[Piece, int] = {
    conv: 6,
    conv_of_two: 1,
    conv_transpose: 3,
    fold: 1,
    pool: 3,
    global_pool: 1,
    matmul: 5,
    gemm: 3,
    einsum: 3,
    einsum_of_one: 1,
    binary: 6,
    prelu: 1,
    comparison: 1,
    reduction: 3,
    softmax: 2,
    layer_norm: 1,
    channel_norm: 2,
    lrn: 1,
    mean_variance: 1,
    resize: 2,
    unary: 3,
    gated: 1,
    clip: 1,
    trilu: 1,
    gather_by_run: 2,
}
"""Each with how often it is drawn."""
