"""Norms and softmax: output shapes where onnx has none.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

import onnx
from onnx import TensorProto

from onnx2zz.frontend.graph import Node, Tensor
from onnx2zz.frontend.operators.draws import Draws, positive
from onnx2zz.frontend.operators.facts import OperatorFacts, Outputs, Tensors, microsoft, same, shape_of, shaped


def _norm(node: Node, inputs: Tensors) -> Outputs:
    """Y, and statistics with one element for each normalised row."""
    x = inputs[0]
    if x is None or x.shape is None:
        return (None,)
    axis = node.integer("axis", -1) % len(x.shape)
    row = Tensor((*x.shape[:axis], *(1 for _ in x.shape[axis:])), TensorProto.FLOAT)
    return (x, row, row)


def _skip_norm(node: Node, inputs: Tensors) -> Outputs:
    """Y, mean, inverse standard deviation, the sum before normalisation."""
    return (*_norm(node, inputs), inputs[0])


def _embed_norm(node: Node, inputs: Tensors) -> Outputs:
    """Y (B, S, H), the mask's sums (B), the sum before normalisation."""
    ids, table = inputs[0], inputs[2]
    if ids is None or ids.shape is None or table is None or table.shape is None:
        return (None,)
    y = Tensor((*ids.shape, table.shape[1]), table.type)
    return (y, Tensor(ids.shape[:1], TensorProto.INT32), y)


def _like_both(node: Node, inputs: Tensors) -> Outputs:
    """The result and the sum before it."""
    return (inputs[0], inputs[0])


def _quantised_embed_norm(node: Node, tensors: Tensors) -> Outputs:
    """Output (batch, sequence, hidden) and the mask's index (batch)."""
    ids, words = shape_of(tensors, 0), shape_of(tensors, 2)
    if ids is None or words is None:
        return (None,)
    return shaped((*ids, words[1]), onnx.TensorProto.FLOAT), shaped(ids[:1], onnx.TensorProto.INT32)


SCALE = positive(1)
SKIPPED = positive(1)
"""Of what is added; its scale is the input behind that, which may have any sign."""
FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("Softmax", axis_inside=True),
    OperatorFacts("LogSoftmax", axis_inside=True),
    OperatorFacts("Hardmax", axis_inside=True, draws=Draws(few_results=2)),
    OperatorFacts("BatchNormalization", draws=positive(1, 4)),
    OperatorFacts("InstanceNormalization", draws=SCALE),
    OperatorFacts("LayerNormalization", axis_inside=True, draws=SCALE),
    OperatorFacts("RMSNormalization", draws=SCALE),
    OperatorFacts("GroupNormalization", same, draws=SCALE),
    OperatorFacts("MeanVarianceNormalization", same),
    OperatorFacts("SimplifiedLayerNormalization", _norm, draws=SCALE),
    microsoft("SimplifiedLayerNormalization", _norm, draws=SCALE),
    microsoft("SkipLayerNormalization", _skip_norm, draws=SKIPPED),
    microsoft("SkipSimplifiedLayerNormalization", _skip_norm, draws=SKIPPED),
    microsoft("EmbedLayerNormalization", _embed_norm),
    microsoft("QEmbedLayerNormalization", _quantised_embed_norm),
    microsoft("GroupNorm", same),
    microsoft("SkipGroupNorm", _like_both),
    microsoft("QLinearSoftmax", same),
)
