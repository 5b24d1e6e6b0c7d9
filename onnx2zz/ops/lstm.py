"""LSTM: an input product for all steps, then per step a recurrent product and the passes over its gates.

Source: ONNX operator page LSTM (gates in the order i, o, f, c; peepholes in the order i, o, f).
"""

from collections.abc import Callable
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import fixed
from onnx2zz.ir.layer import Layer
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

INPUT, OUTPUT, FORGET, CELL = range(4)
MUL, ADD = Step(functions.MUL), Step(functions.ADD)
StateProduct = Callable[[Direction, State], tuple[Layer, ...]]
HOW = "per direction a Gemm layer for the inputs of all steps, one with the step as a loop for the state, then passes"


@lowers("LSTM", how=HOW)
def lstm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X (steps, batch, inputs), W, R, B, sequence_lens, initial_h, initial_c, P -> Y, Y_h, Y_c."""
    return tuple(layer for way in directions(node, graph, 4) for layer in one_direction(way))


def plain_product(way: Direction, hidden: State) -> tuple[Layer, ...]:
    """The state before each step * R."""
    return (recurrent_product(way, "state", hidden.previous("C"), 0, 4),)


def one_direction(way: Direction, state_product: StateProduct = plain_product) -> tuple[Layer, ...]:
    """The layers of one direction; `state_product` gives those of the state's product."""
    outputs = (*way.node.outputs, "", "")
    hidden, cell = State(way, "hidden", outputs[0], 5), State(way, "cell", "", 6)
    return (
        input_product(way),
        *hidden.before(),
        *cell.before(),
        *state_product(way, hidden),
        *_passes(way, hidden, cell),
        *cell.closing(),
        *hidden.closing(),
        *hidden.last(outputs[1]),
        *cell.last(outputs[2]),
    )


def _passes(way: Direction, hidden: State, cell: State) -> tuple[Layer, ...]:
    """i, f and c from the sums, C = f * C + i * c, o, H = o * h(C). Like onnxruntime, C is not clipped for h."""
    f, g, h = activations(way, "Sigmoid", "Tanh", "Tanh")
    coupled = bool(way.node.integer("input_forget", 0))
    kept, added = way.values("kept"), way.values("added")
    forget = one_less(way.values("gate_i")) if coupled else way.values("gate_f")
    return (
        *_gate(way, "gate_i", INPUT, f, cell.previous(), 0),
        *(() if coupled else _gate(way, "gate_f", FORGET, f, cell.previous(), 2)),
        *_gate(way, "gate_c", CELL, g, None, 0),
        at_each_step(way, kept, (cell.previous(), forget), MUL),
        at_each_step(way, added, (way.values("gate_i"), way.values("gate_c")), MUL),
        at_each_step(way, cell.written, (kept, added), ADD),
        *_gate(way, "gate_o", OUTPUT, f, cell.written, 1),
        at_each_step(way, hidden.written, (way.values("gate_o"), replace(cell.written, prepare=h[-1:])), MUL),
    )


def _gate(
    way: Direction, part: str, index: int, end: tuple[Step, ...], cell: Access | None, peephole: int
) -> tuple[Layer, ...]:
    """One gate: both products' sum, with a peephole the cell's share, then the activation."""
    sums = (way.gate("input", index, 4), way.gate("state", index, 4))
    if cell is None or not way.node.input(7):
        return (at_each_step(way, way.values(part), sums, ADD, end),)
    weights = Access(way.node.input(7), (fixed(way.count, way.index), way.rows("G", peephole, 3)))
    share = replace(cell, prepare=(Step(functions.MUL, weights),))
    return (
        at_each_step(way, way.values(f"{part}_sum"), sums, ADD),
        at_each_step(way, way.values(part), (way.values(f"{part}_sum"), share), ADD, end),
    )
