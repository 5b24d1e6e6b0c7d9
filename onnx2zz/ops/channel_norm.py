"""Normalisations of channels and of groups of channels: the reduce and element-wise passes that define them.

Source: ONNX operator pages InstanceNormalization, GroupNormalization (scale and bias are one a group in version 18,
one a channel from 21 on).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, split
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.layer_norm import then_each
from onnx2zz.ops.loops import Loops, filter_loops, in_order, output_loops
from onnx2zz.ops.reduction import IDENTITY, SQUARE, mean_of
from onnx2zz.ops.registry import lowers

HOW = "four layers: mean, subtract, mean square, multiply; constant scale and bias ride on the last"


@lowers("InstanceNormalization", how=HOW)
def instance_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (N, C, spatial...), scale and B of C: each channel of each image is normalised."""
    return grouped_norm(node, graph, graph.shape(node.inputs[0])[1])


@lowers("GroupNormalization", how=HOW)
def group_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (N, C, spatial...), scale and bias: each group of channels of each image is normalised."""
    return grouped_norm(node, graph, node.integer("num_groups"))


def grouped_norm(node: Node, graph: Graph, groups: int) -> tuple[Layer, ...]:
    """Loops B, G (groups), C (channels of a group) and the spatial ones; statistics are (N, groups)."""
    shape = graph.shape(node.inputs[0])
    return normalised_groups(node, graph, node.inputs[0], shape, groups, 1e-5)


def normalised_groups(
    node: Node, graph: Graph, x: str, shape: tuple[int, ...], groups: int, epsilon: float
) -> tuple[Layer, ...]:
    """The passes over a tensor x of `shape` (N, C, spatial...); `epsilon` holds where the node gives none."""
    out = node.outputs[0]
    rank = len(shape) - 2
    walked, reduced = (_loops(shape, groups, spatial) for spatial in (output_loops(rank), filter_loops(rank)))
    statistics = (along("B", shape[0]), along("G", groups))
    mean, inverse = Access(f"{out}/mean", statistics), Access(f"{out}/inverse", statistics)
    centred = f"{out}/centred"
    average = mean_of((shape[1] // groups, *shape[2:]), frozenset(range(rank + 1)))
    shift = Step(functions.SHIFT, parameters=(node.number("epsilon", epsilon),))
    product = _elementwise(out, shape, walked, (centred, inverse), functions.MUL)
    vectors = (_vector(name, graph, groups, shape[1]) for name in node.inputs[1:3])
    return (
        _reduced(mean, x, shape, reduced, IDENTITY, (average,)),
        _elementwise(centred, shape, walked, (x, mean), functions.SUB),
        _reduced(inverse, centred, shape, reduced, SQUARE, (average, shift, Step(functions.RSQRT))),
        *then_each(product, graph, tuple(zip((functions.MUL, functions.ADD), vectors, strict=True))),
    )


def _loops(shape: tuple[int, ...], groups: int, spatial: tuple[str, ...]) -> Loops:
    sizes = (shape[0], groups, shape[1] // groups, *shape[2:])
    return tuple(zip(("B", "G", "C", *spatial), sizes, strict=True))


def _axes(shape: tuple[int, ...], loops: Loops) -> tuple[Axis, ...]:
    """The axes of a whole (N, C, spatial...) tensor, groups apart."""
    return (along("B", shape[0]), split(loops[1:3], shape[1]), *(along(loop, size) for loop, size in loops[3:]))


def _vector(name: str, graph: Graph, groups: int, channels: int) -> Access:
    """One value a channel, or one a group."""
    length = graph.shape(name)[0]
    each = along("G", groups) if length == groups else split((("G", groups), ("C", channels // groups)), channels)
    return Access(name, (each,))


def _reduced(
    out: Access, x: str, shape: tuple[int, ...], loops: Loops, combine: Step, after: tuple[Step, ...]
) -> Layer:
    source = Access(x, _axes(shape, loops))
    return Layer("Pooling", in_order(loops), out, (source,), combine, "sum", after)


def _elementwise(
    out: str, shape: tuple[int, ...], loops: Loops, inputs: tuple[str, Access], function: Function
) -> Layer:
    axes = _axes(shape, loops)
    return Layer("Add", in_order(loops), Access(out, axes), (Access(inputs[0], axes), inputs[1]), Step(function))
