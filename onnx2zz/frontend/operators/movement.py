"""Operators that move data: output shapes where onnx has none, attributes that take more than others of their name,
and which inputs only steer.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

import onnx

from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.operators.draws import STEERED, STEERED_VIEW, VIEW, Draws
from onnx2zz.frontend.operators.facts import (
    OFFSETS,
    OperatorFacts,
    Outputs,
    Shape,
    Tensors,
    microsoft,
    shape_of,
    shaped,
    type_of,
)

ANYWHERE = range(-(2**63), 2**63)
"""Cut to the rank."""


def packed_bits(element: int, bits: int) -> int:
    """Bits of an element that bytes hold several of; 0 if the tensor's type says its width."""
    return bits if element == onnx.TensorProto.UINT8 else 0


def unpacked_shape(shape: Shape, bits: int) -> Shape:
    """The shape of a tensor that is packed along its last axis."""
    return (*shape[:-1], shape[-1] * 8 // bits) if bits else shape


def _concat(node: Node, tensors: Tensors) -> Outputs:
    shapes = [shape_of(tensors, index) for index in range(2, len(tensors), 3)]
    known = [s for s in shapes if s is not None]
    if len(known) < len(shapes):
        return (None,)
    axis = node.integer("axis", 1) % len(known[0])
    joined = sum(s[axis] for s in known)
    return (shaped((*known[0][:axis], joined, *known[0][axis + 1 :]), type_of(tensors, 1)),)


def _gather_block_quantized(node: Node, tensors: Tensors) -> Outputs:
    data, indices = shape_of(tensors, 0), shape_of(tensors, 1)
    if data is None or indices is None:
        return (None,)
    shape = unpacked_shape(data, packed_bits(type_of(tensors, 0), node.integer("bits", 4)))
    axis = node.integer("gather_axis", 0) % len(shape)
    return (shaped((*shape[:axis], *indices, *shape[axis + 1 :]), type_of(tensors, 2)),)


STEERED_OPERATORS = (
    "Compress", "ConstantOfShape", "CumSum", "OneHot", "Range", "Resize", "Tile", "TopK", "Trilu", "Upsample",
)  # fmt: skip
FACTS: tuple[OperatorFacts, ...] = (
    *(OperatorFacts(name, draws=STEERED) for name in STEERED_OPERATORS),
    *(
        OperatorFacts(name, draws=STEERED_VIEW)
        for name in ("Expand", "Reshape", "Slice", "Split", "Squeeze", "Unsqueeze")
    ),
    *(OperatorFacts(name, draws=VIEW) for name in ("Flatten", "Transpose")),
    OperatorFacts("Concat", draws=Draws(passes_on="all")),
    OperatorFacts("Gather", draws=Draws(rows=1, steered=True)),
    OperatorFacts("GatherElements", draws=Draws(rows=1)),
    OperatorFacts("Pad", ranges={"pads": OFFSETS}, draws=STEERED),
    OperatorFacts("Shape", ranges={"start": ANYWHERE, "end": ANYWHERE}),
    OperatorFacts("SplitToSequence", axis_inside=True),
    microsoft("QLinearConcat", _concat),
    microsoft("GatherBlockQuantized", _gather_block_quantized),
)
