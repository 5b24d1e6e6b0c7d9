"""Quantised numbers: zero points come off as elements are read; results are scaled, rounded and saturated.

Source: ONNX operator pages QuantizeLinear and DequantizeLinear; float32 arithmetic and its order are ONNX Runtime's
(core/mlas/lib/quantize.cpp): a float64 operation followed by "single" gives what float32 gives.
"""

from collections.abc import Mapping
from dataclasses import replace

from onnx import TensorProto

from onnx2zz.frontend.graph import Graph
from onnx2zz.frontend.operators.integer_ranges import INTEGER_RANGES
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, blocks, fixed
from onnx2zz.ir.layer import Layer

SINGLE = Step(functions.SINGLE)
NARROW_FLOATS: dict[str, tuple[int, int, float]] = {  # bits of the mantissa, lowest exponent, largest number
    "FLOAT8E4M3FN": (3, -6, 448.0),
    "FLOAT8E4M3FNUZ": (3, -7, 240.0),
    "FLOAT8E5M2": (2, -14, 57344.0),
    "FLOAT8E5M2FNUZ": (2, -15, 57344.0),
    "FLOAT4E2M1": (1, 0, 6.0),
}


def scalar(graph: Graph, name: str) -> Access:
    """A tensor of one element, whatever its rank."""
    return Access(name, tuple(fixed() for _ in graph.shape(name)))


def parameter(graph: Graph, name: str, axes: tuple[Axis, ...], axis: int, block: int = 0) -> Access:
    """A scale or zero point of a tensor that is read with `axes`: one per tensor, per `axis`, or per `block` of it."""
    shape = graph.shape(name)
    if graph.tensors[name].elements == 1:
        return scalar(graph, name)
    walked = axes[axis]
    if block:
        shared = blocks(walked.terms[0][0], shape[axis], block)
        return Access(name, tuple(shared if i == axis else a for i, a in enumerate(axes)))
    return Access(name, (walked,))


def without(zero_point: Access | None) -> tuple[Step, ...]:
    """Takes a zero point off."""
    return (Step(functions.SUB, zero_point),) if zero_point else ()


def dequantised(scale: Access, zero_point: Access | None) -> tuple[Step, ...]:
    """(x - zero point) * scale."""
    return (*without(zero_point), Step(functions.MUL, scale), SINGLE)


def quantised(scale: Access, zero_point: Access | None, element: int) -> tuple[Step, ...]:
    """saturate(round(x / scale) + zero point), in the ONNX element type `element`."""
    return (Step(functions.DIV, scale), SINGLE, *rounded(zero_point, element))


def rounded(zero_point: Access | None, element: int) -> tuple[Step, ...]:
    """Half to even, then the zero point, then the type's range; for float types the nearest number."""
    name = TensorProto.DataType.Name(element)
    if name in NARROW_FLOATS:
        return (Step(functions.NARROW_FLOAT, parameters=tuple(map(float, NARROW_FLOATS[name]))),)
    shift = (Step(functions.ADD, zero_point),) if zero_point else ()
    return (Step(functions.ROUND), *shift, Step(functions.CLIP, parameters=tuple(map(float, INTEGER_RANGES[name]))))


def requantised(factor: Access, zero_point: Access | None, element: int) -> tuple[Step, ...]:
    """An integer sum times a float32 factor, rounded to `element`."""
    return (SINGLE, Step(functions.MUL, factor), SINGLE, *rounded(zero_point, element))


def ratio(x_scale: Access, w_scale: Access, y_scale: Access | None = None) -> Access:
    """x_scale * w_scale / y_scale in float32, read where `w_scale` is read."""
    over = (Step(functions.DIV, y_scale), SINGLE) if y_scale else ()
    return Access(w_scale.tensor, w_scale.axes, (Step(functions.MUL, x_scale), SINGLE, *over))


def dequantised_reads(layer: Layer, tensors: Mapping[str, tuple[Step, ...]]) -> Layer:
    """The layer with every read of the given tensors, by operands and by steps, followed by their steps."""

    def read(access: Access) -> Access:
        return replace(access, prepare=(*tensors.get(access.tensor, ()), *map(step, access.prepare)))

    def step(old: Step) -> Step:
        return replace(old, operand=read(old.operand)) if isinstance(old.operand, Access) else old

    return replace(
        layer,
        inputs=tuple(map(read, layer.inputs)),
        combine=step(layer.combine),
        after=tuple(map(step, layer.after)),
    )
