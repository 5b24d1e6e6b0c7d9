"""Runs a layer's loop nest in numpy, whole or at sampled output points: the proof behind every lowering."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.layer import Layer

Tensors = Mapping[str, np.ndarray]
Grid = dict[str, np.ndarray]
Floats = NDArray[np.float64]
CHUNK = 1 << 22  # loop points held in memory at a time

REDUCERS: Mapping[str, Callable[[Floats], Floats]] = {
    "sum": lambda values: values.sum(axis=1),
    "max": lambda values: values.max(axis=1),
    "min": lambda values: values.min(axis=1),
    "prod": lambda values: values.prod(axis=1),
    "logsumexp": lambda values: np.logaddexp.reduce(values, axis=1),
    "none": lambda values: values[:, 0],
}

# What stands in for an element outside a tensor axis of some extent; "constant" leaves it outside.
BORDERS: Mapping[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "constant": lambda element, extent: element,
    "edge": lambda element, extent: np.clip(element, 0, extent - 1),
    "reflect": lambda element, extent: extent - 1 - np.abs(extent - 1 - element % max(1, 2 * extent - 2)),
    "wrap": lambda element, extent: element % extent,
}


def run(layer: Layer, tensors: Tensors) -> np.ndarray:
    """The layer's output tensor, axes as in ONNX; elements that the layer does not write are NaN.

    `tensors` holds every tensor that the layer reads, by name. Raises KeyError if one is missing.
    """
    name = layer.output.tensor
    return run_layers([layer], {k: v for k, v in tensors.items() if k != name})[name]


def run_layers(layers: Sequence[Layer], tensors: Tensors) -> dict[str, np.ndarray]:
    """All tensors after running the layers in order; layers that write parts of one tensor fill it together, and what
    none writes is NaN.

    Neighbouring layers with a recurrent loop run step by step.
    """
    values = dict(tensors)
    for loop, group in groupby(layers, key=lambda layer: layer.recurrent):
        together = list(group)
        for layer in together:
            empty = np.full([axis.extent for axis in layer.output.axes], np.nan)
            values.setdefault(layer.output.tensor, empty)
        for step in range(max(layer.sizes[loop] for layer in together)) if loop else (None,):
            for layer in together:
                if step is None or step < layer.sizes[loop]:
                    _fill(values, layer, all_points(layer) if step is None else _at_step(layer, loop, step))
    return values


def _at_step(layer: Layer, loop: str, step: int) -> Grid:
    """The points of one step: those of all steps would be made again for each."""
    points = _combinations(layer, [name for name, _ in layer.loops if name in layer.output.loops and name != loop])
    count = len(next(iter(points.values()))) if points else 1
    return points | {loop: np.full(count, step)}


def _fill(values: dict[str, np.ndarray], layer: Layer, points: Grid) -> None:
    """Writes some output points of a layer."""
    name, extents = layer.output.tensor, [axis.extent for axis in layer.output.axes]
    result = run_at(layer, values, points)
    elements = (np.broadcast_to(e, result.shape) for e in elements_of(layer.output, points))
    values[name].reshape(extents)[tuple(elements)] = result if extents else result[0]


def all_points(layer: Layer) -> Grid:
    """Every combination of the loops that move the output, as one flat array a loop."""
    return _combinations(layer, [loop for loop, _ in layer.loops if loop in layer.output.loops])


def run_at(layer: Layer, tensors: Tensors, points: Grid) -> np.ndarray:
    """The values at some output points, given as one flat array for each loop that moves the output."""
    count = len(next(iter(points.values()))) if points else 1
    inner = _combinations(layer, [loop for loop, _ in layer.loops if loop not in layer.output.loops])
    width = max(1, len(next(iter(inner.values()))) if inner else 1)
    step = max(1, CHUNK // width)
    parts = [_chunk(layer, tensors, points, inner, slice(at, at + step), count) for at in range(0, count, step)]
    return np.concatenate(parts)


def _combinations(layer: Layer, loops: Sequence[str]) -> Grid:
    sizes = layer.sizes
    ranges = np.meshgrid(*(np.arange(sizes[loop]) for loop in loops), indexing="ij")
    return {loop: values.ravel() for loop, values in zip(loops, ranges, strict=True)}


def _chunk(layer: Layer, tensors: Tensors, points: Grid, inner: Grid, part: slice, count: int) -> np.ndarray:
    outer = {loop: values[part, None] for loop, values in points.items()}
    grid = outer | {loop: values[None, :] for loop, values in inner.items()}
    operands = [read(access, layer.pad_value, tensors, grid) for access in layer.inputs]
    values = apply(layer.combine, operands, tensors, grid)
    rows = len(range(count)[part])
    columns = max((len(v) for v in inner.values()), default=1)
    result: np.ndarray = REDUCERS[layer.reduce](np.broadcast_to(values, (rows, columns)))
    flat = {loop: values[part] for loop, values in points.items()}
    for after in layer.after:
        result = apply(after, [result], tensors, flat)
    return np.broadcast_to(result, (rows,))


def apply(step: Step, operands: Sequence[np.ndarray], tensors: Tensors, grid: Grid) -> np.ndarray:
    """A step's function of the operands, its own operand and its parameters."""
    extra = () if step.operand is None else (_second(step.operand, tensors, grid),)
    return step.function(*operands, *extra, *step.parameters)


