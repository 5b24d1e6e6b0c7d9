"""RNN: an input product for all steps, then per step a recurrent product and one pass.

Source: ONNX operator page RNN.
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.lstm import ADD, HOW
from onnx2zz.ops.recurrence import (
    Direction,
    activations,
    at_each_step,
    directions,
    input_product,
    recurrent_product,
)
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sequence_lens import State


@lowers("RNN", how=HOW)
def rnn(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (steps, batch, inputs), W, R, B, sequence_lens, initial_h -> Y, Y_h."""
    return tuple(layer for way in directions(node, graph, 1) for layer in _one_direction(way))


def _one_direction(way: Direction) -> tuple[Layer, ...]:
    outputs = (*way.node.outputs, "")
    hidden = State(way, "hidden", outputs[0], 5)
    (f,) = activations(way, "Tanh")
    return (
        input_product(way),
        *hidden.before(),
        recurrent_product(way, "state", hidden.previous("C"), 0, 1),
        at_each_step(way, hidden.written, (way.values("input"), way.values("state")), ADD, f),
        *hidden.closing(),
        *hidden.last(outputs[1]),
    )
