"""Element-wise operators of two and more operands, with numpy's broadcasting.

Source: ONNX operator pages Add, Sub, Mul, Div, Pow, PRelu, Max, Min, Sum, Mean and the comparisons, and ONNX's
broadcasting page.
"""

from collections.abc import Mapping
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.integers import of_type, wrapped
from onnx2zz.ops.loops import Loops, in_order, tensor_loops
from onnx2zz.ops.registry import lowers

FUNCTION_OF: Mapping[str, Function] = {
    "Add": functions.ADD,
    "Sub": functions.SUB,
    "Mul": functions.MUL,
    "Div": functions.DIV,
    "Pow": functions.POW,
    "PRelu": functions.PRELU,
    "Max": functions.MAX,
    "Min": functions.MIN,
    "Sum": functions.ADD,
    "And": functions.AND,
    "Or": functions.OR,
    "Xor": functions.XOR,
    "Equal": functions.EQUAL,
    "Greater": functions.GREATER,
    "GreaterOrEqual": functions.GREATER_OR_EQUAL,
    "Less": functions.LESS,
    "LessOrEqual": functions.LESS_OR_EQUAL,
    "BitwiseAnd": functions.BIT_AND,
    "BitwiseOr": functions.BIT_OR,
    "BitwiseXor": functions.BIT_XOR,
}


def broadcast_axes(shape: tuple[int, ...], loops: Loops) -> tuple[Axis, ...]:
    """How loops over a result, one an axis, read an operand that is broadcast to it (aligned at the last axis)."""
    mine = loops[len(loops) - len(shape) :]
    return tuple(along(loop, e) if e == size else fixed() for (loop, size), e in zip(mine, shape, strict=True))


def loops_over(shape: tuple[int, ...]) -> Loops:
    """The loops over a whole tensor, one an axis, in the tensor's order."""
    return tuple(zip(tensor_loops(len(shape)), shape, strict=True))


def broadcast(graph: Graph, name: str, out: tuple[int, ...]) -> Access:
    """The access of an operand that is broadcast to the shape `out`."""
    return spread(name, graph.shape(name), out)


def spread(name: str, shape: tuple[int, ...], out: tuple[int, ...], loops: tuple[str, ...] | None = None) -> Access:
    """The access of a tensor of `shape` that is broadcast to `out`, whose axes `loops` walk (else an element-wise
    layer's loops)."""
    return Access(name, broadcast_axes(shape, tuple(zip(loops, out, strict=True)) if loops else loops_over(out)))


def elementwise(
    out: str, shape: tuple[int, ...], inputs: tuple[Access, ...], combine: Step, after: tuple[Step, ...] = ()
) -> Layer:
    """A layer of type Add: loops over the whole of `out`, one an axis."""
    return Layer(
        operator_type="Add",
        loops=in_order(loops_over(shape)) or (("G", 1),),
        output=Access(out, tuple(map(along, tensor_loops(len(shape)), shape))),
        inputs=inputs,
        combine=combine,
        after=after,
    )


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The activations of an operation whose other operands are scalars or vectors of constants."""
    activations = tuple(dict.fromkeys(name for name in node.inputs if name and name not in graph.static))
    constants = [name for name in node.inputs if name in graph.static]
    shape = graph.shape(node.outputs[0])
    whole = all(graph.shape(name) == shape for name in activations)
    return activations if whole and all(per_channel(graph.shape(name)) for name in constants) else ()


def per_channel(shape: tuple[int, ...]) -> bool:
    """Whether a constant is a scalar, or a vector along one axis."""
    return sum(size > 1 for size in shape) <= 1


@lowers(
    *FUNCTION_OF, how="n-1 element-wise layers of n operands; rides on its layer if the rest is constants", rides=rides
)
def binary(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Operands are combined left to right, each step a layer of its operands' common shape."""
    function = of_type(FUNCTION_OF[node.op], graph.tensors[node.inputs[0]].type)
    return chain(node, graph, Step(function), wrapped(function, graph.tensors[node.outputs[0]].type))


@lowers("Mean", how="n-1 element-wise layers of n operands", rides=rides)
def mean(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """The sum of the operands; the last layer divides by their number."""
    return chain(node, graph, Step(functions.ADD), (Step(functions.SCALE, parameters=(1.0 / len(node.inputs),)),))


@lowers("Mod", how="one element-wise layer", rides=rides)
def mod(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """With fmod = 1 the result has the dividend's sign, else the divisor's."""
    return chain(node, graph, Step(functions.FMOD if node.integer("fmod", 0) else functions.MOD))


@lowers("BitShift", how="one element-wise layer", rides=rides)
def bit_shift(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """The first operand's bits moved by the second operand."""
    function = functions.SHIFT_LEFT if node.text("direction", "") == "LEFT" else functions.SHIFT_RIGHT
    return chain(node, graph, Step(function), wrapped(function, graph.tensors[node.outputs[0]].type))


def chain(node: Node, graph: Graph, combine: Step, after: tuple[Step, ...] = ()) -> tuple[Layer, ...]:
    """`combine` over all inputs, left to right; `after` ends the last layer."""
    out, names = node.outputs[0], node.inputs
    if len(names) == 1:
        whole = broadcast(graph, names[0], graph.shape(out))
        return (elementwise(out, graph.shape(out), (whole,), Step(functions.IDENTITY), after),)
    layers: list[Layer] = []
    left, left_shape = names[0], graph.shape(names[0])
    for index, right in enumerate(names[1:], 1):
        right_shape = _aligned(node, graph.shape(right), len(left_shape))
        shape = common_shape(left_shape, right_shape)
        target = out if index == len(names) - 1 else f"{out}/{index}"
        operands = (spread(left, left_shape, shape), spread(right, right_shape, shape))
        layers.append(elementwise(target, shape, operands, combine))
        left, left_shape = target, shape
    layers[-1] = replace(layers[-1], after=after)
    return tuple(layers)


def _aligned(node: Node, shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """A second operand's shape as numpy would need it; before version 7 the attribute `axis` says where it begins."""
    if node.version >= 7 or not node.integer("broadcast", 0) or "axis" not in node.protos:
        return shape
    return (*shape, *(1 for _ in range(rank - node.integer("axis") % rank - len(shape))))


def common_shape(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """numpy's broadcast of two shapes."""
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(s)) + s for s in (first, second)]
    return tuple(b if a == 1 else a for a, b in zip(*padded, strict=True))