def _second(operand: Access | Table | Position, tensors: Tensors, grid: Grid) -> np.ndarray:
    if isinstance(operand, Table):
        loops = (operand.loop, operand.inner) if operand.inner else (operand.loop,)
        return np.asarray(operand.values)[tuple(grid[loop] for loop in loops)]
    if isinstance(operand, Position):
        return _walk(operand, grid).astype(np.float64)
    return read(operand, 0.0, tensors, grid)


def read(access: Access, pad_value: float, tensors: Tensors, grid: Grid) -> np.ndarray:
    """The elements that an access touches over a grid of loop values, padding filled in."""
    tensor = np.asarray(tensors[access.tensor])
    tensor = unpacked(tensor, access.packed, access.high_first) if access.packed else tensor
    extents = [axis.extent for axis in access.axes]
    elements = elements_of(access, grid)
    if access.picks is not None:
        number, index = access.picks
        extents[number] = tensor.size // math.prod(e for i, e in enumerate(extents) if i != number)
        elements[number] = read(index, 0.0, tensors, grid).astype(np.int64) % extents[number]
    tensor = tensor.reshape(extents)
    # Every point is read, also those outside: the element is clipped to the border first and replaced afterwards. That
    # keeps the grid rectangular, so that numpy reads it in one step. `prepare` runs before the padding is filled in,
    # because padding stands for a value that is already prepared (a zero of a convolution stays 0 after a shift).
    inside, places = np.asarray(True), list[np.ndarray]()
    for extent, element in zip(extents, elements, strict=True):
        # Most axes have no padding, and most of the time goes into what is done to whole grids.
        if not element.size or (element.min() >= 0 and element.max() < extent):
            places.append(element)
            continue
        inside = inside & (element >= 0) & (element < extent)
        places.append(np.clip(element, 0, extent - 1))
    values = (tensor[tuple(places)] if places else tensor).astype(np.float64, copy=False)
    if access.outside is not None:
        other = access.outside
        other = read(other, pad_value, tensors, grid) if isinstance(other, Access) else other
        values, inside = np.where(inside, values, other), np.asarray(True)
    for step in access.prepare:
        values = apply(step, [values], tensors, grid)
    return np.where(inside, values, pad_value) if not inside.all() else values


def elements_of(access: Access, grid: Grid) -> list[np.ndarray]:
    """For each axis of an access the element at each point of a grid; reads beyond a border brought back in."""
    bring_in = BORDERS[access.border]
    return [bring_in(element_at(axis, grid), axis.extent) for axis in access.axes]


def element_at(axis: Axis, grid: Grid) -> np.ndarray:
    """The element of an axis at each point of a grid of loop values, outside 0..extent-1 where it is padding."""
    element = _walk(axis, grid)
    return element if axis.shared_by == 1 else element // axis.shared_by


def _walk(walk: Axis | Position, grid: Grid) -> np.ndarray:
    """`sum(coefficient * loop) + offset` over the grid."""
    element = np.asarray(walk.offset)
    for loop, coefficient in walk.terms:
        if coefficient:  # a loop that moves nothing need not be in the grid (Access.loops)
            element = element + coefficient * grid[loop]
    return element


def unpacked(tensor: np.ndarray, bits: int, high_first: bool = False) -> np.ndarray:
    """The unsigned elements of `bits` each that bytes hold, the first in the lowest bits, or the highest; a flat
    array."""
    stored = tensor.reshape(-1, 1).view(np.uint8)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:: -1 if high_first else 1]
    return ((stored >> shifts) & ((1 << bits) - 1)).ravel()
