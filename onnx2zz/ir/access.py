"""What an operand of a layer reads or writes at each loop point, and the scalar steps that work on what is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from onnx2zz.ir.axis import Axis, Window, affine
from onnx2zz.ir.functions import Function

Border = Literal["constant", "edge", "reflect", "wrap"]


@dataclass(frozen=True, slots=True)
class Table:
    """Constants known at compile time, one for each value of a loop (the divisors of an average at the border).

    With an `inner` loop, `values` holds a row of constants for each value of `loop`, one for each value of `inner`.
    """

    loop: str
    values: tuple[float, ...] | tuple[tuple[float, ...], ...]
    inner: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a loop point stands: `sum(coefficient * loop) + offset` as a value (a diagonal's number, an index)."""

    terms: tuple[tuple[str, int], ...]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Access:
    """The access map of one operand: for every axis of the ONNX tensor `tensor`, the element that is touched.

    `prepare` is applied to the elements as they are read (a zero point taken off), before padding is filled in.
    `packed`: bits of one element where the file keeps several in a byte, the first in the lowest bits (0: it does
    not); the axes are those of the unpacked tensor. `high_first`: the first lies in the highest bits.
    `border` tells what a read outside the tensor gives, in the words of ONNX's Pad: the layer's padding value
    ("constant"), the nearest element, the mirrored one, or the one from the other end.
    `outside`: what a read outside the tensor reads instead of padding, an element of another tensor or a value (the
    state before the first step). Such elements are part of the operand, which is therefore not padded.
    `picks`: an axis by number, and the tensor whose values are the elements that a run reads there (a Gather's
    indices, negative ones counted from the end); the axis itself then stands for as many elements as are picked.
    """

    tensor: str
    axes: tuple[Axis, ...]
    prepare: tuple["Step", ...] = ()
    packed: int = 0
    border: Border = "constant"
    outside: "Access | float | None" = None
    picks: "tuple[int, Access] | None" = None
    high_first: bool = False

    @property
    def loops(self) -> frozenset[str]:
        """The loops that move this access."""
        return frozenset(loop for axis in self.axes for loop, coefficient in axis.terms if coefficient)

    def volume(self, sizes: Mapping[str, int]) -> int:
        """The number of distinct elements of the tensor that are touched, padding excluded."""
        return volume(self.axes, sizes, self.outside is not None)


def volume(axes: Sequence[Axis], sizes: Mapping[str, int], whole: bool = False) -> int:
    """The number of distinct elements that some axes touch together, padding excluded, unless what lies outside is part
    of the operand (`whole`); beyond the ends of a window's axis lies padding in any case.

    A loop that walks two axes walks a diagonal, which is as long as one of them.
    """
    walked: set[str] = set()
    found = 1
    for axis in axes:
        axis = off_the_diagonal(axis, walked, sizes)
        loops = {loop for loop, coefficient in axis.terms if coefficient}
        if not loops or not loops <= walked:
            found *= axis.reached(sizes) if whole and not isinstance(axis, Window) else axis.touched(sizes)
        walked |= loops
    return found


def off_the_diagonal(axis: Axis, walked: Collection[str], sizes: Mapping[str, int]) -> Axis:
    """An axis as the loops beside those in `walked` see it, which walk another axis of the same tensor already.

    Where nothing is padded, the others meet as many elements for each of their values (tap f of block o + f: every o
    once), and none of them again for another value.
    """
    others = tuple((loop, coefficient) for loop, coefficient in axis.terms if loop not in walked)
    if not others or len(others) == len(axis.terms) or axis.padding(sizes) != (0, 0):
        return axis
    rest = affine(others, axis.extent)
    return replace(rest, offset=axis.reach(sizes)[0] - rest.reach(sizes)[0], shared_by=axis.shared_by)


def disjoint(first: Access, first_sizes: Mapping[str, int], second: Access, second_sizes: Mapping[str, int]) -> bool:
    """Whether two accesses of one tensor cannot meet: on some axis, one ends before the other begins.

    Where a run picks the elements of an axis, it may pick any.
    """
    if first.picks is not None or second.picks is not None:
        return False
    if [axis.extent for axis in first.axes] != [axis.extent for axis in second.axes]:
        return False
    reaches = [
        (mine.reach(first_sizes), theirs.reach(second_sizes))
        for mine, theirs in zip(first.axes, second.axes, strict=True)
    ]
    return any(mine[1] < theirs[0] or theirs[1] < mine[0] for mine, theirs in reaches)


@dataclass(frozen=True, slots=True)
class Step:
    """A scalar function of a value, with parameters and, for functions of one operand more, that operand."""

    function: Function
    operand: Access | Table | Position | None = None
    parameters: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.parameters) != self.function.parameters:
            raise ValueError(f"{self.function} takes {self.function.parameters} parameters, not {len(self.parameters)}")

    @property
    def takes(self) -> int:
        """How many values the function works on besides the step's own operand."""
        return self.function.operands - (self.operand is not None)
