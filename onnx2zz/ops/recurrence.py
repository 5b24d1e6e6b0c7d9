"""What LSTM, GRU and RNN share: the products of one direction, its states and its activations.

The inputs' products of all steps are one Gemm layer. Everything that depends on the state is a layer with the loop T
over the steps, which run one after the other (Layer.recurrent): step t reads the state that step t-1 wrote.

Source: ONNX operator pages LSTM, GRU, RNN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from onnx2zz.formats.workload_entry import STEP
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order


@dataclass(frozen=True)
class Direction:
    """One direction of a recurrent node with `gates` gates.

    Tensors between its layers are (steps, batch, gates * hidden) or (steps, batch, hidden), by position in time.
    """

    node: Node
    graph: Graph
    index: int
    gates: int

    @cached_property
    def reverse(self) -> bool:
        """Whether time runs backwards."""
        return self.node.text("direction", "forward") == "reverse" or self.index == 1

    @cached_property
    def count(self) -> int:
        """The number of directions of the node."""
        return self.graph.shape(self.node.inputs[1])[0]

    @cached_property
    def batch_first(self) -> bool:
        """Layout 1: the batch axis stands before the others."""
        return bool(self.node.integer("layout", 0))

    @cached_property
    def steps(self) -> int:
        return self.graph.shape(self.node.inputs[0])[1 if self.batch_first else 0]

    @cached_property
    def batch(self) -> int:
        return self.graph.shape(self.node.inputs[0])[0 if self.batch_first else 1]

    @cached_property
    def hidden(self) -> int:
        return self.graph.shape(self.node.inputs[2])[2]

    def tensor(self, part: str) -> str:
        """The name of a tensor between the layers."""
        return f"{next(filter(None, self.node.outputs))}/{part}{self.index}"

    def time(self, shift: int = 0, left_out: int = 0) -> Axis:
        """The axis of time at each step; `shift` -1 is the step before. It has no place for the last `left_out`."""
        steps = self.steps - left_out
        return along(STEP, steps, steps - 1 - shift, -1) if self.reverse else along(STEP, steps, shift)

    def values(self, part: str, channel: str = "G", left_out: int = 0) -> Access:
        """A tensor (steps, batch, hidden) at each step; it ends before the last `left_out`."""
        time = self.time(left_out=left_out)
        return Access(self.tensor(part), (time, along("B", self.batch), along(channel, self.hidden)))

    def gate(self, part: str, index: int, gates: int) -> Access:
        """One gate of a tensor (steps, batch, gates * hidden) at each step."""
        time, batch, channel = self.values(part).axes
        return Access(self.tensor(part), (time, batch, fixed(gates, index), channel))

    def single(self, tensor: str, channel: str = "G") -> Access:
        """The state before the first or after the last step: (directions, batch, hidden); batch first in layout 1."""
        direction, batch = fixed(self.count, self.index), along("B", self.batch)
        axes = (batch, direction) if self.batch_first else (direction, batch)
        return Access(tensor, (*axes, along(channel, self.hidden)))

    def rows(self, loop: str, first: int, gates: int) -> Axis:
        """Rows of a matrix of `gates` gates, from gate `first` on."""
        return along(loop, gates * self.hidden, first * self.hidden)

    @cached_property
    def inputs(self) -> Access:
        """X (steps, batch, inputs), or batch first, as the input product reads it."""
        time, batch = along("D", self.steps), along("B", self.batch)
        x = (batch, time) if self.batch_first else (time, batch)
        return Access(self.node.inputs[0], (*x, along("C", self.graph.shape(self.node.inputs[0])[2])))

    def weights(self, index: int, first: int = 0) -> Access:
        """W or R (input 1 or 2) from gate `first` on: its gates are walked by K, what they multiply by C."""
        name = self.node.inputs[index]
        columns = along("C", self.graph.shape(name)[2])
        return Access(name, (fixed(self.count, self.index), self.rows("K", first, self.gates), columns))

    @property
    def lengths(self) -> Access:
        """sequence_lens (batch)."""
        return Access(self.node.input(4), (along("B", self.batch),))

    @cached_property
    def ragged(self) -> bool:
        """Whether a run may give sequences that are shorter than the number of steps."""
        value = self.graph.value(self.node.input(4))
        return bool(self.node.input(4)) and (value is None or bool((value < self.steps).any()))

    def position(self) -> Position:
        """The position in time at each step."""
        return Position(self.time().terms, self.time().offset)


def directions(node: Node, graph: Graph, gates: int) -> tuple[Direction, ...]:
    """The node's directions; "bidirectional" has two."""
    return tuple(Direction(node, graph, index, gates) for index in range(graph.shape(node.inputs[1])[0]))


