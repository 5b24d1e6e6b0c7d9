"""GRU: an input product for all steps, then per step recurrent products and the passes over its gates.

Source: ONNX operator page GRU (gates in the order z, r, h).
"""

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.lstm import ADD, HOW, MUL
from onnx2zz.ops.recurrence import (
    Direction,
    activations,
    at_each_step,
    directions,
    input_product,
    one_less,
    recurrent_product,
)
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sequence_lens import State

UPDATE, RESET, NEW = range(3)


@lowers("GRU", how=HOW)
def gru(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (steps, batch, inputs), W, R, B, sequence_lens, initial_h -> Y, Y_h."""
    return tuple(layer for way in directions(node, graph, 3) for layer in _one_direction(way))


def _one_direction(way: Direction) -> tuple[Layer, ...]:
    outputs = (*way.node.outputs, "")
    hidden = State(way, "hidden", outputs[0], 5)
    f, g = activations(way, "Sigmoid", "Tanh")
    fresh, stays = way.values("fresh"), way.values("stays")
    product_first = bool(way.node.integer("linear_before_reset", 0))
    return (
        input_product(way),
        *hidden.before(),
        recurrent_product(way, "state", hidden.previous("C"), 0, 3 if product_first else 2),
        *_gates(way, f, 3 if product_first else 2),
        *(_reset_behind(way, g) if product_first else _reset_before(way, hidden, g)),
        at_each_step(way, fresh, (way.values("gate_h"), one_less(way.values("gate_z"))), MUL),
        at_each_step(way, stays, (hidden.previous(), way.values("gate_z")), MUL),
        at_each_step(way, hidden.written, (fresh, stays), ADD),
        *hidden.closing(),
        *hidden.last(outputs[1]),
    )


def _gates(way: Direction, end: tuple[Step, ...], products: int) -> tuple[Layer, ...]:
    """z and r."""
    return tuple(
        at_each_step(way, way.values(part), (way.gate("input", index, 3), way.gate("state", index, products)), ADD, end)
        for part, index in (("gate_z", UPDATE), ("gate_r", RESET))
    )


def _reset_behind(way: Direction, end: tuple[Step, ...]) -> tuple[Layer, ...]:
    """linear_before_reset: r scales the state's product."""
    reset = way.values("reset")
    return (
        at_each_step(way, reset, (way.gate("state", NEW, 3), way.values("gate_r")), MUL),
        at_each_step(way, way.values("gate_h"), (way.gate("input", NEW, 3), reset), ADD, end),
    )


def _reset_before(way: Direction, hidden: State, end: tuple[Step, ...]) -> tuple[Layer, ...]:
    """r scales the state, which is then multiplied."""
    return (
        at_each_step(way, way.values("reset"), (hidden.previous(), way.values("gate_r")), MUL),
        recurrent_product(way, "state_h", way.values("reset", "C"), NEW, 1),
        at_each_step(way, way.values("gate_h"), (way.gate("input", NEW, 3), way.values("state_h")), ADD, end),
    )
