"""Cast and CastLike.

Source: ONNX operator pages Cast, CastLike (saturate).
"""

from dataclasses import replace

from onnx import TensorProto

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.quantisation import NARROW_FLOATS
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import unary_layer

FOUR_BITS = (TensorProto.INT4, TensorProto.UINT4)


def same_type(node: Node, graph: Graph) -> bool:
    """Whether the elements have the wanted type already."""
    return graph.tensors[node.inputs[0]].type == graph.tensors[node.outputs[0]].type


def rides(node: Node, graph: Graph) -> tuple[str, ...]:
    """The operand; of CastLike's second input only the type is read."""
    return node.inputs[:1]


@lowers(
    "Cast",
    "CastLike",
    how="rides on the layer that feeds it, else one element-wise layer; a view where the type stays",
    view=same_type,
    rides=rides,
)
def cast(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Every element in the output's type; CastLike's second input tells the type, which is no work but an edge."""
    first, *others = steps(node, graph.tensors[node.outputs[0]].type)
    layer = unary_layer(node, graph, first, tuple(others))
    return (replace(layer, also_reads=tuple(name for name in node.inputs[1:] if name not in graph.static)),)


def steps(node: Node, element: int) -> tuple[Step, ...]:
    """A round trip through the element type; what a narrow float cannot hold becomes its largest number first, and
    integers of four bits are rounded to, as in onnxruntime, where wider ones lose their fraction."""
    through = Step(functions.CAST, parameters=(float(element),))
    if element in FOUR_BITS:
        return Step(functions.ROUND_AWAY), through
    *_, largest = NARROW_FLOATS.get(TensorProto.DataType.Name(element), (0.0,))
    if not largest or not node.integer("saturate", 1):
        return (through,)
    return Step(functions.CLIP, parameters=(-largest, largest)), through
