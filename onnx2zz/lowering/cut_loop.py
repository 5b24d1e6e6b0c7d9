"""A loop of a layer cut into a nest of loops that together do the same."""

import math
from collections.abc import Sequence
from dataclasses import replace

from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis, Window, affine
from onnx2zz.ir.layer import Layer, step_operands, steps_of

Terms = tuple[tuple[str, int], ...]


def cut_loop(layer: Layer, loop: str, sizes: Sequence[int]) -> Layer | None:
    """The layer with `loop` as a nest of loops of the given sizes, outermost first, the first under the old name.

    None where something else hangs on the loop as a whole: a window, a table of constants, an order of steps.
    """
    # Views read a tensor in other groups of axes than it is stored in, and then one loop walks several stored axes. A
    # nest of loops in its place walks them one by one. That is only a change of names where each use of the loop is
    # linear in it: a window, a table and a recurrence look at the loop's number as a whole.
    accesses = (layer.output, *layer.inputs, *step_operands(layer))
    slides = any(isinstance(axis, Window) and loop in dict(axis.terms) for access in accesses for axis in access.axes)
    if slides or layer.recurrent == loop or any(_looks_up(step, loop) for step in steps_of(layer)):
        return None
    names = [loop, *_new_names(layer, loop, len(sizes) - 1)]
    terms = tuple((name, math.prod(sizes[n + 1 :])) for n, name in enumerate(names))
    nest = tuple(zip(names, sizes, strict=True))
    return replace(
        layer,
        loops=tuple(new for name, size in layer.loops for new in (nest if name == loop else ((name, size),))),
        inputs=tuple(_access(access, loop, terms) for access in layer.inputs),
        output=_access(layer.output, loop, terms),
        combine=_step(layer.combine, loop, terms),
        after=tuple(_step(step, loop, terms) for step in layer.after),
    )


def _looks_up(step: Step, loop: str) -> bool:
    return isinstance(step.operand, Table) and loop in (step.operand.loop, step.operand.inner)


def _new_names(layer: Layer, loop: str, count: int) -> list[str]:
    """B1, B2 ... for B, past those that the layer has."""
    names: list[str] = []
    number = 0
    while len(names) < count:
        number += 1
        if f"{loop}{number}" not in layer.sizes:
            names.append(f"{loop}{number}")
    return names


def _access(access: Access, loop: str, terms: Terms) -> Access:
    return replace(
        access,
        axes=tuple(_axis(axis, loop, terms) for axis in access.axes),
        prepare=tuple(_step(step, loop, terms) for step in access.prepare),
        outside=_access(access.outside, loop, terms) if isinstance(access.outside, Access) else access.outside,
        picks=None if access.picks is None else (access.picks[0], _access(access.picks[1], loop, terms)),
    )


def _step(step: Step, loop: str, terms: Terms) -> Step:
    if isinstance(step.operand, Position):
        return replace(step, operand=replace(step.operand, terms=_terms(step.operand.terms, loop, terms)))
    if not isinstance(step.operand, Access):
        return step
    return replace(step, operand=_access(step.operand, loop, terms))


def _axis(axis: Axis, loop: str, terms: Terms) -> Axis:
    if loop not in dict(axis.terms):
        return axis
    return replace(affine(_terms(axis.terms, loop, terms), axis.extent, axis.offset), shared_by=axis.shared_by)


def _terms(walked: Terms, loop: str, terms: Terms) -> Terms:
    return tuple(
        (n, c * coefficient) for name, coefficient in walked for n, c in (terms if name == loop else ((name, 1),))
    )
