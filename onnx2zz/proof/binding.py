"""What ZigZag will read in an entry of workload.yaml, as a layer that can be run.

Equation, relations, sizes and padding come from the entry; the layer adds what an entry has no words for: which tensor
an operand is, its axes, and where on them a plain loop begins. An operand's indices are taken in the order in which
they stand, axis by axis. Where entry and layer do not say the same, the difference is reported, and the entry is run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes, operand_indices, relations
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, window
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer


@dataclass(frozen=True)
class Difference:
    """Something that the entry says and the layer does not."""

    where: str
    layer: str
    entry: str
    cause: str


@dataclass(frozen=True)
class Bound:
    """An entry as a layer; None where its indices fit no tensor. `differences` to the layer that it was made from."""

    layer: Layer | None
    differences: tuple[Difference, ...]


def bind(entry: WorkloadEntry, placed: PlacedLayer) -> Bound:
    """The entry as ZigZag reads it, bound to the tensors of the layer that it stands for."""
    try:
        reading = _Reading(entry, placed)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        return Bound(None, (Difference("entry", "an entry that ZigZag reads", str(error), "equation"),))
    found = [*reading.problems, *_sizes(reading, placed.layer)]
    layer = reading.layer
    if layer is None:
        return Bound(None, tuple(found))
    found += _accesses(layer, placed.layer)
    found += _related(reading, layer)
    found += _form(entry, reading, placed)
    return Bound(layer, tuple(found))


class _Reading:
    """An entry's parts, and the layer that they make."""

    def __init__(self, entry: WorkloadEntry, placed: PlacedLayer):
        self.entry = entry
        self.indices = operand_indices(entry)
        self.sizes = loop_sizes(entry)
        self.relations = relations(entry)
        self.padding = _by_index(entry, "padding")
        self.extents = _by_index(entry, "pr_loop_sizes")
        self.problems: list[Difference] = []
        self.layer = self._layer(placed.layer)

    def _layer(self, layer: Layer) -> Layer | None:
        # A layer has one input or two; an entry always writes two operands, the second of which may be empty (`W[]`).
        operands = dict(zip("OIW", (layer.output, *layer.inputs), strict=False))
        bound = {operand: self._access(operand, access, layer) for operand, access in operands.items()}
        # Loops of size 1 do no harm there: ZigZag sees one element either way.
        if "W" not in operands and self.relevant(self.indices.get("W", ())):
            self.problems.append(Difference("W", "no second operand", self._text("W"), "equation"))
        if any(access is None for access in bound.values()):
            return None
        accesses = {operand: access for operand, access in bound.items() if access}
        inputs = tuple(access for operand, access in accesses.items() if operand != "O")
        # A loop that the entry leaves out runs once to ZigZag. Where it should have run more often the values tell, and
        # `_sizes` names the loop.
        unsaid = {loop: 1 for loop in layer.sizes if loop not in self.sizes}
        return replace(layer, loops=tuple((unsaid | self.sizes).items()), output=accesses["O"], inputs=inputs)

    def relevant(self, indices: Iterable[str]) -> list[str]:
        """The indices that run: an equation may hold loops of size 1 that move nothing."""
        return [index for index in indices if self._runs(index)]

    def _runs(self, index: str) -> bool:
        return any(self.sizes.get(loop, 2) > 1 for loop in self._walked(index))

    def _walked(self, index: str) -> list[str]:
        return [loop for _, loop in self.relations[index]] if index in self.relations else [index]

    def _text(self, operand: str) -> str:
        return operand + "".join(f"[{index.lower()}]" for index in self.indices.get(operand, ()))

    def _access(self, operand: str, access: Access, layer: Layer) -> Access | None:
        """The operand's access map as the entry has it; loops of size 1 may have their places or be left out."""
        every = list(self.indices.get(operand, ()))
        # First as written: with loops of size 1 taken out from the start, an index could slip into the place of
        # another.
        axes = self._axes(access, list(every), set(), layer) or self._shorter(access, every, layer)
        if axes is None:
            expected = " ".join(_axis_text(axis) for axis in access.axes)
            self.problems.append(Difference(operand, expected, self._text(operand), "equation"))
            return None
        return replace(access, axes=axes)

    def _shorter(self, access: Access, every: Sequence[str], layer: Layer) -> tuple[Axis, ...] | None:
        """The map without the loops of size 1 that the operand leaves out; those that it writes keep their places."""
        written = {loop for index in every for loop in self._walked(index)}
        still = {loop for loop, size in layer.loops if size == 1 and loop not in written}
        left = [index for index in every if self._runs(index) or access.loops & set(self._walked(index))]
        return self._axes(access, left, still, layer)

    def _axes(self, access: Access, left: list[str], seen: set[str], layer: Layer) -> tuple[Axis, ...] | None:
        """Each axis as the indices say in turn; None where there are too few, or one that runs is left."""
        axes = [self._axis(axis, left, seen, layer) for axis in access.axes]
        found = tuple(axis for axis in axes if axis is not None)
        return found if len(found) == len(axes) and not self.relevant(left) else None

    def _axis(self, axis: Axis, left: list[str], seen: set[str], layer: Layer) -> Axis | None:
        """Takes an axis' indices off the front of those that are left."""
        # A window whose loops were all taken by earlier axes needs no index of its own.
        if left and left[0] in self.relations and any(c and loop not in seen for loop, c in axis.terms):
            return self._window(axis, left.pop(0), layer)
        # An entry's equation lists loops by name and no axes. They are taken from the front, as many as the layer's own
        # axis has moving loops; a loop that an earlier axis took has its index already.
        terms: list[tuple[str, int]] = []
        for loop, coefficient in axis.terms:
            if not coefficient or loop in seen:
                terms.append((loop, coefficient))
                continue
            if not left or left[0] not in self.sizes:
                return None
            seen.add(loop)
            terms.append((left.pop(0), coefficient))
        # An axis that one loop walks twice is none that an entry can mean.
        return replace(axis, terms=tuple(terms)) if len(dict(terms)) == len(terms) else None

    def _window(self, axis: Axis, index: str, layer: Layer) -> Axis:
        (stride, outer), (dilation, inner) = self.relations[index]
        # Our own padding is taken out of where the axis begins, since the entry's is what is to be judged.
        begins = axis.offset + axis.padding(layer.sizes)[0]
        padding = self.padding.get(index, (0, 0))[0]
        return window(outer, inner, axis.extent, stride, dilation, padding - begins)


