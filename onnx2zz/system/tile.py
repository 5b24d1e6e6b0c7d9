"""A tile of a layer: a box of its loops, as a layer of its own.

Sizes are cut, and each axis begins where the box begins, so that equation, relations, padding, volumes, key and price
of a tile come from the code that serves a whole layer. A tile at the border has the padding of that border only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.layer import Layer

Range = tuple[int, int]
"""The first value of a loop, and how many."""


@dataclass(frozen=True)
class Box:
    """Ranges of some loops of a layer, in the order of the loops; all others are whole.

    Where a loop that is summed over is cut, the box makes a `partial` sum, or `adds` those of so many other boxes to
    its own. What is `recomputed` another box makes, too, for other cores.
    """

    ranges: tuple[tuple[str, Range], ...] = ()
    partial: bool = False
    adds: int = 0
    recomputed: bool = False

    @property
    def summed_in_parts(self) -> bool:
        """Whether what the box itself computes is a part of a sum."""
        return self.partial or self.adds > 0

    def of(self, layer: Layer) -> dict[str, Range]:
        """The range of every loop of the layer."""
        return {**{loop: (0, size) for loop, size in layer.loops}, **dict(self.ranges)}


def parts(size: int, pieces: int, grain: int = 1) -> list[Range]:
    """A loop in at most `pieces` parts, as even as can be: the first ones are longer (7 in 4: 2, 2, 2, 1).

    Parts are whole multiples of `grain`, but for the last one: an array that unrolls a loop over 8 units takes as long
    for 5 of its iterations as for 8.
    """
    each, longer = divmod(-(-size // grain), pieces)
    found: list[Range] = []
    start = 0
    for number in range(pieces):
        # With grains the last parts may be empty: fewer tiles than asked for, and none without work.
        length = min((each + (number < longer)) * grain, size - start)
        if length > 0:
            found.append((start, length))
            start += length
    return found


def cut(layer: Layer, box: Box) -> Layer:
    """The part of a layer that a box names, as a layer; useful MACs are not told of a part."""
    if not box.ranges:
        return layer
    ranges = dict(box.ranges)
    starts = {loop: start for loop, (start, _) in ranges.items() if start}
    return replace(
        layer,
        loops=tuple((loop, ranges[loop][1] if loop in ranges else size) for loop, size in layer.loops),
        output=_begun_at(layer.output, starts, ranges),
        inputs=tuple(_begun_at(access, starts, ranges) for access in layer.inputs),
        combine=_step(layer.combine, starts, ranges),
        after=tuple(_step(step, starts, ranges) for step in layer.after),
        macs_useful=None,
    )


def _begun_at(access: Access, starts: Mapping[str, int], ranges: Mapping[str, Range]) -> Access:
    outside = access.outside
    return replace(
        access,
        axes=tuple(_axis(axis, starts) for axis in access.axes),
        prepare=tuple(_step(step, starts, ranges) for step in access.prepare),
        outside=_begun_at(outside, starts, ranges) if isinstance(outside, Access) else outside,
        picks=None if access.picks is None else (access.picks[0], _begun_at(access.picks[1], starts, ranges)),
    )


def _axis(axis: Axis, starts: Mapping[str, int]) -> Axis:
    moved = _moved(axis.terms, starts)
    return replace(axis, offset=axis.offset + moved) if moved else axis


def _moved(terms: Sequence[tuple[str, int]], starts: Mapping[str, int]) -> int:
    return sum(coefficient * starts.get(loop, 0) for loop, coefficient in terms)


def _step(step: Step, starts: Mapping[str, int], ranges: Mapping[str, Range]) -> Step:
    operand = step.operand
    if isinstance(operand, Access):
        return replace(step, operand=_begun_at(operand, starts, ranges))
    if isinstance(operand, Position):
        moved = operand.offset + _moved(operand.terms, starts)
        return replace(step, operand=replace(operand, offset=moved))
    if isinstance(operand, Table):
        return replace(step, operand=_table(operand, ranges))
    return step


def _table(table: Table, ranges: Mapping[str, Range]) -> Table:
    """The constants of the values that the box leaves."""
    values = _rows(table.values, ranges.get(table.loop))
    if table.inner in ranges:
        values = tuple(_rows(row, ranges[table.inner]) if isinstance(row, tuple) else row for row in values)
    return replace(table, values=values)


Row = TypeVar("Row")


def _rows(values: tuple[Row, ...], part: Range | None) -> tuple[Row, ...]:
    return values if part is None else values[part[0] : part[0] + part[1]]
