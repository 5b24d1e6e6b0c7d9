"""Reductions over any axes of a tensor.

Source: ONNX operator pages ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceLogSum,
ReduceLogSumExp, ReduceSumSquare (axes as attribute or input, keepdims, noop_with_empty_axes).
"""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer, Reduction
from onnx2zz.ops.integers import BITS
from onnx2zz.ops.loops import in_order, tensor_loops
from onnx2zz.ops.registry import lowers

IDENTITY = Step(functions.IDENTITY)
ABS, SQUARE, SQRT, LOG = Step(functions.ABS), Step(functions.SQUARE), Step(functions.SQRT), Step(functions.LOG)
FORMULA: dict[str, tuple[Step, Reduction, tuple[Step, ...]]] = {
    "ReduceSum": (IDENTITY, "sum", ()),
    "ReduceMean": (IDENTITY, "sum", ()),
    "ReduceMax": (IDENTITY, "max", ()),
    "ReduceMin": (IDENTITY, "min", ()),
    "ReduceProd": (IDENTITY, "prod", ()),
    "ReduceL1": (ABS, "sum", ()),
    "ReduceL2": (SQUARE, "sum", (SQRT,)),
    "ReduceLogSum": (IDENTITY, "sum", (LOG,)),
    "ReduceLogSumExp": (IDENTITY, "logsumexp", ()),
    "ReduceSumSquare": (SQUARE, "sum", ()),
}
ROUNDED = {
    "ReduceMean": functions.TRUNC,
    "ReduceL2": functions.TRUNC,
    "ReduceLogSum": functions.TRUNC,
    "ReduceLogSumExp": functions.FLOOR,
}
"""How onnxruntime makes integers of their results: LogSumExp adds the whole part of a logarithm to the largest."""
OF_ONE_ELEMENT = frozenset({"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp"})


def changes_nothing(node: Node, graph: Graph) -> bool:
    """Whether the reduction hands its input on, shape and all: axes of one element, or none at all."""
    return node.op in OF_ONE_ELEMENT and graph.shape(node.inputs[0]) == graph.shape(node.outputs[0])


@lowers(*FORMULA, how="one Pooling layer; a view where it changes nothing", view=changes_nothing)
def reduction(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Every element through `combine`, then reduced along the axes, then `after`."""
    shape, axes = graph.shape(node.inputs[0]), reduced_axes(node, graph)
    combine, reduce, after = FORMULA[node.op]
    if node.op == "ReduceMean":
        after = (mean_of(shape, axes),)
    if node.op in ROUNDED and graph.tensors[node.outputs[0]].type in BITS:
        after = (*after, Step(ROUNDED[node.op]))
    layer = reduced(node.outputs[0], node.inputs[0], shape, axes, reduce, combine, after)
    layer = layer if node.integer("keepdims", 1) else without_axes(layer, axes)
    known = not node.input(1) or graph.value(node.input(1)) is not None
    return (layer if known else _told_by_shapes(layer, node, graph),)


def reduced_axes(node: Node, graph: Graph) -> frozenset[int]:
    """The axes, counted from the front. None given means all, or no axis with noop_with_empty_axes."""
    rank = len(graph.shape(node.inputs[0]))
    value = graph.value(node.input(1))
    if value is None and node.input(1):
        return _by_shapes(node, graph)[0]
    given = node.integers("axes") or ([] if value is None else [int(a) for a in np.ravel(value)])
    if not given and not node.integer("noop_with_empty_axes", 0):
        return frozenset(range(rank))
    return frozenset(axis % rank for axis in given)


def _by_shapes(node: Node, graph: Graph) -> list[frozenset[int]]:
    """Axes that only a run names: every set that makes the output's shape of the input's."""
    shape, out = graph.shape(node.inputs[0]), graph.shape(node.outputs[0])
    if node.integer("keepdims", 1):
        return [frozenset(i for i, (before, after) in enumerate(zip(shape, out, strict=True)) if before != after)]
    kept = combinations(range(len(shape)), len(out))
    return [frozenset(range(len(shape))).difference(one) for one in kept if tuple(shape[i] for i in one) == out]


def _told_by_shapes(layer: Layer, node: Node, graph: Graph) -> Layer:
    """The layer where only a run names the axes: exact if one set of them fits, as far as it is no axis of one element,
    of which a reduction makes nothing else."""
    shape = graph.shape(node.inputs[0])
    reads = replace(layer, also_reads=(node.input(1),))
    if len({frozenset(i for i in axes if shape[i] > 1) for axes in _by_shapes(node, graph)}) == 1:
        return reads
    return replace(reads, kind="approximate", why="which axes are reduced is known at run time only")


def reduced(
    out: str,
    source: str,
    shape: tuple[int, ...],
    axes: frozenset[int],
    reduce: Reduction,
    combine: Step = IDENTITY,
    after: tuple[Step, ...] = (),
) -> Layer:
    """The loop nest that reduces `source` of `shape` along `axes`, which stay in `out` with one element."""
    loops = reducing_loops(len(shape), axes)
    return Layer(
        operator_type="Pooling",
        loops=in_order(zip(loops, shape, strict=True)) or (("G", 1),),
        output=Access(out, tuple(fixed() if i in axes else along(loops[i], e) for i, e in enumerate(shape))),
        inputs=(Access(source, tuple(map(along, loops, shape))),),
        combine=combine,
        reduce=reduce,
        after=after,
    )


def reducing_loops(rank: int, axes: frozenset[int]) -> tuple[str, ...]:
    """Loops over a tensor: reduced spatial axes are walked by filter loops, as in a global pool, channels by C."""
    return tuple(_reducing(loop) if i in axes else loop for i, loop in enumerate(tensor_loops(rank)))


def _reducing(loop: str) -> str:
    if loop == "G":
        return "C"
    return f"F{loop[1:]}" if loop.startswith("O") else f"F{loop}"


def without_axes(layer: Layer, axes: frozenset[int]) -> Layer:
    """The layer with the reduced axes gone from its output (keepdims 0)."""
    kept = tuple(axis for i, axis in enumerate(layer.output.axes) if i not in axes)
    return replace(layer, output=replace(layer.output, axes=kept))


def mean_of(shape: tuple[int, ...], axes: frozenset[int]) -> Step:
    """From a sum along `axes` to the mean."""
    return Step(functions.SCALE, parameters=(1.0 / math.prod(shape[i] for i in axes),))
