"""The passes of an interpolation: an axis after the other, weighted windows of constant weights.

Weights depend on the place within a period only (a factor of 2 has two places), so they are constants of the layer.
Where the window moves irregularly (other than whole periods), the pass is an approximation: as many taps, on a regular
grid. A pass makes no more of the other axes than the passes behind it read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product

import numpy as np

from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step, Table
from onnx2zz.ir.axis import Axis, affine, along, window
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order, tensor_loops, within
from onnx2zz.ops.resampling import Grid, Resizing, Taps, grid, rough_grid

MOST_GROUPS = 4  # layers that one axis may be cut into; beyond, one approximate layer stands for them
IRREGULAR = "its windows are put on a regular grid"


@dataclass(frozen=True)
class Piece:
    """Some places of every period of an axis, whose windows start together: `periods` windows a place.

    `rows`: the weights of each place, or of each window where every window has its own (a period of one place).
    """

    regular: Grid
    first: int
    places: int
    periods: int
    rows: tuple[tuple[float, ...], ...]
    exact: bool
    why: str = ""

    @property
    def start(self) -> int:
        """The element with which the first window begins, outside the axis where it is held at the border."""
        return self.regular.offsets[self.first]

    @property
    def out(self) -> int:
        """The length of the resized axis, all pieces together."""
        return self.regular.period * self.periods

    @property
    def taps(self) -> int:
        return len(self.rows[0])

    def elements(self, extent: int) -> frozenset[int]:
        """The elements of the axis that the windows read."""
        starts = self.start + self.regular.stride * np.arange(self.periods)
        return frozenset((starts[:, None] + np.arange(self.taps)).clip(0, extent - 1).ravel().tolist())


def pieces(found: Taps, axis: Resizing, exact: bool) -> tuple[Piece, ...]:
    """One for each run of places whose windows start at one element; a stand-in where there are too many.

    `exact`: whether the weights are those of a run.
    """
    regular = grid(axis, found.starts)
    rows, periods = found.weights, axis.out // regular.period
    same = regular.period == 1 or np.allclose(rows, np.tile(rows[: regular.period], (periods, 1)), atol=1e-6)
    runs = [list(run) for _, run in groupby(range(regular.period), key=regular.offsets.__getitem__)]
    if not same or len(runs) > MOST_GROUPS:
        return (Piece(rough_grid(axis), 0, 1, axis.out, rows, exact=False, why=IRREGULAR),)
    if regular.period == 1:
        return (Piece(regular, 0, 1, periods, rows, exact),)
    return tuple(Piece(regular, run[0], len(run), periods, tuple(rows[p] for p in run), exact) for run in runs)


def interpolation(x: str, out: str, shape: Sequence[int], windows: Mapping[int, Sequence[Piece]]) -> Iterator[Layer]:
    """The layers that resize `x` of `shape` to `out`; `windows`: the pieces of each axis that is resized.

    Axes of which elements are skipped are resized together and first, so that nothing is made which nobody reads; then
    the others, the first of them first. Tensors between carry the number of the last axis that was resized.
    """
    read = {axis: frozenset[int]().union(*(p.elements(shape[axis]) for p in found)) for axis, found in windows.items()}
    skipping = tuple(axis for axis, elements in read.items() if len(elements) < max(elements) - min(elements) + 1)
    # Interpolation is separable, so each axis is a pass of its own and costs the sum of the kernels in place of their
    # product. Axes that skip elements go together and first: a pass of their own would compute whole rows of which the
    # next one reads a few.
    stages = [*filter(None, [skipping]), *((axis,) for axis in windows if axis not in skipping)]
    source, spans = x, [_Span(extent, 0, extent) for extent in shape]
    for stage in stages:
        target = out if stage == stages[-1] else f"{out}/axis{stage[-1]}"
        read = {axis: elements for axis, elements in read.items() if axis not in stage}
        spans = [span.cut_to(read[i]) if i in read else span for i, span in enumerate(spans)]
        for chosen in product(*(windows[axis] for axis in stage)):
            yield _window_layer(dict(zip(stage, chosen, strict=True)), spans, (source, target))
        made = {axis: windows[axis][0].out for axis in stage}
        spans = [_Span(made[i], 0, made[i]) if i in made else span.handed_on() for i, span in enumerate(spans)]
        source = target


@dataclass(frozen=True)
class _Span:
    """The part of an axis that a pass hands on: `length` elements from `begin` of a tensor's `extent`, whose first
    element is number `origin` of the axis as it was given."""

    extent: int
    begin: int
    length: int
    origin: int = 0

    def cut_to(self, read: frozenset[int]) -> "_Span":
        """From the first to the last element that is read later."""
        return _Span(self.extent, min(read) - self.origin, max(read) - min(read) + 1, self.origin)

    def handed_on(self) -> "_Span":
        return _Span(self.length, 0, self.length, self.origin + self.begin)


def _window_layer(chosen: Mapping[int, Piece], spans: Sequence[_Span], names: tuple[str, str]) -> Layer:
    """The weighted windows of one piece of each resized axis."""
    loops = tensor_loops(len(spans))
    sizes = {loop: span.length for loop, span in zip(loops, spans, strict=True)}
    reads: list[Axis] = [along(loop, span.extent, span.begin) for loop, span in zip(loops, spans, strict=True)]
    writes: list[Axis] = [along(loop, span.length) for loop, span in zip(loops, spans, strict=True)]
    weights: list[Step] = []
    for axis, piece in chosen.items():
        outer, inner = loops[axis], within(loops[axis])
        tap, period = f"F{inner[1:]}", piece.regular.period
        sizes |= {outer: piece.periods, inner: piece.places, tap: piece.taps}
        pad = spans[axis].origin - piece.start
        reads[axis] = window(outer, tap, spans[axis].extent, piece.regular.stride, pad=pad)
        writes[axis] = affine(((outer, period), (inner, 1)), piece.out, piece.first)
        weights.append(Step(functions.MUL, Table(outer if period == 1 else inner, piece.rows, tap)))
    *prepare, combine = weights
    exact = all(piece.exact for piece in chosen.values())
    return Layer(
        operator_type="Pooling",
        loops=in_order(sizes.items()),
        output=Access(names[1], tuple(writes)),
        inputs=(Access(names[0], tuple(reads), tuple(prepare), border="edge"),),
        combine=combine,
        reduce="sum",
        kind="exact" if exact else "approximate",
        why=next((piece.why for piece in chosen.values() if piece.why), ""),
    )
