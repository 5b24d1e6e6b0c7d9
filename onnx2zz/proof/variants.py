"""A layer with one thing done differently: each a mistake that a lowering can make, under the name of its kind.

Where a layer's values differ from onnxruntime's, the variant whose values do not tells the likely cause.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations

from onnx2zz.ir import functions
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, Window, along, fixed
from onnx2zz.ir.layer import Layer

NEAR = (-2, -1, 1, 2)
COEFFICIENTS = (1, 2, 3, 4)
FUNCTIONS = (
    *(functions.ADD, functions.SUB, functions.SUB.swapped(), functions.MUL, functions.DIV, functions.DIV.swapped()),
    *(functions.MAX, functions.MIN),
)
REDUCTIONS = ("sum", "max", "min", "prod")


def variants(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """(kind, layer) of every variant, none of them the layer itself; the likeliest kinds first."""
    # Inputs first: most mistakes are made in how they are walked, and a search for the cause ends after some tries.
    for number, access in enumerate(layer.inputs):
        for kind, changed in _of_access(access, layer):
            if changed != access:
                inputs = tuple(changed if i == number else a for i, a in enumerate(layer.inputs))
                yield kind, replace(layer, inputs=inputs)
    yield from (("axes swapped", replace(layer, output=access)) for access in _swapped(layer.output))
    yield from (("group", replace(layer, output=access)) for access in _regrouped(layer.output, layer))
    yield from _of_function(layer)


def _of_access(access: Access, layer: Layer) -> Iterator[tuple[str, Access]]:
    yield from (("padding", changed) for changed in _shifted(access, layer))
    yield from (("axes swapped", changed) for changed in _swapped(access))
    yield from (("stride", changed) for changed in _strided(access))
    yield from (("group", changed) for changed in _regrouped(access, layer))
    yield from (("broadcast", changed) for changed in _broadcast(access, layer))


def with_axes(access: Access, changed: dict[int, Axis]) -> Access:
    """The access with some of its axes replaced."""
    return replace(access, axes=tuple(changed.get(i, axis) for i, axis in enumerate(access.axes)))


def _shifted(access: Access, layer: Layer) -> Iterator[Access]:
    """Windows that begin elsewhere: a pad too many or too few, the end's pad in place of the beginning's."""
    for i, axis in enumerate(access.axes):
        begin, end = axis.padding(layer.sizes)
        # The usual slips: no padding, the end's for the beginning's (SAME_LOWER for SAME_UPPER), one or two off.
        offsets = dict.fromkeys([0, -end, begin - end, *(axis.offset + step for step in NEAR)])
        # Elsewhere a shift is a slice, of which no lowering makes a slip by itself.
        if len(axis.terms) > 1 or begin or end:
            yield from (with_axes(access, {i: replace(axis, offset=o)}) for o in offsets if o != axis.offset)


def _swapped(access: Access) -> Iterator[Access]:
    """Two axes walked by each other's loops, with or without their offsets."""
    for (i, one), (j, other) in combinations(enumerate(access.axes), 2):
        if one.terms != other.terms:
            swap = {
                i: replace(_like(one, other), offset=one.offset),
                j: replace(_like(other, one), offset=other.offset),
            }
            yield with_axes(access, swap)
        # With their offsets as well: whole axes were exchanged, and not just what walks them.
        if one.terms != other.terms and one.offset != other.offset:
            swap = {i: _like(one, other), j: _like(other, one)}
            yield with_axes(access, swap)
        if one.offset != other.offset:
            yield with_axes(access, {i: replace(one, offset=other.offset), j: replace(other, offset=one.offset)})


def _like(axis: Axis, other: Axis) -> Axis:
    """The axis as the other is walked."""
    return replace(other, extent=axis.extent, shared_by=axis.shared_by)


def _strided(access: Access) -> Iterator[Access]:
    """Other coefficients: of one loop, or those of two windows exchanged."""
    for i, axis in enumerate(access.axes):
        for n, (loop, coefficient) in enumerate(axis.terms):
            for other in COEFFICIENTS:
                if other != coefficient:
                    terms = tuple((loop, other) if m == n else term for m, term in enumerate(axis.terms))
                    yield with_axes(access, {i: replace(axis, terms=terms)})
    for (i, one), (j, other) in combinations(enumerate(access.axes), 2):
        if len(one.terms) == len(other.terms) == 2:
            yield with_axes(access, {i: _coefficients_of(one, other), j: _coefficients_of(other, one)})


def _coefficients_of(axis: Axis, other: Axis) -> Axis:
    terms = tuple((loop, c) for (loop, _), (_, c) in zip(axis.terms, other.terms, strict=True))
    return replace(axis, terms=terms)


def _regrouped(access: Access, layer: Layer) -> Iterator[Access]:
    """Loops that cover an axis together, in another order: k*G+g in place of g*K+k."""
    for i, axis in enumerate(access.axes):
        # The loops of a window add up and do not cover the axis between them.
        if len(axis.terms) < 2 or isinstance(axis, Window):
            continue
        for loops in permutations([loop for loop, _ in axis.terms]):
            stride, terms = 1, list[tuple[str, int]]()
            for loop in reversed(loops):
                terms.append((loop, stride))
                stride *= layer.sizes[loop]
            if set(terms) != set(axis.terms):
                yield with_axes(access, {i: replace(axis, terms=tuple(reversed(terms)))})


def _broadcast(access: Access, layer: Layer) -> Iterator[Access]:
    """An axis that stands still, or one that another loop of fitting size walks."""
    for i, axis in enumerate(access.axes):
        if axis.terms and axis.extent > 1:
            yield with_axes(access, {i: fixed(axis.extent)})
        for loop, size in layer.loops:
            if size == axis.extent > 1 and axis.terms != ((loop, 1),):
                yield with_axes(access, {i: along(loop, axis.extent)})


def _of_function(layer: Layer) -> Iterator[tuple[str, Layer]]:
    if len(layer.inputs) > 1:
        mine = layer.combine.function
        # Another number of operands or parameters could not be run in its place.
        alike = [f for f in FUNCTIONS if (f.operands, f.parameters) == (mine.operands, mine.parameters)]
        others = [function for function in alike if function != mine]
        yield from (("function", replace(layer, combine=replace(layer.combine, function=other))) for other in others)
    if layer.reduce != "none":
        yield from (("reduction", replace(layer, reduce=name)) for name in REDUCTIONS if name != layer.reduce)
    # Each step left out, not replaced: forgetting one is what happens when nodes are fused.
    for number in range(len(layer.after)):
        left = tuple(step for i, step in enumerate(layer.after) if i != number)
        yield "step after the sum", replace(layer, after=left)
