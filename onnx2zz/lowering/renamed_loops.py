"""A layer whose loops go by other names."""

from collections.abc import Mapping
from dataclasses import replace

from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.layer import Layer

Names = Mapping[str, str]
Terms = tuple[tuple[str, int], ...]


def renamed(layer: Layer, names: Names) -> Layer:
    """The layer with each loop of `names` under its new name."""
    return replace(
        layer,
        loops=_terms(layer.loops, names),
        output=_access(layer.output, names),
        inputs=tuple([_access(access, names) for access in layer.inputs]),
        combine=_step(layer.combine, names),
        after=tuple([_step(step, names) for step in layer.after]),
        recurrent=names.get(layer.recurrent, layer.recurrent),
    )


def _terms(terms: Terms, names: Names) -> Terms:
    return tuple([(names.get(loop, loop), number) for loop, number in terms])


def _access(access: Access, names: Names) -> Access:
    return replace(
        access,
        axes=tuple([replace(axis, terms=_terms(axis.terms, names)) for axis in access.axes]),
        prepare=tuple([_step(step, names) for step in access.prepare]),
        outside=_access(access.outside, names) if isinstance(access.outside, Access) else access.outside,
        picks=None if access.picks is None else (access.picks[0], _access(access.picks[1], names)),
    )


def _step(step: Step, names: Names) -> Step:
    operand = step.operand
    if isinstance(operand, Access):
        return replace(step, operand=_access(operand, names))
    if isinstance(operand, Position):
        return replace(step, operand=replace(operand, terms=_terms(operand.terms, names)))
    if isinstance(operand, Table):
        moved = replace(operand, loop=names.get(operand.loop, operand.loop))
        return replace(step, operand=replace(moved, inner=names.get(operand.inner, operand.inner)))
    return step
