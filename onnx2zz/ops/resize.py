"""Resize and Upsample: nearest is one movement layer, interpolation one pass of weighted windows for each axis.

Source: ONNX operator pages Resize (versions 10 to 19) and Upsample (7, 9).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from onnx import TensorProto

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, affine, along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.interpolation import interpolation, pieces, within
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import movement
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.resampling import (
    Resizing,
    Taps,
    cubic_weight,
    grid,
    linear_weight,
    nearest,
    positions,
    rough_grid,
    taps,
)

T = TypeVar("T")
U = TypeVar("U")
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)


@dataclass(frozen=True)
class Method:
    """How a node interpolates."""

    mode: str
    coordinates: str
    rounding: str


def is_identity(node: Node, graph: Graph) -> bool:
    """Whether the output is the input: onnxruntime copies where the sizes stay, whatever the coordinates say."""
    return graph.shape(node.inputs[0]) == graph.shape(node.outputs[0])


@lowers(
    "Resize",
    "Upsample",
    how="nearest is one movement layer; linear and cubic are a pass of weighted windows for each resized axis",
    kind="movement",
    view=is_identity,
)
def resize(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X of any rank; roi, scales and sizes are constants, or the interpolation is an estimate."""
    if _method(node).mode == "nearest":
        return (_nearest_layer(node, graph),)
    return tuple(_passes(node, graph))


def _method(node: Node) -> Method:
    if node.op == "Upsample" or node.version < 11:  # before version 11 there was one rule
        return Method(node.text("mode", "nearest"), "asymmetric", "floor")
    return Method(
        node.text("mode", "nearest"),
        node.text("coordinate_transformation_mode", "half_pixel"),
        node.text("nearest_mode", "round_prefer_floor"),
    )


def _resizings(node: Node, graph: Graph) -> tuple[Resizing, ...]:
    """Each axis of the tensor, those that keep their size included."""
    shape, out = graph.shape(node.inputs[0]), graph.shape(node.outputs[0])
    scales = _scales(node, graph)
    roi = _per_axis(node, graph, _roi(node, graph), (0.0, 1.0))
    return tuple(Resizing(e, o, s, r) for e, o, s, r in zip(shape, out, scales, roi, strict=True))


def _scales(node: Node, graph: Graph) -> tuple[float, ...]:
    shape, out = graph.shape(node.inputs[0]), graph.shape(node.outputs[0])
    exact = tuple(o / e for o, e in zip(out, shape, strict=True))
    # Where the scales stand changed with the versions: two attributes (Upsample 1), one (Upsample 7), an input since
    # then. Where sizes are given instead, the quotient of the shapes is exact, unless a policy wants one scale for all
    # axes.
    listed = node.numbers("scales")
    if "height_scale" in node.protos:
        listed = [*(1.0 for _ in shape[2:]), node.number("height_scale"), node.number("width_scale")]
    elif "scales" not in node.protos:
        value = graph.value(node.input(1 if node.op == "Upsample" or node.version < 11 else 2))
        listed = [] if value is None else [float(v) for v in np.ravel(value)]
    if listed:  # 0.6 in float32 is no 3/5; the quotient is taken wherever it stands for the same
        given = _per_axis(node, graph, listed, 1.0)
        return tuple(e if abs(e - g) < 1e-6 * e else g for e, g in zip(exact, given, strict=True))
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    sizes = graph.value(node.input(3))
    if policy == "stretch" or sizes is None:
        return exact
    wanted = _per_axis(node, graph, [float(v) for v in np.ravel(sizes)], None)
    ratios = [w / e for w, e in zip(wanted, shape, strict=True) if w is not None]
    common = min(ratios) if policy == "not_larger" else max(ratios)
    return tuple(1.0 if w is None else common for w in wanted)


