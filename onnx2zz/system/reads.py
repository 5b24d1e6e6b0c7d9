"""Which elements of its producer's output a layer reads, through views.

A layer's access names the tensor that its node reads; the layer behind it may lie several views away. Each view is one
step back: from positions of what it shows to positions of what it is made of. Where no such step is known (a host in
between, a run-time index) the whole output is taken, which is never less than the truth, and said.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.access import Access
from onnx2zz.ir.workload import NodeFate, PlacedLayer
from onnx2zz.lowering.layout import Layout, contiguous
from onnx2zz.lowering.view_chain import own_layout, renamed
from onnx2zz.ops.concat import concat_axis
from onnx2zz.system.elements import Elements, interval, of_positions, positions

MOST_ELEMENTS = 1 << 22
"""A part of a view of more elements is taken as the whole tensor behind it."""


@dataclass(frozen=True)
class Behind:
    """One step back through a view: its layout in the tensor behind it, of shape `stored`."""

    layout: Layout
    stored: tuple[int, ...]

    def back(self, seen: Elements) -> tuple[Elements, bool]:
        """The elements behind, and whether they are exactly those: several axes become one box that holds them."""
        return _behind(self.layout, self.stored, seen)


@dataclass(frozen=True)
class Joined:
    """One step back through a Concat: the part of `axis` from `start` on that one input fills."""

    axis: int
    start: int
    size: int

    def back(self, seen: Elements) -> tuple[Elements, bool]:
        part = (seen[self.axis] >> self.start) & interval(0, self.size)
        return (*seen[: self.axis], part, *seen[self.axis + 1 :]), True


@dataclass(frozen=True)
class Unknown:
    """A step of which nothing is known but the shape behind it: any element may be read."""

    stored: tuple[int, ...]

    def back(self, seen: Elements) -> tuple[Elements, bool]:
        return tuple(interval(0, extent) for extent in self.stored), False


View = Behind | Joined | Unknown
Chain = tuple[View, ...]


@dataclass(frozen=True)
class Edge:
    """What `reader` takes from `producer` (layer ids) as `operand`, each chain of views from the reader's tensor to the
    producer's.

    `by_element`: both name the same axes of the same tensor in workload.yaml, so that whoever knows that file alone
    can tell which elements are read; else only that something of every tile must have come (schedule-format.md).
    """

    producer: int
    reader: int
    operand: str
    chains: tuple[Chain, ...]
    by_element: bool

    def needed(self, seen: Elements) -> tuple[list[Elements], bool]:
        """The elements of the producer's tensor, a box for each chain, and whether exactly those are read."""
        found: dict[Elements, None] = {}
        exact = True
        for chain in self.chains:
            elements, known = seen, True
            for view in chain:
                elements, step_known = view.back(elements)
                known = known and step_known
            exact = exact and known
            if all(elements):
                found[elements] = None
        return list(found), exact


@lru_cache(maxsize=1 << 14)
def _behind(layout: Layout, stored: tuple[int, ...], seen: Elements) -> tuple[Elements, bool]:
    # An axis of the view that walks one axis behind it keeps the box a box. One that runs over several (a Flatten) is
    # looked at element by element, and the box around what it meets is taken.
    strides = [math.prod(stored[n + 1 :]) for n in range(len(stored))]
    starts = _digits(layout.offset, stored, strides)
    found = [0] * len(stored)
    walked: set[int] = set()
    separate: list[tuple[int, int, int]] = []
    for axis, digits in zip(seen, layout.axes, strict=True):
        moving = [digit for digit in digits if digit[1]]
        if not moving:
            continue
        home = _home(moving, strides, stored, starts) if len(moving) == 1 == len(digits) else None
        if home is None or home[0] in walked:
            return _one_by_one(layout, stored, strides, seen)
        walked.add(home[0])
        separate.append((axis, *home))
    for axis, at, step in separate:
        found[at] = axis << starts[at] if step == 1 else of_positions(starts[at] + step * p for p in positions(axis))
    for at, start in enumerate(starts):
        if at not in walked:
            found[at] = interval(start, 1)
    return (tuple(found), True) if all(seen) else ((0,) * len(stored), True)


