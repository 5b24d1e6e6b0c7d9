"""DynamicQuantizeLSTM: an LSTM whose products multiply integers; X and, step by step, the state are quantised first.

Source: ONNX Runtime's ContribOperators page (com.microsoft): W (directions, inputs, 4 * hidden), R (directions, hidden,
4 * hidden), their scales and zero points one a direction or one a column.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from onnx import TensorProto

from onnx2zz.formats.workload_entry import STEP
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer, Reduction
from onnx2zz.ops.dynamic_quantize import NOT_ABOVE_ZERO, NOT_BELOW_ZERO, TO_SCALE, TO_ZERO_POINT, quantisation
from onnx2zz.ops.lstm import HOW, one_direction
from onnx2zz.ops.quantisation import dequantised, quantised
from onnx2zz.ops.recurrence import Direction, at_each_step, recurrent_product
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sequence_lens import State


@lowers(
    "com.microsoft.DynamicQuantizeLSTM",
    how=f"two reductions and one element-wise layer that quantise X, and the state in each step; {HOW}",
)
def dynamic_quantize_lstm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """X, W, R, B, sequence_lens, initial_h, initial_c, P, scale and zero point of W, of R -> Y, Y_h, Y_c."""
    ways = [IntegerDirection(node, graph, index, 4) for index in range(graph.shape(node.inputs[1])[0])]
    x = ways[0].quantised_x
    layers = quantisation(graph, node.inputs[0], x, f"{x}_scale", f"{x}_zero")
    return (*layers, *(layer for way in ways for layer in one_direction(way, _state_product)))


@dataclass(frozen=True)
class IntegerDirection(Direction):
    """A direction whose X and weights are integers; rows and columns of W and R are exchanged."""

    @cached_property
    def hidden(self) -> int:
        return self.graph.shape(self.node.inputs[2])[1]

    @property
    def quantised_x(self) -> str:
        """The quantised X, which both directions read."""
        return f"{next(filter(None, self.node.outputs))}/x"

    @cached_property
    def inputs(self) -> Access:
        x = self.quantised_x
        read = dequantised(Access(f"{x}_scale", ()), Access(f"{x}_zero", ()))
        return replace(super().inputs, tensor=x, prepare=read)

    def weights(self, index: int, first: int = 0) -> Access:
        direction, rows, _ = super().weights(index, first).axes
        name = self.node.inputs[index]
        scale, zero_point = (self._parameter(self.node.inputs[6 + 2 * index + i], first) for i in range(2))
        columns = along("C", self.graph.shape(name)[1])
        return Access(name, (direction, columns, rows), dequantised(scale, zero_point))

    def _parameter(self, name: str, first: int) -> Access:
        """A scale or zero point: one a direction, or one a column."""
        direction = fixed(self.count, self.index)
        each = len(self.graph.shape(name)) > 1
        return Access(name, (direction, self.rows("K", first, self.gates)) if each else (direction,))


def _state_product(way: Direction, hidden: State) -> tuple[Layer, ...]:
    """Largest and smallest element of the state before each step, its scale and zero point, the state in uint8, * R."""
    at_step = (way.time(),)
    scale, zero = Access(way.tensor("scale"), at_step), Access(way.tensor("zero_point"), at_step)
    top = Access(way.tensor("highest"), at_step, (NOT_BELOW_ZERO,))
    bottom = Access(way.tensor("lowest"), at_step, (NOT_ABOVE_ZERO,))
    stored = at_each_step(
        way,
        way.values("stored"),
        (hidden.previous(),),
        Step(functions.IDENTITY),
        quantised(scale, zero, TensorProto.UINT8),
    )
    read = replace(way.values("stored", "C"), prepare=dequantised(scale, zero))
    return (
        _extreme(way, hidden, top, "max"),
        _extreme(way, hidden, bottom, "min"),
        _of_step(way, scale, (top, bottom), Step(functions.SUB), TO_SCALE),
        _of_step(way, zero, (bottom,), Step(functions.NEG), (Step(functions.DIV, scale), *TO_ZERO_POINT)),
        replace(stored, output_bits=8),
        recurrent_product(way, "state", read, 0, 4),
    )


def _extreme(way: Direction, hidden: State, out: Access, reduce: Reduction) -> Layer:
    loops = (("B", way.batch), ("C", way.hidden), (STEP, way.steps))
    target = replace(out, prepare=())
    return Layer("Pooling", loops, target, (hidden.previous("C"),), Step(functions.IDENTITY), reduce, recurrent=STEP)


def _of_step(way: Direction, out: Access, inputs: tuple[Access, ...], combine: Step, after: tuple[Step, ...]) -> Layer:
    """One number a step."""
    return Layer("Add", ((STEP, way.steps),), out, inputs, combine, after=after, recurrent=STEP)