def input_product(way: Direction) -> Layer:
    """X (steps, batch, inputs) * W of all gates, for all steps at once; the input bias rides on it."""
    # This product does not depend on the state, so it stands before the steps as one layer over all of them, which the
    # array can be filled with. Only the product with the state has to wait for the step before.
    rows = along("K", way.gates * way.hidden)
    return Layer(
        operator_type="Gemm",
        loops=(("C", way.inputs.axes[-1].extent), ("D", way.steps), ("K", rows.extent), ("B", way.batch)),
        output=Access(way.tensor("input"), (along("D", way.steps), along("B", way.batch), rows)),
        inputs=(way.inputs, way.weights(1)),
        combine=Step(functions.MUL),
        reduce="sum",
        after=bias(way, 0, way.gates),
    )


def recurrent_product(way: Direction, part: str, state: Access, first: int, gates: int) -> Layer:
    """The state (batch, hidden, walked by C) of every step * R of some gates; the recurrent bias rides on it."""
    time, batch, _ = way.values(part).axes
    return Layer(
        operator_type="Gemm",
        loops=(("C", way.hidden), (STEP, way.steps), ("K", gates * way.hidden), ("B", way.batch)),
        output=Access(way.tensor(part), (time, batch, along("K", gates * way.hidden))),
        inputs=(state, way.weights(2, first)),
        combine=Step(functions.MUL),
        reduce="sum",
        after=bias(way, way.gates + first, gates),
        recurrent=STEP,
    )


def bias(way: Direction, first: int, gates: int) -> tuple[Step, ...]:
    """The addition of some gates of B (directions, 2 * gates * hidden): those of the inputs, then of the state."""
    if not way.node.input(3):
        return ()
    rows = along("K", 2 * way.gates * way.hidden, first * way.hidden)
    return (Step(functions.ADD, Access(way.node.input(3), (fixed(way.count, way.index), rows))),)


def at_each_step(
    way: Direction, output: Access, inputs: tuple[Access, ...], combine: Step, after: tuple[Step, ...] = ()
) -> Layer:
    """An element-wise layer over the hidden channels of each step that `output` has a place for."""
    steps = next((axis.extent for axis in output.axes if axis.terms and axis.terms[0][0] == STEP), way.steps)
    loops = in_order((("B", way.batch), ("G", way.hidden), (STEP, steps)))
    return Layer("Add", loops, output, inputs, combine, after=after, recurrent=STEP)


def one_less(gate: Access) -> Access:
    """1 - gate, as it is read."""
    return Access(gate.tensor, gate.axes, (Step(functions.AFFINE, parameters=(-1.0, 1.0)),))


FUNCTIONS: Mapping[str, tuple[Function, tuple[float | None, float | None]]] = {
    "relu": (functions.RELU, (None, None)),
    "tanh": (functions.TANH, (None, None)),
    "sigmoid": (functions.SIGMOID, (None, None)),
    "affine": (functions.AFFINE, (1.0, 0.0)),
    "leakyrelu": (functions.LEAKY_RELU, (0.01, None)),
    "thresholdedrelu": (functions.THRESHOLDED_RELU, (1.0, None)),
    "scaledtanh": (functions.SCALED_TANH, (1.0, 1.0)),
    "hardsigmoid": (functions.HARD_SIGMOID, (0.2, 0.5)),
    "elu": (functions.ELU, (1.0, None)),
    "softsign": (functions.SOFTSIGN, (None, None)),
    "softplus": (functions.SOFTPLUS, (None, None)),
}


def activations(way: Direction, *defaults: str) -> list[tuple[Step, ...]]:
    """For each activation of a direction the steps that end a gate, clipping first.

    `activation_alpha` and `activation_beta` go, in order, to those functions that have such a parameter.
    """
    node = way.node
    # The lists of alphas and betas have no empty places: a function without the parameter takes none. So they are dealt
    # out along all directions, and only then is this direction's part cut out.
    names = node.texts("activations") or list(defaults) * way.count
    alphas, betas = iter(node.numbers("activation_alpha")), iter(node.numbers("activation_beta"))
    steps: list[tuple[Step, ...]] = []
    for name in names:
        function, (alpha, beta) = FUNCTIONS[name.lower()]
        given = [next(values, d) for values, d in ((alphas, alpha), (betas, beta)) if d is not None]
        steps.append((*clip(node), Step(function, parameters=tuple(given))))
    return steps[way.index * len(defaults) : (way.index + 1) * len(defaults)]


def clip(node: Node) -> tuple[Step, ...]:
    """The clipping of what goes into an activation."""
    bound = node.number("clip", 0.0)
    return () if not bound else (Step(functions.CLIP, parameters=(-bound, bound)),)
