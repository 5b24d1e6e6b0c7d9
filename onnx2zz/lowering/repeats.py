"""Reads through Expand: a repeated tensor is read where it is stored, once, not once a repetition.

Grouped-query attention expands K and V to every query head and merges the new axis with the heads. A product that
reads them gets its head loop cut in two (stored heads, repetitions), and its access moves with the stored heads only.
"""

import math
from collections.abc import Collection
from dataclasses import replace

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.layer import Access, Axis, Layer, Position, Step
from onnx2zz.lowering.layout import Digit, contiguous
from onnx2zz.lowering.view_chain import along_chain


def read_where_stored(layer: Layer, graph: Graph, views: Collection[Node]) -> Layer:
    """The layer with every operand that is an expanded view read from the tensor before the Expand."""
    for index, access in enumerate(layer.inputs):
        chain = _back_to_expand(access.tensor, graph, views)
        if chain:
            layer = _unrepeated(layer, index, chain, graph)
    return layer


def walks_singly(access: Access) -> bool:
    """Whether each axis is walked by at most one loop, element by element from its start."""
    return all(len(a.terms) <= 1 and a.offset == 0 and all(c == 1 for _, c in a.terms) for a in access.axes)


def _back_to_expand(tensor: str, graph: Graph, views: Collection[Node]) -> list[tuple[Node, str]]:
    """The chain of views from the earliest Expand to the tensor; empty if there is none."""
    chain: list[tuple[Node, str]] = []
    found: list[tuple[Node, str]] = []
    while (node := graph.maker.get(tensor)) is not None and node in views and node.op != "Concat":
        chain.insert(0, (node, tensor))
        if node.op == "Expand":
            found = list(chain)
        tensor = node.inputs[node.outputs.index(tensor)] if node.op == CALL else node.inputs[0]
    return found


def _unrepeated(layer: Layer, index: int, chain: list[tuple[Node, str]], graph: Graph) -> Layer:
    stored = chain[0][0].inputs[0]
    layout = along_chain(stored, chain, graph)
    assert layout is not None and layout.affine, f"{stored} is no view of the layers that read it"
    access = layer.inputs[index]
    strides: list[tuple[str, int]] = []  # loop, stride in elements of the stored tensor
    for axis, digits in zip(access.axes, layout.axes, strict=True):
        for loop, _ in axis.terms if digits else ():
            layer, walked = _cut(layer, loop, digits)
            strides += walked
    shape = graph.shape(stored)
    axes = tuple(
        _stored_axis(axis, extent, strides) for axis, extent in zip(contiguous(shape).axes, shape, strict=True)
    )
    inputs = (replace(a, tensor=stored, axes=axes) if i == index else a for i, a in enumerate(layer.inputs))
    return replace(layer, inputs=tuple(inputs))


def _cut(layer: Layer, loop: str, digits: tuple[Digit, ...]) -> tuple[Layer, list[tuple[str, int]]]:
    """The layer with a loop cut into one loop a digit, and the strides of those that move."""
    names = [loop, *(f"{loop}{n}" for n in range(1, len(digits)))]
    sizes = [size for size, _ in digits]
    walked = [(name, stride) for name, (_, stride) in zip(names, digits, strict=True) if stride]
    if len(digits) == 1:
        return layer, walked
    terms = [(name, math.prod(sizes[n + 1 :])) for n, name in enumerate(names)]
    loops = tuple(
        new
        for name, size in layer.loops
        for new in (zip(names, sizes, strict=True) if name == loop else ((name, size),))
    )
    return replace(
        layer,
        loops=loops,
        inputs=tuple(_with_loop_cut(access, loop, terms) for access in layer.inputs),
        output=_with_loop_cut(layer.output, loop, terms),
        combine=_step_cut(layer.combine, loop, terms),
        after=tuple(_step_cut(step, loop, terms) for step in layer.after),
    ), walked


def _with_loop_cut(access: Access, loop: str, terms: list[tuple[str, int]]) -> Access:
    return replace(
        access,
        axes=tuple(_axis_cut(axis, loop, terms) for axis in access.axes),
        prepare=tuple(_step_cut(step, loop, terms) for step in access.prepare),
        outside=_with_loop_cut(access.outside, loop, terms) if isinstance(access.outside, Access) else access.outside,
    )


def _step_cut(step: Step, loop: str, terms: list[tuple[str, int]]) -> Step:
    if isinstance(step.operand, Position):
        return replace(step, operand=replace(step.operand, terms=_terms_cut(step.operand.terms, loop, terms)))
    if not isinstance(step.operand, Access):
        return step
    return replace(step, operand=_with_loop_cut(step.operand, loop, terms))


def _axis_cut(axis: Axis, loop: str, terms: list[tuple[str, int]]) -> Axis:
    return replace(axis, terms=_terms_cut(axis.terms, loop, terms))


def _terms_cut(
    walked: tuple[tuple[str, int], ...], loop: str, terms: list[tuple[str, int]]
) -> tuple[tuple[str, int], ...]:
    cut = [(n, c * coefficient) for name, coefficient in walked for n, c in (terms if name == loop else [(name, 1)])]
    return tuple(cut)


def _stored_axis(digits: tuple[Digit, ...], extent: int, strides: list[tuple[str, int]]) -> Axis:
    """The axis of the stored tensor whose stride divides those of the loops that walk it."""
    if not digits:
        return Axis((), extent)
    stride = digits[0][1]
    return Axis(tuple((loop, s // stride) for loop, s in strides if stride <= s < stride * extent), extent)
