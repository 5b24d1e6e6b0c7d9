"""Where the heads of an attention lie in a tensor: (batch, head, position, channel) in any order, packed or not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, affine
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import Loops, in_order
from onnx2zz.ops.movement import movement

Terms = tuple[tuple[str, int], ...]
LOOP_OF = {"b": "B", "n": "G", "s": "OY", "d": "OX"}


@dataclass(frozen=True)
class Heads:
    """`axes`: for each axis of the tensor the letters (b, n, s, d, outermost first) that it covers, and its extent.

    An axis without letters is read at its offset. `offsets`: axis number to the element where these heads begin.
    """

    tensor: str
    axes: tuple[tuple[str, int], ...]
    batch: int
    heads: int
    length: int
    width: int
    offsets: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def sizes(self) -> dict[str, int]:
        """Letter to size."""
        return {"b": self.batch, "n": self.heads, "s": self.length, "d": self.width}

    def at(self, walks: Mapping[str, Terms], shifts: Mapping[str, int] | None = None) -> Access:
        """The access where loops walk the letters as `walks` says, from element `shifts` on."""
        return Access(self.tensor, tuple(self._axis(i, walks, shifts or {}) for i in range(len(self.axes))))

    def _axis(self, number: int, walks: Mapping[str, Terms], shifts: Mapping[str, int]) -> Axis:
        letters, extent = self.axes[number]
        strides = {c: math.prod(self.sizes[inner] for inner in letters[i + 1 :]) for i, c in enumerate(letters)}
        terms = tuple((loop, k * strides[c]) for c in letters for loop, k in walks.get(c, ()))
        start = self.offsets.get(number, 0) + sum(strides[c] * shifts.get(c, 0) for c in letters)
        return affine(terms, extent, start)

    def whole(self, shifts: Mapping[str, int] | None = None) -> Access:
        """Every element, in an element-wise layer's loops."""
        return self.at({letter: ((loop, 1),) for letter, loop in LOOP_OF.items()}, shifts)

    @property
    def loops(self) -> Loops:
        """An element-wise layer's loops over all elements."""
        return in_order((LOOP_OF[letter], size) for letter, size in self.sizes.items())

    def shifted(self, positions: int, length: int) -> "Heads":
        """The `length` positions from `positions` on."""
        number = next(i for i, (letters, _) in enumerate(self.axes) if letters == "s")
        start = self.offsets.get(number, 0) + positions
        return replace(self, length=length, offsets={**self.offsets, number: start})


def of_shape(tensor: str, shape: tuple[int, ...], heads: int) -> Heads:
    """Heads of a tensor (batch, positions, heads * channels), or (batch, heads, positions, channels)."""
    if len(shape) == 4:
        return cache(tensor, shape)
    batch, length, channels = shape
    return Heads(tensor, (("b", batch), ("s", length), ("nd", channels)), batch, heads, length, channels // heads)


def cache(tensor: str, shape: tuple[int, ...]) -> Heads:
    """Heads of a tensor (batch, heads, positions, channels)."""
    batch, heads, length, width = shape
    return Heads(tensor, tuple(zip("bnsd", shape, strict=True)), batch, heads, length, width)


def part(tensor: str, shape: tuple[int, ...], heads: int, width: int, start: int) -> Heads:
    """Heads of `width` channels that begin at channel `start` of a tensor (batch, positions, channels)."""
    batch, length, channels = shape
    axes = (("b", batch), ("s", length), ("nd", channels))
    return Heads(tensor, axes, batch, heads, length, width, {2: start})


def between(tensor: str, like: Heads) -> Heads:
    """A tensor of our own, as large as other heads: (batch, heads, positions, channels)."""
    return cache(tensor, (like.batch, like.heads, like.length, like.width))


def pointwise(target: Heads, inputs: tuple[Access, ...], combine: Step) -> Layer:
    """An element-wise layer over all of the target."""
    return Layer("Add", target.loops, target.whole(), inputs, combine)


def copied(source: Heads, target: Heads) -> Layer:
    """A movement layer from heads to heads."""
    return movement(source.loops, replace(target, length=source.length).whole(), source.whole())
