"""Cast and CastLike.

Source: ONNX operator pages Cast, CastLike.
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.layer import Layer, Step
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import unary_layer


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
    layer = unary_layer(node, graph, Step("cast", parameters=(float(graph.tensors[node.outputs[0]].type),)))
    return (replace(layer, also_reads=tuple(name for name in node.inputs[1:] if name not in graph.static)),)
