"""What sequence_lens makes of the state that a recurrent layer carries from step to step.

Beyond its length a sequence's output is 0. Forward, what a state does there is never read; backward the steps begin
there, so that the state has to stay what it was before the first step.

Source: ONNX operator pages LSTM, GRU, RNN (sequence_lens, initial_h, initial_c, Y, Y_h, Y_c, layout).
"""

from dataclasses import dataclass, replace

from onnx2zz.formats.workload_entry import STEP
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order
from onnx2zz.ops.movement import movement
from onnx2zz.ops.recurrence import Direction, at_each_step


@dataclass(frozen=True)
class State:
    """The state `part` of one direction. `output` is the tensor of all steps (Y) if it is an output of the node,
    `initial` the input that holds it before the first step."""

    way: Direction
    part: str
    output: str
    initial: int

    @property
    def given(self) -> bool:
        """Whether an input holds the state before the first step."""
        return bool(self.way.node.input(self.initial))

    @property
    def masked(self) -> bool:
        """Whether the state must be 0 beyond its sequence's length."""
        return self.way.ragged and (self.way.reverse or bool(self.output))

    @property
    def held(self) -> bool:
        """Whether what the next step reads differs from what is written: initial where a sequence has not begun.

        It is written for every step but the last, behind which there is none.
        """
        return self.masked and self.way.reverse and self.given and self.way.steps > 1

    def previous(self, channel: str = "G") -> Access:
        """What a step reads: the state of the step before it."""
        way, left_out = self.way, int(self.held)
        carried = self._carried() if self.held else self.all_steps()
        outside = way.single(way.node.input(self.initial), channel) if self.given else 0.0
        now, before = way.time(left_out=left_out), way.time(-1, left_out)
        previous = tuple(before if axis == now else axis for axis in carried.axes)
        return Access(carried.tensor, (*previous[:-1], along(channel, way.hidden)), outside=outside)

    def _carried(self) -> Access:
        return self.way.values(f"{self.part}_carried", left_out=1)

    def _held(self) -> Access:
        return self.way.values(f"{self.part}_held", left_out=1)

    def all_steps(self) -> Access:
        """The state after each step: Y (steps, directions, batch, hidden), batch first in layout 1; else a tensor of
        our own."""
        way = self.way
        if not self.output:
            return way.values(self.part)
        time, batch, channel = way.values(self.part).axes
        direction = fixed(way.count, way.index)
        axes = (batch, time, direction, channel) if way.batch_first else (time, direction, batch, channel)
        return Access(self.output, axes)

    @property
    def written(self) -> Access:
        """Where the passes of a step write the new state."""
        return self.way.values(f"{self.part}_new") if self.masked else self.all_steps()

    def before(self) -> tuple[Layer, ...]:
        """Before the steps: the initial state wherever a sequence has not begun, 0 elsewhere."""
        way = self.way
        if not self.held:
            return ()
        operands = (way.single(way.node.input(self.initial)), way.lengths)
        step = Step(functions.NOT_BEFORE, way.position())
        return (replace(at_each_step(way, self._held(), operands, step), recurrent=""),)

    def closing(self) -> tuple[Layer, ...]:
        """At the end of each step: nothing beyond the sequence's length, then what the next step reads."""
        way, layers = self.way, list[Layer]()
        if self.masked:
            operands = (self.written, way.lengths)
            layers.append(at_each_step(way, self.all_steps(), operands, Step(functions.BEFORE, way.position())))
        if self.held:
            layers.append(at_each_step(way, self._carried(), (self.all_steps(), self._held()), Step(functions.ADD)))
        return tuple(layers)

    def last(self, out: str) -> tuple[Layer, ...]:
        """The state after each sequence's last step, if anybody reads it: a copy, or a search for its place."""
        way = self.way
        if not way.graph.is_read(out):
            return ()
        target, loops, source = way.single(out), (("B", way.batch), ("G", way.hidden)), self.all_steps()
        if way.ragged and not way.reverse:
            nest = in_order((*loops, (STEP, way.steps)))
            return (
                Layer(
                    "Pooling",
                    nest,
                    target,
                    (source, way.lengths),
                    Step(functions.LAST_OF, way.position()),
                    reduce="sum",
                ),
            )
        end = fixed(way.steps, 0 if way.reverse else way.steps - 1)
        axes = tuple(end if axis == way.time() else axis for axis in source.axes)
        return (movement(loops, target, replace(source, axes=axes)),)
