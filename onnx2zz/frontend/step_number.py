"""What a step's number decides in a body: the numbers that are made of it, and the parts of tensors that they pick."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from onnx2zz.frontend.graph import CALL, Node
from onnx2zz.frontend.recurrence import Rows
from onnx2zz.frontend.state import Trace, tensor_type

INTEGERS = (onnx.TensorProto.INT32, onnx.TensorProto.INT64)
SAME = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", CALL})


@dataclass(frozen=True, slots=True)
class Number:
    """`base + rate * step`."""

    base: int
    rate: int

    def at(self, step: int) -> int:
        """What it is at a step."""
        return self.base + self.rate * step

    def ends(self, steps: int) -> tuple[int, int]:
        """The least and the largest of all steps."""
        last = self.at(steps - 1)
        return min(self.base, last), max(self.base, last)


NUMBER = Number(0, 1)
"""The step's own."""


class OtherUseError(Exception):
    """A node does something else with a step's number: its steps are not alike."""


class StepNumbers:
    """The tensors of a body that are numbers of the step, and those that are parts of outer tensors picked by them."""

    def __init__(self, state: Trace, steps: int, inside: str) -> None:
        self.state = state
        self.steps = steps
        self.inside = inside
        self.numbers: dict[str, Number] = {}
        self.slices: dict[str, Rows] = {}
        self.steering: set[Node] = set()

    def take(self, node: Node) -> None:
        """Follows a node. Raises OtherUseError where a step's number goes elsewhere."""
        if self.numbers.keys().isdisjoint(node.inputs):
            return
        if node.op == "Gather" and node.inputs[1] in self.numbers:
            self._gathered(node)
        elif node.op == "Slice":
            self._sliced(node)
        else:
            self._computed(node)
        self.steering.add(node)

    def _computed(self, node: Node) -> None:
        output = node.outputs[0]
        tensor = self.state.tensors[output]
        if len(node.outputs) != 1 or tensor.type not in INTEGERS or tensor.shape is None or tensor.elements != 1:
            raise OtherUseError
        first = self._number(node.inputs[0])
        if node.op in SAME and node.inputs[0] in self.numbers:
            self.numbers[output] = first
        elif node.op == "Neg":
            self.numbers[output] = Number(-first.base, -first.rate)
        elif node.op in ("Add", "Sub"):
            second, sign = self._number(node.inputs[1]), 1 if node.op == "Add" else -1
            self.numbers[output] = Number(first.base + sign * second.base, first.rate + sign * second.rate)
        elif node.op == "Mul":
            second = self._number(node.inputs[1])
            if first.rate and second.rate:
                raise OtherUseError
            rate = first.rate * second.base + second.rate * first.base
            self.numbers[output] = Number(first.base * second.base, rate)
        else:
            raise OtherUseError

    def _number(self, name: str) -> Number:
        if name in self.numbers:
            return self.numbers[name]
        value = self.state.known(name)
        if value is None or np.size(value) != 1:
            raise OtherUseError
        return Number(int(np.ravel(value)[0]), 0)

    def _gathered(self, node: Node) -> None:
        rank = len(self._shape(node.inputs[0]))
        self._pick(node, node.integer("axis", 0) % rank, self.numbers[node.inputs[1]])

    def _sliced(self, node: Node) -> None:
        axes = self._list(node.input(3))
        strides = self._list(node.input(4)) if node.input(4) else [1]
        if node.inputs[0] in self.numbers or axes is None or len(axes) != 1 or strides != [1]:
            raise OtherUseError
        start, end = self._number(node.inputs[1]), self._number(node.inputs[2])
        shape, places = self._shape(node.inputs[0]), end.base - start.base
        axis = axes[0] % len(shape)
        if places < 1 or end.rate != start.rate:
            raise OtherUseError
        element = self.state.tensors[node.inputs[0]].type
        self.state.note_known(node.outputs[0], tensor_type(element, (*shape[:axis], places, *shape[axis + 1 :])))
        self.state.shaped_by_data.discard(node.outputs[0])
        if places == 1:
            self._pick(node, axis, start)
        else:
            self._pick_part(node, axis, start, places)

    def _list(self, name: str) -> list[int] | None:
        value = self.state.known(name) if name else None
        return None if value is None else [int(v) for v in np.ravel(value)]

    def _shape(self, name: str) -> Sequence[int]:
        # A part of what the body itself makes lies in another place of it at each step.
        shape = self.state.tensors[name].shape
        if name.startswith(self.inside) or shape is None:
            raise OtherUseError
        return shape

    def _pick_part(self, node: Node, axis: int, start: Number, places: int) -> None:
        """Several places at each step: one of the tensor's parts of so many, which must lie side by side."""
        parts, rest = divmod(self._shape(node.inputs[0])[axis], places)
        low, high = (end // places for end in start.ends(self.steps))
        if rest or start.base % places or start.rate % places or low < 0 or high >= parts:
            raise OtherUseError
        self.slices[node.outputs[0]] = Rows(node.inputs[0], axis, parts, start.base // places, start.rate // places)

    def _pick(self, node: Node, axis: int, place: Number) -> None:
        extent = self._shape(node.inputs[0])[axis]
        low, high = place.ends(self.steps)
        base = place.base + (extent if high < 0 and node.op == "Gather" else 0)  # counted from the end
        low, high = low + base - place.base, high + base - place.base
        if low < 0 or high >= extent:
            raise OtherUseError
        self.slices[node.outputs[0]] = Rows(node.inputs[0], axis, extent, base, place.rate)
