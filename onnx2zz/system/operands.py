"""The operands of a layer, in the index names of its equation (what schedule.json tells elements by) and in the axes of
its ONNX tensors (what joins a reader to its producer)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.system.elements import (
    Elements,
    Positions,
    count,
    interval,
    of_positions,
    positions,
    stepped_positions,
    touched,
)
from onnx2zz.system.tile import Range

Ranges = Mapping[str, Range]
Shape = tuple[tuple[int, ...], tuple[tuple[int, tuple[int, int]], ...]]


@dataclass(frozen=True)
class Told:
    """A layer with its workload entry, which names the indices."""

    placed: PlacedLayer
    entry: EntryLayer

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Every loop of the entry: it may have loops of one iteration more than the layer."""
        return {**self.entry.loops, **self.placed.layer.sizes}

    @cached_property
    def output_bits(self) -> int:
        """The bits of the whole output, as others read it."""
        return count(self.told("O", self.ranges({}))) * self.placed.widths.O_final

    def ranges(self, box: Mapping[str, Range]) -> dict[str, Range]:
        """The range of every loop in a box that names some."""
        return {loop: box.get(loop, (0, size)) for loop, size in self.sizes.items()}

    def told(self, operand: str, ranges: Ranges) -> Elements:
        """What an operand touches, by its indices: loops by their values, others by positions in the tensor."""
        return tuple(self._told(index, ranges) for index in self.indices(operand))

    def is_constant(self, operand: str) -> bool:
        """Whether no run changes an operand."""
        return self.placed.sources.get(operand, ()) in ((), ("const",))

    def indices(self, operand: str) -> tuple[str, ...]:
        return self.entry.indices.get(operand, ())

    def _told(self, index: str, ranges: Ranges) -> Positions:
        relation = self.entry.related.get(index)
        if relation is None or index in self.entry.loops:
            return interval(*ranges[index])
        before = self.entry.padding.get(index, (0, 0))[0]
        offset = sum(step * ranges[loop][0] for step, loop in relation.terms) - before
        steps = tuple((step, ranges[loop][1]) for step, loop in relation.terms if step)
        return stepped_positions(offset, steps, self._lengths[index])

    @cached_property
    def _lengths(self) -> Mapping[str, int]:
        """Positions of each derived index' tensor, as far as windows reach."""
        return {index: self._length(index) for index in self.entry.related}

    def _length(self, index: str) -> int:
        # pr_loop_sizes counts what is touched: no bound where windows step over some rows (a 1x1 of stride 2).
        relation = self.entry.related[index]
        reach = sum(step * (self.sizes[loop] - 1) for step, loop in relation.terms) + 1
        if relation.count(self.entry.loops) < reach:
            return reach - sum(self.entry.padding.get(index, (0, 0)))
        return self.entry.extents.get(index, self.entry.span(index))

    def reached(self, index: str, ranges: Ranges) -> tuple[int, tuple[int, int]]:
        """How many positions of a derived index loops touch, and how far they reach beyond both its ends."""
        relation = self.entry.related[index]
        before = self.entry.padding.get(index, (0, 0))[0]
        low = sum(step * ranges[loop][0] for step, loop in relation.terms) - before
        high = low + sum(step * (ranges[loop][1] - 1) for step, loop in relation.terms)
        positions = max(1, self._told(index, ranges).bit_count())
        return positions, (max(0, -low), max(0, high - self._lengths[index] + 1))

    def shape_of(self, ranges: Ranges) -> Shape:
        """Equal for two tiles of the layer exactly if their entries are: sizes, and what is left of each padding."""
        sizes = tuple(size for _, size in ranges.values())
        return sizes, tuple(self.reached(relation.target, ranges) for relation in self.entry.relations)

    def seen(self, access: Access, ranges: Ranges) -> Elements:
        """What an access touches, by the axes of its ONNX tensor: never less than the truth."""
        # Where a run picks (Gather), any position of that axis may be read.
        picked = access.picks[0] if access.picks is not None else -1
        return tuple(
            interval(0, axis.extent) if n == picked or self._mirrors(access, axis) else touched(axis, ranges)
            for n, axis in enumerate(access.axes)
        )

    def sees_exactly(self, access: Access) -> bool:
        """Whether `seen` is what is touched and no more: not where a run picks, nor along a diagonal."""
        sizes = self.placed.layer.sizes
        walked = [loop for axis in access.axes for loop, step in axis.terms if step and sizes[loop] > 1]
        mirrored = any(self._mirrors(access, axis) for axis in access.axes)
        return access.picks is None and not mirrored and len(set(walked)) == len(walked)

    def _mirrors(self, access: Access, axis: Axis) -> bool:
        """Whether reads outside the axis are reads of other elements of it."""
        return access.border != "constant" and axis.padding(self.placed.layer.sizes) != (0, 0)

    def written(self, elements: Elements) -> tuple[list[Elements], bool]:
        """Elements of the output tensor, by its axes, as values of the output's loops: disjoint boxes, one wherever no
        two loops walk an axis together; and whether those and no others. Of a tensor that is not axis by axis what the
        layer writes (a state inside a recurrence) all may be meant."""
        if len(elements) != len(self.placed.layer.output.axes):
            return [self.told("O", self.ranges({}))], False
        # workload.yaml has loops of one iteration that the layer's axes do not walk: their one value is meant.
        walked = {loop for axis in self.placed.layer.output.axes for loop, _ in axis.terms}
        boxes: list[dict[str, Positions]] = [{loop: 1 for loop in self.indices("O") if loop not in walked}]
        for axis, wanted in zip(self.placed.layer.output.axes, elements, strict=True):
            # None where another layer fills the part of the tensor that is wanted (a Concat in place).
            apart = _walked(axis, wanted, {loop: self.sizes[loop] for loop, _ in axis.terms})
            boxes = [{**by_loop, **box} for box in boxes for by_loop in apart]
        return [tuple(box[loop] for loop in self.indices("O")) for box in boxes], True