def _by_index(entry: WorkloadEntry, field: str) -> dict[str, Any]:
    dims, values = entry.get("pr_loop_dims") or (), entry.get(field) or ()
    return {str(dim).upper(): value for dim, value in zip(dims, values, strict=True)}


def _sizes(reading: _Reading, layer: Layer) -> Iterator[Difference]:
    for loop in dict.fromkeys([*layer.sizes, *reading.sizes]):
        mine, theirs = layer.sizes.get(loop, 1), reading.sizes.get(loop, 1)
        if mine != theirs:
            yield Difference(f"loop {loop}", str(mine), str(theirs), "size")


def _accesses(entry: Layer, layer: Layer) -> Iterator[Difference]:
    for operand, mine, theirs in zip("OIW", (layer.output, *layer.inputs), (entry.output, *entry.inputs), strict=False):
        for number, (own, read) in enumerate(zip(mine.axes, theirs.axes, strict=True)):
            # By the loops that run: one of size 1 may be written with any coefficient, or not at all.
            if _moves(own, layer.sizes) != _moves(read, entry.sizes):
                cause = _cause(own, read, mine, layer.sizes)
                yield Difference(f"{operand} axis {number}", _axis_text(own), _axis_text(read), cause)


def _moves(axis: Axis, sizes: Mapping[str, int]) -> tuple[frozenset[tuple[str, int]], int]:
    return frozenset((loop, c) for loop, c in axis.terms if c and sizes.get(loop, 1) > 1), axis.offset


def _cause(own: Axis, read: Axis, access: Access, sizes: Mapping[str, int]) -> str:
    """What differs between two maps of one axis."""
    if {loop for loop, _ in _moves(own, sizes)[0]} != {loop for loop, _ in _moves(read, sizes)[0]}:
        return "axes swapped"
    return "padding" if own.offset != read.offset else "stride"


def _axis_text(axis: Axis) -> str:
    terms = [f"{'' if c == 1 else f'{c}*'}{loop.lower()}" for loop, c in axis.terms if c]
    if axis.offset or not terms:
        terms.append(str(axis.offset))
    return f"[{'+'.join(terms).replace('+-', '-')}]"


def _related(reading: _Reading, layer: Layer) -> Iterator[Difference]:
    """Padding at the end, and extents without padding, against what the window really reaches."""
    # By their terms, since several operands may have the same window: one relation stands for all of them.
    windows = {
        axis.terms: axis for access in (layer.output, *layer.inputs) for axis in access.axes if len(axis.terms) == 2
    }
    for index, ((stride, outer), (dilation, inner)) in reading.relations.items():
        axis = windows.get(((outer, stride), (inner, dilation)))
        if axis is None:
            yield Difference(f"relation of {index}", "a window of some operand", "unused", "equation")
            continue
        padding, extent = axis.padding(reading.sizes), max(1, axis.touched(reading.sizes))  # as `elements.count`
        said = tuple(reading.padding.get(index, (0, 0)))
        if said != padding:
            yield Difference(f"padding of {index}", str(list(padding)), str(list(said)), "padding")
        if reading.extents.get(index) != extent:
            yield Difference(f"pr_loop_sizes of {index}", str(extent), str(reading.extents.get(index)), "padding")


def _form(entry: WorkloadEntry, reading: _Reading, placed: PlacedLayer) -> Iterator[Difference]:
    """Operator type, reduction, the sign of the equation, and which operand ZigZag takes for the activation."""
    layer, equation = placed.layer, str(entry["equation"])
    if entry["operator_type"] != layer.operator_type:
        yield Difference("operator_type", layer.operator_type, str(entry["operator_type"]), "operator type")
    if ("+=" in equation) != (layer.reduce != "none"):
        yield Difference("equation", "= without reduction, else +=", equation, "equation")
    two = len(layer.inputs) > 1
    # Behind the `=`, since `+=` has a plus of its own.
    sums = "+" in equation.split("=", 1)[1]
    if sums != (two and layer.combine.function.additive):
        yield Difference("equation", f"operands combined by {layer.combine.function}", equation, "equation")
    order = [operand for operand in reading.indices if operand != "O"]
    # ZigZag finds the activation by position: the second of two variable operands, else the first (layer_node.py:197).
    variable = two and not placed.constant
    if order != (["W", "I"] if variable else ["I", "W"]):
        yield Difference("equation", "I where ZigZag looks for the activation", equation, "operand order")
