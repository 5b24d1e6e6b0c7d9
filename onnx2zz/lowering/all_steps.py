"""A layer of one step as a layer of all steps: one loop more, and one axis more in every tensor that has rows for them.

A step's state is the row that the step before wrote. Before the first step it lies outside of those rows: there the
initial state is read (`Access.outside`), as an LSTM's layers have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

from onnx2zz.frontend.recurrence import Rows
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along, fixed
from onnx2zz.ir.layer import Layer


class CannotLiftError(Exception):
    """A layer that no loop over the steps describes; the message says why."""


@dataclass(frozen=True)
class Home:
    """Where a tensor of the body has the values of all steps: behind `outer` elements' worth of axes, the axis `rows`
    has."""

    rows: Rows
    outer: int

    def before(self) -> "Home":
        """A step earlier."""
        return replace(self, rows=replace(self.rows, first=self.rows.first - self.rows.stride))

    def begins_outside(self) -> bool:
        """Whether the row before the first step's is none of the tensor's."""
        return not 0 <= self.rows.first - self.rows.stride < self.rows.extent

    def axis(self, loop: str) -> Axis:
        """The axis of the steps."""
        return along(loop, self.rows.extent, self.rows.first, self.rows.stride)

    def last(self, steps: int) -> Axis:
        """The axis at the last step."""
        return fixed(self.rows.extent, self.rows.first + self.rows.stride * (steps - 1))


@dataclass(frozen=True)
class State:
    """A state as the layers of a step read it: the row before, and what stands there in the first step."""

    home: Home
    initial: str


@dataclass(frozen=True)
class Homes:
    """Of each tensor of the body that has a value of its own at each step; `unmoved` are states that no step changes,
    with the outer tensor that they begin with."""

    made: Mapping[str, Home]
    states: Mapping[str, State]
    unmoved: Mapping[str, str]


def with_axis(axes: tuple[Axis, ...], home: Home, axis: Axis) -> tuple[tuple[Axis, ...], int]:
    """The axes with that of the steps among them, and its place. Raises CannotLiftError where it has none."""
    for place in range(len(axes) + 1):
        if prod(a.extent for a in axes[:place]) == home.outer:
            return (*axes[:place], axis, *axes[place:]), place
    raise CannotLiftError("an axis of it lies across the steps")


@dataclass(frozen=True)
class Lifting:
    """What is made of a layer of the body."""

    homes: Homes
    steps: int

    def layer(self, layer: Layer, loop: str, recurrent: bool) -> Layer:
        """The layer over all steps, which `loop` walks. Raises CannotLiftError where it has such a loop already."""
        if loop in layer.sizes or layer.recurrent or any(access.packed for access in layer.inputs):
            raise CannotLiftError("it has steps of its own")
        useful = layer.macs_useful
        return replace(
            layer,
            loops=_with_loop(layer.loops, loop, self.steps),
            output=self.access(layer.output, loop),
            inputs=tuple([self.access(access, loop) for access in layer.inputs]),
            combine=self._step(layer.combine, loop),
            after=tuple([self._step(step, loop) for step in layer.after]),
            also_reads=tuple([self._whole(name) for name in layer.also_reads]),
            macs_useful=None if useful is None else useful * self.steps,
            recurrent=loop if recurrent else "",
        )

    def access(self, access: Access, loop: str) -> Access:
        """An access at each step."""
        access = replace(access, prepare=tuple([self._step(step, loop) for step in access.prepare]))
        if isinstance(access.outside, Access):
            access = replace(access, outside=self.access(access.outside, loop))
        if access.picks is not None:
            access = replace(access, picks=(access.picks[0], self.access(access.picks[1], loop)))
        if access.tensor in self.homes.states:
            return self._state(access, self.homes.states[access.tensor], loop)
        if access.tensor in self.homes.unmoved:
            return replace(access, tensor=self.homes.unmoved[access.tensor])
        home = self.homes.made.get(access.tensor)
        return access if home is None else _moved(access, home, home.axis(loop))

    def _state(self, access: Access, state: State, loop: str) -> Access:
        if access.outside is not None or access.picks is not None or access.border != "constant":
            raise CannotLiftError("it reads beside a state")
        first = replace(access, tensor=state.initial, prepare=())
        earlier = state.home.before()
        return replace(_moved(access, earlier, earlier.axis(loop)), outside=first)

    def _step(self, step: Step, loop: str) -> Step:
        return replace(step, operand=self.access(step.operand, loop)) if isinstance(step.operand, Access) else step

    def _whole(self, name: str) -> str:
        if name in self.homes.states:
            return self.homes.states[name].home.rows.tensor
        return self.homes.made[name].rows.tensor if name in self.homes.made else self.homes.unmoved.get(name, name)


def _moved(access: Access, home: Home, axis: Axis) -> Access:
    axes, place = with_axis(access.axes, home, axis)
    picks = access.picks
    if picks is not None and place <= picks[0]:
        picks = (picks[0] + 1, picks[1])
    return replace(access, tensor=home.rows.tensor, axes=axes, picks=picks)


def _with_loop(loops: tuple[tuple[str, int], ...], loop: str, size: int) -> tuple[tuple[str, int], ...]:
    """The loops with that of the steps: second of a product, as LSTM's has it, else the last."""
    place = 1 if loops and loops[0][0] == "C" else len(loops)
    return (*loops[:place], (loop, size), *loops[place:])
