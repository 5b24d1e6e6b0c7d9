"""The loop-nest IR: one perfectly nested loop with affine access maps, and everything that follows from it alone.

A layer says, for every point of its loops, which element of which ONNX tensor it reads and writes, how two operands
combine and how results are reduced (what MLIR calls `linalg.generic`). Equations, relations, volumes and proofs are
derived from it and never written by hand.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import ClassVar, Literal

from onnx2zz.ir import stepped
from onnx2zz.ir.functions import Function

OperatorType = Literal["Conv", "Gemm", "Pooling", "Add"]
Kind = Literal["exact", "movement", "approximate"]
Reduction = Literal["none", "sum", "max", "min", "prod", "logsumexp"]
MOST_LOOPS = 64  # numpy has no arrays of more axes
Border = Literal["constant", "edge", "reflect", "wrap"]


@dataclass(frozen=True, slots=True)
class Axis:
    """The element of one tensor axis that a loop point touches: `sum(coefficient * loop) + offset`.

    `extent` is the axis' length in the ONNX tensor; a read outside 0..extent-1 gives the layer's padding value.
    `shared_by` neighbouring positions read one element (the scales of a blocked quantisation): the sum is divided by
    it, rounding down. Only what a step reads may be shared; an operand that ZigZag sees stays affine.
    What kind of axis it is, a fixed one, a walk, a window, a split or blocks, its type says; `Axis` itself is none.
    """

    terms: tuple[tuple[str, int], ...]
    extent: int
    offset: int = 0
    shared_by: int = 1
    walked_by: ClassVar[range] = range(0)

    def __post_init__(self) -> None:
        if len(self.terms) not in self.walked_by:
            raise ValueError(f"{len(self.terms)} loops walk a {type(self).__name__} axis")
        twice = len(self.terms) > 1 and len(dict(self.terms)) < len(self.terms)
        if self.extent < 0 or self.shared_by < 1 or twice:
            raise ValueError(f"no axis: {self}")

    def reach(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The lowest and highest element that the loops touch, padding included."""
        low = high = self.offset
        for loop, coefficient in self.terms:
            span = coefficient * (sizes[loop] - 1)
            if span < 0:
                low += span
            else:
                high += span
        return (low, high) if self.shared_by == 1 else (low // self.shared_by, high // self.shared_by)

    def padding(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """How far the loops reach below 0 and beyond the last element."""
        low, high = self.reach(sizes)
        return -low if low < 0 else 0, high - self.extent + 1 if high >= self.extent else 0

    def touched(self, sizes: Mapping[str, int]) -> int:
        """The number of distinct elements of the axis (padding excluded) that the loops touch."""
        if len(self.terms) <= 1 and self.shared_by == 1 and self.padding(sizes) == (0, 0):
            return sizes[self.terms[0][0]] if self.terms and self.terms[0][1] else 1
        if self._gapless(sizes):
            low, high = self.reach(sizes)
            return max(0, min(high, self.extent - 1) - max(low, 0) + 1)
        return self._count(sizes, 0, self.extent - 1)

    def reached(self, sizes: Mapping[str, int]) -> int:
        """The number of distinct elements that the loops reach, those outside the axis included."""
        return self._count(sizes, *self.reach(sizes))

    def _count(self, sizes: Mapping[str, int], low: int, high: int) -> int:
        steps = [(coefficient, sizes[loop]) for loop, coefficient in self.terms]
        if self.shared_by == 1:
            return stepped.count(self.offset, steps, low, high)
        shared = {element // self.shared_by for element in stepped.elements(self.offset, steps)}
        return sum(low <= element <= high for element in shared)

    def _gapless(self, sizes: Mapping[str, int]) -> bool:
        """Whether the loops touch every element between the lowest and the highest: none steps over what the smaller
        steps cover together."""
        covered = 1
        for step, size in sorted((abs(coefficient), sizes[loop]) for loop, coefficient in self.terms):
            if size > 1 and step > covered:
                return False
            covered += step * (size - 1)
        return True


class Fixed(Axis):
    """An axis that no loop walks."""

    __slots__ = ()
    walked_by = range(1)


class Walk(Axis):
    """An axis that one loop walks, in steps of its coefficient."""

    __slots__ = ()
    walked_by = range(1, 2)


class Window(Axis):
    """An axis that a window slides along: the loop that moves it, then the loop inside it."""

    __slots__ = ()
    walked_by = range(2, 3)


class Split(Axis):
    """An axis that several loops cover together, outermost first."""

    __slots__ = ()
    walked_by = range(MOST_LOOPS)


class Blocks(Axis):
    """An axis of which neighbouring positions of a loop share an element."""

    __slots__ = ()
    walked_by = range(1, MOST_LOOPS)


def affine(terms: tuple[tuple[str, int], ...], extent: int, offset: int = 0) -> Axis:
    """An axis that none, one or several loops walk together; no window (`window`)."""
    kind = (Fixed, Walk)[len(terms)] if len(terms) < 2 else Split
    return kind(terms, extent, offset)


@lru_cache(maxsize=4096)
def along(loop: str, extent: int, offset: int = 0, step: int = 1) -> Walk:
    """An axis that one loop walks: `step * loop + offset`."""
    return Walk(((loop, step),), extent, offset)


def blocks(loop: str, extent: int, block: int) -> Blocks:
    """An axis of blocks: `block` neighbouring positions of the loop read one element."""
    return Blocks(((loop, 1),), extent, shared_by=block)


def fixed(extent: int = 1, at: int = 0) -> Fixed:
    """An axis that no loop walks: the element `at` is read throughout (a broadcast axis of extent 1, say)."""
    return Fixed((), extent, at)


@lru_cache(maxsize=4096)
def window(loop: str, filter_loop: str, extent: int, stride: int = 1, dilation: int = 1, pad: int = 0) -> Window:
    """The sliding window of Conv and Pool: `stride * loop + dilation * filter_loop - pad`."""
    return Window(((loop, stride), (filter_loop, dilation)), extent, -pad)


def split(loops: Iterable[tuple[str, int]], extent: int) -> Split:
    """An axis that several loops (outermost first, with their sizes) cover together, as in `g * K + k`."""
    terms: list[tuple[str, int]] = []
    stride = 1
    for loop, size in reversed(list(loops)):
        terms.insert(0, (loop, stride))
        stride *= size
    return Split(tuple(terms), extent)


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
    not); the axes are those of the unpacked tensor.
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

    @property
    def loops(self) -> frozenset[str]:
        """The loops that move this access."""
        return frozenset(loop for axis in self.axes for loop, coefficient in axis.terms if coefficient)

    def volume(self, sizes: Mapping[str, int]) -> int:
        """The number of distinct elements of the tensor that are touched, padding excluded."""
        return volume(self.axes, sizes, self.outside is not None)


def volume(axes: Sequence[Axis], sizes: Mapping[str, int], whole: bool = False) -> int:
    """The number of distinct elements that some axes touch together, padding excluded, unless what lies outside is part
    of the operand (`whole`).

    A loop that walks two axes walks a diagonal, which is as long as one of them.
    """
    walked: set[str] = set()
    found = 1
    for axis in axes:
        axis = off_the_diagonal(axis, walked, sizes)
        loops = {loop for loop, coefficient in axis.terms if coefficient}
        if not loops or not loops <= walked:
            found *= axis.reached(sizes) if whole else axis.touched(sizes)
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


@dataclass(frozen=True)
class Layer:
    """One perfectly nested loop over `loops` (name, size), outermost first by convention only.

    `inputs` holds one or two accesses: the first is the activation (ZigZag's I), the second the other operand (W).
    For each loop point: value = combine(inputs); the values that fall on one output element are reduced; `after` is
    then applied to each output element (bias, scale). Reads outside a tensor give `pad_value`.
    `also_reads` are tensors whose values steer the layer without being an operand (a Gather's indices).
    `output_bits`: the width of an integer output that lies between the layers of one node (0: none is given).
    `recurrent`: the loop whose steps follow each other, since a step reads what the step before it wrote. Neighbouring
    layers of a node with that loop run together: all of them for the first step, then all for the second.
    """

    operator_type: OperatorType
    loops: tuple[tuple[str, int], ...]
    output: Access
    inputs: tuple[Access, ...]
    combine: Step
    reduce: Reduction = "none"
    after: tuple[Step, ...] = ()
    pad_value: float = 0.0
    kind: Kind = "exact"
    also_reads: tuple[str, ...] = ()
    why: str = ""
    macs_useful: int | None = field(default=None)
    output_bits: int = 0
    recurrent: str = ""

    def __post_init__(self) -> None:
        faults = layer_faults(self)
        if faults:
            raise ValueError("; ".join(faults))

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Loop name to size."""
        return dict(self.loops)

    @cached_property
    def operations(self) -> int:
        """The number of loop points."""
        return math.prod(self.sizes.values())

    @property
    def macs(self) -> int:
        """Multiply-accumulates: the loop points of a Conv or Gemm, 0 of anything else."""
        return self.operations if self.operator_type in ("Conv", "Gemm") else 0

    @property
    def tensors(self) -> frozenset[str]:
        """The tensors whose elements are read, those of zero points, biases and scales included."""
        accesses = [*self.inputs, *step_operands(self)]
        return frozenset(access.tensor for access in accesses) | frozenset(self.also_reads)


def step_operands(layer: Layer) -> list[Access]:
    """The tensors that a layer's steps read besides its operands, and those that stand in for reads outside one."""
    outside = [access.outside for access in layer.inputs if isinstance(access.outside, Access)]
    return outside + [step.operand for step in steps_of(layer) if isinstance(step.operand, Access)]


def steps_of(layer: Layer) -> list[Step]:
    """Every step of a layer, those that prepare an operand, or a step's operand, included."""
    steps = [*layer.after, layer.combine]
    for access in layer.inputs:
        steps.extend(access.prepare)
    for step in steps:  # grows while it is walked
        if isinstance(step.operand, Access):
            steps.extend(step.operand.prepare)
    return steps


def layer_faults(layer: Layer) -> list[str]:
    """What makes a layer none: loops that it names and does not have, operands that its functions do not take."""
    # All faults are collected, not only the first, since a lowering that is wrong in one place is often wrong in
    # several. The last check is the one that finds a forgotten loop of the output: without it the interpreter would
    # write one element several times and keep the last value, which looks right on small shapes.
    sizes = dict(layer.loops)
    names = [name for name, _ in layer.loops] if len(sizes) < len(layer.loops) else []
    faults = [f"loop {name} stands twice" for name in sizes if names.count(name) > 1]
    faults += [f"loop {name} of {size} iterations" for name, size in layer.loops if size < 0]
    faults += [f"no loop {name}" for name in sorted(_unknown_loops(layer, sizes))]
    if not 1 <= len(layer.inputs) <= 2:
        faults.append(f"{len(layer.inputs)} inputs; one or two can be combined")
    if layer.combine.takes != len(layer.inputs):
        faults.append(f"{layer.combine.function} combines {layer.combine.takes} inputs, not {len(layer.inputs)}")
    for steps in (layer.after, *[access.prepare for access in layer.inputs]):
        faults += [f"{step.function} wants {step.takes} values and gets one" for step in steps if step.takes != 1]
    if layer.reduce == "none":
        kept = {loop for axis in layer.output.axes for loop, coefficient in axis.terms if coefficient}
        if any(size > 1 and name not in kept for name, size in layer.loops):
            faults.append("values fall on one output element, and nothing reduces them")
    return faults


def _unknown_loops(layer: Layer, sizes: Mapping[str, int]) -> set[str]:
    """Loops that an access, a table or a position of a layer names, and the layer does not have.

    Every layer that is made comes through here, so that it is one walk: what hangs on an access joins the accesses.
    """
    found = {layer.recurrent} - {""}
    accesses = [layer.output, *layer.inputs]
    for step in (layer.combine, *layer.after):
        found.update(_loops_of_operand(step, accesses))
    for access in accesses:  # grows while it is walked
        found.update([loop for axis in access.axes for loop, _ in axis.terms if loop not in sizes])
        if access.picks is not None:
            accesses.append(access.picks[1])
        if isinstance(access.outside, Access):
            accesses.append(access.outside)
        for step in access.prepare:
            found.update(_loops_of_operand(step, accesses))
    return {loop for loop in found if loop not in sizes}


def _loops_of_operand(step: Step, accesses: list[Access]) -> Iterable[str]:
    """The loops that a step names itself; an operand that is an access joins `accesses`."""
    operand = step.operand
    if isinstance(operand, Access):
        accesses.append(operand)
    elif isinstance(operand, Table):
        return (operand.loop, operand.inner) if operand.inner else (operand.loop,)
    elif operand is not None:
        return [loop for loop, _ in operand.terms]
    return ()
