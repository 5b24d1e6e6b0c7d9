"""Recurrent networks: their multiply-accumulates, and output shapes where onnx has none.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

import onnx

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.draws import Draws, Place
from onnx2zz.frontend.operators.facts import OperatorFacts, Outputs, Tensors, microsoft, shape_of, shaped

SEQUENCE_LENS = 4
"""The input with the steps of each sequence."""


def _lstm(node: Node, tensors: Tensors) -> Outputs:
    """Y (steps, directions, batch, hidden), Y_h and Y_c (directions, batch, hidden)."""
    x, r = shape_of(tensors, 0), shape_of(tensors, 2)
    if x is None or r is None:
        return (None,)
    last = shaped((r[0], x[1], r[1]), onnx.TensorProto.FLOAT)
    return shaped((x[0], r[0], x[1], r[1]), onnx.TensorProto.FLOAT), last, last


def _recurrent(node: Node, graph: Graph) -> int:
    """Each step multiplies the input and the state with all gates' weights, in each direction."""
    weights, state = graph.tensors[node.inputs[1]].elements, graph.tensors[node.inputs[2]].elements
    steps, batch = graph.shape(node.inputs[0])[:2]
    return steps * batch * (weights + state)


def _last(place: Place, graph: Graph) -> int:
    return graph.shape(place.node.inputs[place.index])[-1]


WEIGHTS = Draws(fan_in={1: _last, 2: _last})

FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("LSTM", macs=_recurrent, lengths=SEQUENCE_LENS, draws=WEIGHTS),
    OperatorFacts("GRU", macs=_recurrent, lengths=SEQUENCE_LENS, draws=WEIGHTS),
    OperatorFacts("RNN", macs=_recurrent, lengths=SEQUENCE_LENS, draws=WEIGHTS),
    microsoft("DynamicQuantizeLSTM", _lstm, macs=_recurrent, lengths=SEQUENCE_LENS),
)