def _walked(axis: Axis, wanted: Positions, sizes: Mapping[str, int]) -> list[dict[str, Positions]]:
    """The values of an axis' loops that write wanted positions, in boxes."""
    still = {loop: 1 for loop, size in sizes.items() if size == 1}
    moving = [(loop, step) for loop, step in axis.terms if loop not in still]
    if not moving:
        return [still] if wanted >> axis.offset & 1 else []
    if len(moving) == 1:
        ((loop, step),) = moving
        size = sizes[loop]
        # The common case, by one shift: with one bit for each position, a walk in single steps is the loop's values
        # moved.
        if step == 1:
            values = (wanted >> axis.offset if axis.offset >= 0 else wanted << -axis.offset) & interval(0, size)
        else:
            values = of_positions(n for n in range(size) if wanted >> (axis.offset + step * n) & 1)
        return [{**still, loop: values}] if values else []
    return _walked_together(axis, wanted, sizes)


def _walked_together(axis: Axis, wanted: Positions, sizes: Mapping[str, int]) -> list[dict[str, Positions]]:
    """The same of an axis that several loops walk together, the first in the largest steps (groups, and the channels
    of each)."""
    outer_first = sorted(axis.terms, key=lambda term: -term[1])
    places: set[tuple[int, ...]] = set()
    for position in positions(wanted):
        left, place = position - axis.offset, list[int]()
        for loop, step in outer_first:
            place.append(min(left // step, sizes[loop] - 1) if step else 0)
            left -= step * place[-1]
        if left == 0 and min(place) >= 0:
            places.add(tuple(place))
    loops = tuple(loop for loop, _ in outer_first)
    return [dict(zip(loops, box, strict=True)) for box in _boxes(places)]


def _boxes(places: set[tuple[int, ...]]) -> list[Elements]:
    """Places of some loops in disjoint boxes: outer values that have the same inner places make boxes together."""
    if places == {()} or not places:
        return [()] if places else []
    inner: dict[int, set[tuple[int, ...]]] = {}
    for outer, *rest in places:
        inner.setdefault(outer, set()).add(tuple(rest))
    alike: dict[frozenset[tuple[int, ...]], Positions] = {}
    for outer, rests in sorted(inner.items()):
        alike[frozenset(rests)] = alike.get(frozenset(rests), 0) | 1 << outer
    return [(values, *box) for rests, values in alike.items() for box in _boxes(set(rests))]