def _digits(offset: int, stored: Sequence[int], strides: Sequence[int]) -> list[int]:
    return [offset // stride % extent if extent else 0 for stride, extent in zip(strides, stored, strict=True)]


def _home(
    moving: Sequence[tuple[int, int]], strides: Sequence[int], stored: Sequence[int], starts: Sequence[int]
) -> tuple[int, int] | None:
    """The axis behind that one digit walks, and in which steps; None where it runs over the end of an axis."""
    ((size, stride),) = moving
    if stride < 0:
        return None
    for at, (unit, extent) in enumerate(zip(strides, stored, strict=True)):
        if extent > 1 and stride % unit == 0 and stride // unit < extent:
            step = stride // unit
            return (at, step) if starts[at] + step * (size - 1) < extent else None
    return None


def _one_by_one(
    layout: Layout, stored: tuple[int, ...], strides: Sequence[int], seen: Elements
) -> tuple[Elements, bool]:
    """The box around the elements behind, met one by one."""
    if (apart := _axis_by_axis(layout, stored, strides, seen)) is not None:
        return apart
    import numpy as np

    if math.prod(axis.bit_count() for axis in seen) > MOST_ELEMENTS:
        return tuple(interval(0, extent) for extent in stored), False
    flat = np.array([layout.offset])
    for axis, digits in zip(seen, layout.axes, strict=True):
        steps = np.array([_moved(position, digits) for position in positions(axis)], dtype=np.int64)
        flat = (flat[:, None] + steps[None, :]).reshape(-1)
    flat = np.unique(flat)
    axes = [np.unique(flat // stride % extent) for stride, extent in zip(strides, stored, strict=True)]
    box = tuple(of_positions(axis.tolist()) for axis in axes)
    return box, math.prod(len(axis) for axis in axes) == len(flat)


def _axis_by_axis(
    layout: Layout, stored: tuple[int, ...], strides: Sequence[int], seen: Elements
) -> tuple[Elements, bool] | None:
    """The same where each axis of the view moves along axes behind that no other does and that it does not run over the
    end of: then each of its positions need be looked at once, and not with all those of the others. Else None."""
    starts = _digits(layout.offset, stored, strides)
    found: list[int | None] = [None] * len(stored)
    exact = True
    for axis, digits in zip(seen, layout.axes, strict=True):
        steps = [_moved(position, digits) for position in positions(axis)]
        # A Slice may walk backwards: digits of negative steps would carry into the axis before.
        if not steps or min(steps) < 0:
            return None
        places = {tuple(_digits(step, stored, strides)) for step in steps}
        along = [at for at in range(len(stored)) if any(place[at] for place in places)]
        for at in along:
            reached = {starts[at] + place[at] for place in places}
            # Places may be added axis by axis only if none carries over: not two axes of the view on one behind,
            # nothing past its end, and nothing that _digits has wrapped around.
            if found[at] is not None or max(reached) >= stored[at] or max(steps) >= strides[0] * stored[0]:
                return None
            found[at] = of_positions(reached)
        # Fewer places than the box has: it holds more than is seen. Fewer than steps: digits have hidden a
        # difference.
        exact = exact and math.prod((found[at] or 0).bit_count() for at in along) == len(places) == len(set(steps))
    box = tuple(interval(start, 1) if own is None else own for start, own in zip(starts, found, strict=True))
    return box, exact


def _moved(position: int, digits: Sequence[tuple[int, int]]) -> int:
    """How far one position of an axis lies from its first, in elements behind."""
    moved = 0
    for size, stride in reversed(digits):
        position, at = divmod(position, size)
        moved += at * stride
    return moved


class Chains:
    """The chains of views from a tensor back to the layers that write it; a graph's are found once."""

    def __init__(self, graph: Graph, layers: Sequence[PlacedLayer], fates: Mapping[str, NodeFate]):
        self._graph, self._fates = graph, fates
        self._writers: dict[str, list[int]] = {}
        for placed in layers:
            self._writers.setdefault(placed.layer.output.tensor, []).append(placed.id)
        self._known: dict[str, dict[int, tuple[Chain, ...]]] = {}

    def of(self, tensor: str) -> dict[int, tuple[Chain, ...]]:
        """Layer id -> its chains, nearest view first."""
        pending = [tensor]
        while pending:
            name = pending[-1]
            steps = [] if name in self._known else list(self._steps(name))
            # A stack of its own and no recursion: chains of views may be thousands of nodes deep.
            if unknown := [behind for behind, _ in steps if behind not in self._known]:
                pending += unknown
                continue
            if name not in self._known:
                self._known[name] = self._joined(name, steps)
            pending.pop()
        return self._known[tensor]

    def behind(self, access: Access) -> dict[int, tuple[Chain, ...]]:
        """The same from what an access walks. Its axes may be its tensor's regrouped (heads that share a key come
        without the axis of 1 between them): then the first step is back to the tensor's own."""
        found = self.of(access.tensor)
        tensor = self._graph.tensors.get(access.tensor)
        walked, shape = tuple(axis.extent for axis in access.axes), tensor.shape if tensor is not None else None
        # What only layers of a node know has no other axes than theirs.
        if shape is None or walked == shape or math.prod(walked) != math.prod(shape):
            return found
        regrouped = Behind(contiguous(walked), shape)
        return {
            layer: tuple((regrouped, *chain) if chain else chain for chain in chains) for layer, chains in found.items()
        }

    def _joined(self, name: str, steps: Sequence[tuple[str, View | None]]) -> dict[int, tuple[Chain, ...]]:
        found: dict[int, dict[Chain, None]] = {layer: {(): None} for layer in self._writers.get(name, ())}
        for behind, view in steps:
            for layer, chains in self._known[behind].items():
                for chain in chains:
                    found.setdefault(layer, {})[chain if view is None else (view, *chain)] = None
        return {layer: tuple(chains) for layer, chains in found.items()}

    def _steps(self, name: str) -> Iterator[tuple[str, View | None]]:
        """The tensors behind one tensor, each with the view that lies between (None: a mere change of name)."""
        node = self._graph.maker.get(name)
        if node is None:
            return
        fate = self._fates.get(next(filter(None, node.outputs), ""))
        status = fate.status if fate else "host"
        if node.op == "Concat" and status in ("view", "lowered"):
            yield from self._joins(node)
        elif node.op == CALL:
            yield renamed(node, name), None
        elif status == "view":
            yield self._view(node, name)
        # Through what the host does as well: what it makes of its inputs nobody knows, but of which layers it waits.
        elif status in ("fused", "host"):
            for behind in dict.fromkeys(filter(None, node.data_inputs)):
                if behind not in self._graph.static:
                    yield behind, self._passed(behind, name, status)

    def _joins(self, node: Node) -> Iterator[tuple[str, View | None]]:
        axis, start = concat_axis(node, self._graph), 0
        for behind in node.inputs:
            size = self._graph.shape(behind)[axis]
            if behind not in self._graph.static:
                yield behind, Joined(axis, start, size)
            start += size

    def _view(self, node: Node, name: str) -> tuple[str, View | None]:
        behind = renamed(node, name)
        layout, stored = own_layout(node, name, self._graph), self._graph.tensors[behind].shape or ()
        if layout is None or 0 in stored:
            return behind, Unknown(stored)
        return behind, None if self._graph.tensors[name].shape == stored and _is_plain(layout, stored) else Behind(
            layout, stored
        )

    def _passed(self, behind: str, name: str, status: str) -> View | None:
        """An activation works element by element; what a host makes of its inputs, nobody knows."""
        stored, shape = self._graph.tensors[behind].shape or (), self._graph.tensors[name].shape
        return None if status == "fused" and stored == shape else Unknown(stored)


def _is_plain(layout: Layout, stored: tuple[int, ...]) -> bool:
    return layout == contiguous(stored)


Image = tuple[int, int, int, int]
"""Of an operand as workload.yaml names it: batch, channels, last row and last column."""
KNOWN_INDICES = frozenset(("B", "G", "K", "C", "D", "OY", "IY", "OX", "IX"))


def image(layer: EntryLayer, operand: str) -> Image | None:
    """An operand as batch, channels, rows and columns; None where its indices say something else."""
    indices = layer.indices.get(operand, ())
    if not set(indices) <= KNOWN_INDICES:
        return None
    channels = math.prod(layer.loops[index] for index in indices if index in ("G", "K", "C", "D"))
    last = [
        next((_last(layer, index) for index in indices if index in names), 0) for names in (("OY", "IY"), ("OX", "IX"))
    ]
    return layer.loops.get("B", 1) if "B" in indices else 1, channels, last[0], last[1]


def _last(layer: EntryLayer, index: str) -> int:
    """The last position of one index, padding left out."""
    relation = layer.related.get(index)
    if index in layer.loops or relation is None:
        return layer.loops[index] - 1
    before = layer.padding.get(index, (0, 0))[0]
    spans = [range(0, a * layer.loops.get(loop, 1), a) if a else (0,) for a, loop in relation.terms]
    extent = layer.extents.get(index)
    found = (sum(at) - before for at in product(*spans))
    return max((e for e in found if e >= 0 and (extent is None or e < extent)), default=0)


def by_element(producer: EntryLayer, reader: EntryLayer, operand: str, sources: int) -> bool:
    """Whether workload.yaml alone says which elements of the producer's output are read: it is the only source, and
    both have the same channels and rows and columns that fit."""
    written, read = image(producer, "O"), image(reader, operand)
    if sources != 1 or written is None or read is None or written[1] != read[1]:
        return False
    return all(mine <= theirs for mine, theirs in zip(read, written, strict=True))
