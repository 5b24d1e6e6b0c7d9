"""What rides on a layer, written into the layer: its steps then compute the last tensor of the chain.

In a graph a rider costs nothing and is proven by itself. Between the steps of a recurrence it has to be computed, since
the next step reads what comes of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis, Fixed, Walk, affine
from onnx2zz.ir.layer import Layer
from onnx2zz.lowering.layout import contiguous
from onnx2zz.lowering.view_chain import own_layout
from onnx2zz.ops.registry import operators

IsView = Callable[[Node], bool]


def ride_along(layer: Layer, riders: Sequence[Node], graph: Graph, is_view: IsView) -> tuple[Layer, tuple[Node, ...]]:
    """The layer with as many of its riders as can be steps of it, and the others, which have to be layers."""
    for number, rider in enumerate(riders):
        taken = _renamed(layer, rider, graph) if is_view(rider) else _stepped(layer, rider, graph)
        if taken is None:
            # A value that is used twice (x times its sigmoid) is no chain of steps, but may be one function.
            whole = _as_one(layer, riders[number:], graph, is_view)
            return (layer, tuple(riders[number:])) if whole is None else (whole, ())
        layer = taken
    return layer, ()


def _renamed(layer: Layer, view: Node, graph: Graph) -> Layer | None:
    """The layer writes what a view of it is called, where the view keeps the order of elements."""
    output = view.outputs[0]
    if view.inputs[0] != layer.output.tensor or own_layout(view, output, graph) != contiguous(graph.shape(output)):
        return None
    return replace(layer, output=replace(layer.output, tensor=output))


def _stepped(layer: Layer, rider: Node, graph: Graph) -> Layer | None:
    lowered = operators()[rider.op].lower(rider, graph)
    if len(lowered) != 1 or lowered[0].reduce != "none":
        return None
    (own,) = lowered
    reads = [index for index, access in enumerate(own.inputs) if access.tensor == layer.output.tensor]
    loops = _same_loops(own, layer)
    if len(reads) != 1 or own.inputs[reads[0]].outside is not None:
        return None
    activation = own.inputs[reads[0]]
    combine = own.combine
    if len(own.inputs) == 2:
        function = combine.function if reads[0] == 0 else combine.function.swapped()
        combine = replace(combine, function=function, operand=own.inputs[1 - reads[0]])
    steps = [_in_loops(step, loops) for step in (*activation.prepare, combine, *own.after)]
    if None in steps:
        return None
    after = (*layer.after, *[step for step in steps if step is not None])
    return replace(layer, after=after, output=replace(layer.output, tensor=rider.outputs[0]))


def _same_loops(rider: Layer, layer: Layer) -> Mapping[str, str] | None:
    """The layer's loop for each loop of the rider, where both walk the tensor alike."""
    if len(rider.output.axes) != len(layer.output.axes):
        return None
    found: dict[str, str] = {}
    for mine, theirs in zip(rider.output.axes, layer.output.axes, strict=True):
        if mine.extent != theirs.extent or mine.offset != theirs.offset:
            return None
        if isinstance(mine, Walk) and isinstance(theirs, Walk) and mine.terms[0][1] == theirs.terms[0][1]:
            found[mine.terms[0][0]] = theirs.terms[0][0]
        elif mine.extent > 1 or not isinstance(theirs, Fixed | Walk):
            return None
    return found


def _in_loops(step: Step, loops: Mapping[str, str] | None) -> Step | None:
    """A rider's step in the layer's loops; None where its operand moves with a loop that the layer has not."""
    operand = step.operand
    if operand is None:
        return step
    if not isinstance(operand, Access) or operand.picks is not None or operand.outside is not None:
        return None
    axes = [_axis(axis, loops or {}) for axis in operand.axes]
    prepare = [_in_loops(one, loops) for one in operand.prepare]
    if None in axes or None in prepare:
        return None
    renamed = replace(
        operand, axes=tuple(a for a in axes if a is not None), prepare=tuple(s for s in prepare if s is not None)
    )
    return replace(step, operand=renamed)


def _axis(axis: Axis, loops: Mapping[str, str]) -> Axis | None:
    if axis.shared_by != 1:
        return None
    if axis.extent == 1:
        return affine((), 1)
    if any(loop not in loops for loop, _ in axis.terms):
        return None
    return affine(tuple((loops[loop], step) for loop, step in axis.terms), axis.extent, axis.offset)


@dataclass(frozen=True)
class _Chain:
    """Riders, evaluated one after the other on the value that they ride on."""

    start: str
    layers: tuple[Layer, ...]
    scalars: Mapping[str, float]

    def __call__(self, value: np.ndarray) -> np.ndarray:
        values: dict[str, np.ndarray] = {name: np.asarray(number) for name, number in self.scalars.items()}
        values[self.start] = value
        for layer in self.layers:
            read = [self._read(access, values) for access in layer.inputs]
            made = self._apply(layer.combine, read, values)
            for step in layer.after:
                made = self._apply(step, [made], values)
            values[layer.output.tensor] = made
        return values[self.layers[-1].output.tensor]

    def _read(self, access: Access, values: Mapping[str, np.ndarray]) -> np.ndarray:
        value = values[access.tensor]
        for step in access.prepare:
            value = self._apply(step, [value], values)
        return value

    def _apply(self, step: Step, operands: Sequence[np.ndarray], values: Mapping[str, np.ndarray]) -> np.ndarray:
        extra = (self._read(step.operand, values),) if isinstance(step.operand, Access) else ()
        return step.function(*operands, *extra, *step.parameters)


def _as_one(layer: Layer, riders: Sequence[Node], graph: Graph, is_view: IsView) -> Layer | None:
    """The layer with riders as one function of its value; None where they need more than it and known numbers."""
    known, lowered = {layer.output.tensor}, list[Layer]()
    scalars: dict[str, float] = {}
    for rider in riders:
        own = () if is_view(rider) else operators()[rider.op].lower(rider, graph)
        if len(own) != 1 or own[0].reduce != "none":
            return None
        for access in _accesses(own[0]):
            if access is None or not (access.tensor in known or _note_scalar(access.tensor, graph, scalars)):
                return None
        known.add(own[0].output.tensor)
        lowered.append(own[0])
    chain = _Chain(layer.output.tensor, tuple(lowered), scalars)
    words = [str(step.function) for one in lowered for step in (one.combine, *one.after)]
    name = " ".join([*words, *[f"{number:g}" for number in scalars.values()]])
    step = Step(functions.unary(name, chain))
    output = replace(layer.output, tensor=lowered[-1].output.tensor)
    return replace(layer, after=(*layer.after, step), output=output)


def _accesses(layer: Layer) -> list[Access | None]:
    """What a layer and its steps read; None for a step's number that hangs on a place."""
    found: list[Access | None] = list(layer.inputs)
    steps = [*layer.after, layer.combine, *[step for access in layer.inputs for step in access.prepare]]
    for step in steps:
        if isinstance(step.operand, Table | Position):
            found.append(None)
        elif step.operand is not None:
            found.append(None if step.operand.prepare else step.operand)
    return found


def _note_scalar(name: str, graph: Graph, scalars: dict[str, float]) -> bool:
    value = graph.value(name) if name in graph.static else None
    if value is None or value.size != 1:
        return False
    scalars[name] = float(value.ravel()[0])
    return True
