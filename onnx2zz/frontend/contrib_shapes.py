"""Output shapes of the operators that ONNX Runtime adds under com.microsoft, which onnx itself cannot infer.

Source: ONNX Runtime's ContribOperators page. Each rule takes the node and its inputs' tensors (None where an input is
left out) and gives one Tensor per output (None where it stays unknown).
"""

from collections.abc import Callable, Sequence

from onnx2zz.frontend.graph import Node, Tensor
from onnx2zz.frontend.quantised_shapes import QUANTISED_SHAPES
from onnx2zz.frontend.spatial_shapes import SHAPES as SPATIAL_SHAPES
from onnx2zz.frontend.transformer_shapes import SHAPES as TRANSFORMER_SHAPES

Tensors = Sequence[Tensor | None]
CONTRIB_SHAPES: dict[str, Callable[[Node, Tensors], tuple[Tensor | None, ...]]] = {
    **QUANTISED_SHAPES,
    **SPATIAL_SHAPES,
    **TRANSFORMER_SHAPES,
}
