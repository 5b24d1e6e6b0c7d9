"""Output shapes of the first versions of some operators, for which onnx has no inference.

Source: the ONNX changelog, versions 1 to 3 of Pad, Upsample, Reshape, Concat, Cast and BatchNormalization. Each rule
takes the node and its inputs' tensors and gives one Tensor per output (None where it stays unknown).
"""

import math
from collections.abc import Callable

import onnx

from onnx2zz.frontend.amended_shapes import scaled
from onnx2zz.frontend.graph import Node, Tensor
from onnx2zz.frontend.operators.facts import Outputs, Rule, Shape, Tensors


def _of_first(shape_of: Callable[[Node, Shape], Shape]) -> Rule:
    """A rule that makes the output's shape from the first input's."""

    def rule(node: Node, tensors: Tensors) -> Outputs:
        x = tensors[0]
        return (Tensor(shape_of(node, x.shape), x.type),) if x is not None and x.shape is not None else (None,)

    return rule


def _padded(node: Node, shape: Shape) -> Shape:
    pads = node.integers("paddings")
    return tuple(e + pads[i] + pads[i + len(shape)] for i, e in enumerate(shape))


def _upsampled(node: Node, shape: Shape) -> Shape:
    height, width = shape[-2:]
    return (
        *shape[:-2],
        scaled(height, node.number("height_scale")),
        scaled(width, node.number("width_scale")),
    )


def _reshaped(node: Node, shape: Shape) -> Shape:
    wanted = [shape[i] if size == 0 else size for i, size in enumerate(node.integers("shape"))]
    known = math.prod(size for size in wanted if size >= 0)
    return tuple(math.prod(shape) // known if size < 0 else size for size in wanted)


def _same(node: Node, shape: Shape) -> Shape:
    return shape


def _concatenated(node: Node, tensors: Tensors) -> Outputs:
    shapes = [t.shape for t in tensors if t is not None and t.shape is not None]
    if len(shapes) < len(tensors) or tensors[0] is None:
        return (None,)
    axis = node.integer("axis", 1) % len(shapes[0])
    joined = sum(shape[axis] for shape in shapes)
    return (Tensor((*shapes[0][:axis], joined, *shapes[0][axis + 1 :]), tensors[0].type),)


def _cast(node: Node, tensors: Tensors) -> Outputs:
    x = tensors[0]
    element = onnx.TensorProto.DataType.Value(node.text("to").upper())
    return (Tensor(x.shape, element),) if x is not None else (None,)


LEGACY_SHAPES: dict[tuple[str, int], Rule] = {
    ("Pad", 1): _of_first(_padded),
    ("Upsample", 1): _of_first(_upsampled),
    ("Reshape", 1): _of_first(_reshaped),
    ("BatchNormalization", 1): _of_first(_same),
    ("Concat", 1): _concatenated,
    ("Cast", 1): _cast,
}