def _roi(node: Node, graph: Graph) -> list[tuple[float, float]]:
    value = None if node.op == "Upsample" or node.version < 11 else graph.value(node.input(1))
    flat = [] if value is None else [float(v) for v in np.ravel(value)]
    return list(zip(flat[: len(flat) // 2], flat[len(flat) // 2 :], strict=True))


def _per_axis(node: Node, graph: Graph, values: Sequence[T], default: U) -> tuple[T | U, ...]:
    """Values by the attribute `axes`, which may leave some axes out."""
    rank = len(graph.shape(node.inputs[0]))
    axes = [axis % rank for axis in node.integers("axes") or range(rank)]
    given = dict(zip(axes, values, strict=False))
    return tuple(given.get(axis, default) for axis in range(rank))


def _nearest_layer(node: Node, graph: Graph) -> Layer:
    """Output axes of whole periods are walked by two loops, the inner of which reads one element again and again."""
    x, out = node.inputs[0], node.outputs[0]
    how, loops = _method(node), list(tensor_loops(len(graph.shape(x))))
    sizes: list[tuple[str, int]] = []
    reads: list[Axis] = []
    writes: list[tuple[tuple[str, int], ...]] = []
    # Where the pattern of the elements that are read repeats, one loop walks the periods and an inner one the places
    # within. The inner loop reads one element again and again if its offsets are equal; else no affine map holds, and a
    # stand-in of the same volume takes its place.
    for axis, loop in zip(_resizings(node, graph), list(loops), strict=True):
        chosen = nearest(axis, how.coordinates, how.rounding)
        found = grid(axis, chosen)
        if len(set(found.offsets)) > 1:
            found = rough_grid(axis)
        inner = within(loop)
        sizes += [(loop, axis.out // found.period), (inner, found.period)]
        reads.append(along(loop, axis.extent, found.offsets[0], found.stride))
        writes.append(((loop, found.period), (inner, 1)))
    kept = tuple((loop, size) for loop, size in sizes if size > 1 or loop in loops)
    names = {loop for loop, _ in kept}
    written = (
        affine(tuple(t for t in terms if t[0] in names), e) for terms, e in zip(writes, graph.shape(out), strict=True)
    )
    return movement(kept, Access(out, tuple(written)), Access(x, tuple(reads), border="edge"))


def _passes(node: Node, graph: Graph) -> Iterator[Layer]:
    """The interpolating layers, `approximate` where they stand for a node that a run does not prove."""
    how, axes = _method(node), _resizings(node, graph)
    moved = [i for i, axis in enumerate(axes) if not _unchanged(axis, how)]
    windows = {i: pieces(_taps(node, axes[i]), axes[i], _is_exact(node, graph, axes[i])) for i in moved}
    return interpolation(node.inputs[0], node.outputs[0], graph.shape(node.inputs[0]), windows)


def _unchanged(axis: Resizing, how: Method) -> bool:
    return axis.extent == axis.out and np.allclose(positions(axis, how.coordinates), np.arange(axis.out))


def _is_exact(node: Node, graph: Graph, axis: Resizing) -> bool:
    """Integers are rounded in a way of each runtime's own; a crop may reach outside, where a fill value lies."""
    places = positions(axis, _method(node).coordinates)
    crop = _method(node).coordinates == "tf_crop_and_resize"
    outside = crop and bool((places < 0).any() or (places > axis.extent - 1).any())
    known = all(graph.value(name) is not None for name in _steering(node))
    return graph.tensors[node.inputs[0]].type in FLOATS and not outside and known


def _steering(node: Node) -> Iterator[str]:
    """Inputs whose values, beside the shapes, say where elements lie: where only a run knows one, what is read is an
    estimate. Sizes are the output's shape, unless a policy wants one scale for all axes."""
    older = node.op == "Upsample" or node.version < 11
    used = {1 if older else 2}
    if not older:
        used |= {1} if _method(node).coordinates == "tf_crop_and_resize" else set()
        used |= {3} if node.text("keep_aspect_ratio_policy", "stretch") != "stretch" else set()
    yield from (node.input(index) for index in sorted(used) if node.input(index))


def _taps(node: Node, axis: Resizing) -> Taps:
    cubic = node.text("mode", "nearest") == "cubic"
    weight = cubic_weight(node.number("cubic_coeff_a", -0.75)) if cubic else linear_weight
    antialias, inside_only = bool(node.integer("antialias", 0)), bool(node.integer("exclude_outside", 0))
    return taps(axis, _method(node).coordinates, weight, 2 if cubic else 1, antialias, cubic and inside_only)
