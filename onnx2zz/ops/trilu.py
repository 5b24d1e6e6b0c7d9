"""Trilu: one triangle of each matrix is kept.

Source: ONNX operator page Trilu.
"""

from dataclasses import replace

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Position, Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.unary import rides, unary_layer


@lowers("Trilu", how="rides on the layer that feeds it, else one element-wise layer", rides=rides)
def trilu(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (..., rows, columns): diagonals from k on are kept with upper = 1, up to k with upper = 0; else 0.

    A k that only a run can tell is taken for 0.
    """
    value = graph.value(node.input(1))
    diagonal = 0.0 if value is None else float(np.ravel(value)[0])
    *_, row, column = tensor_loops(len(graph.shape(node.outputs[0])))
    kept = functions.KEEP_FROM if node.integer("upper", 1) else functions.KEEP_TO
    layer = unary_layer(node, graph, Step(kept, Position(((column, 1), (row, -1))), (diagonal,)))
    if value is None and node.input(1):
        layer = replace(layer, kind="approximate", also_reads=(node.input(1),))
    return (layer,)
