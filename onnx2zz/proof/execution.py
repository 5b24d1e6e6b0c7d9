"""Runs the layers of one node at some output points: back for what those points need, then forward in order.

Between the layers of one node lie tensors that only they know (the row sums of a Softmax). Of those, just the elements
that the sampled points depend on are computed.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.interpreter import CHUNK, Grid, element_at, elements_of, run_at, run_layers
from onnx2zz.ir.layer import Layer, step_operands

Arrays = Mapping[str, np.ndarray]


def execute(layers: Sequence[Layer], operands: Arrays, wanted: Mapping[int, Grid]) -> dict[str, np.ndarray]:
    """Runs `layers` in order; gives the tensors that they make, NaN where nothing was computed, or what `operands` had
    under their name (a buffer that keeps its rows).

    `wanted`: for layers (by index) that end the node, the output points to compute. `operands` holds every tensor that
    the layers read and do not make. Raises KeyError if one is missing.
    """
    if any(layer.recurrent for layer in layers):  # a step needs every step before it
        return run_whole(layers, operands)
    made = {layer.output.tensor: _extents(layer.output) for layer in layers}
    points = _demanded(layers, made, wanted)
    tensors: dict[str, np.ndarray] = dict(operands)
    tensors |= {
        name: np.array(operands[name], float).reshape(shape) if name in operands else np.full(shape, np.nan)
        for name, shape in made.items()
    }
    for layer, grid in zip(layers, points, strict=True):
        if grid is not None:
            with np.errstate(all="ignore"):  # infinities and NaN are compared like any other value
                values = run_at(layer, tensors, grid)
            target = tensors[layer.output.tensor].reshape(_extents(layer.output))
            target[_elements(layer.output, grid)] = values if layer.output.axes else values[0]
    return {name: tensors[name] for name in made}


def _extents(access: Access) -> tuple[int, ...]:
    return tuple(axis.extent for axis in access.axes)


def run_whole(layers: Sequence[Layer], operands: Arrays) -> dict[str, np.ndarray]:
    """Every output point of every layer, recurrent layers step by step."""
    with np.errstate(all="ignore"):
        tensors = run_layers(layers, operands)
    return {layer.output.tensor: tensors[layer.output.tensor] for layer in layers}


def _demanded(
    layers: Sequence[Layer], made: Mapping[str, tuple[int, ...]], wanted: Mapping[int, Grid]
) -> list[Grid | None]:
    """For each layer the output points that `wanted` depends on; None where it is not needed."""
    needed: dict[str, np.ndarray] = {}
    grids: list[Grid | None] = [None] * len(layers)
    # From the last layer back: what a layer needs is known only when all its readers have said what they need.
    for index in reversed(range(len(layers))):
        layer = layers[index]
        grid, mask = wanted.get(index), needed.get(layer.output.tensor)
        if mask is not None:
            mask = mask.reshape(_extents(layer.output))  # two layers may see one tensor in two shapes
            grid = points_writing(layer, mask | _written(layer, grid) if grid is not None else mask)
        # A layer without loops has an empty grid and one point; a grid of empty arrays has none.
        if grid is None or (grid and not len(next(iter(grid.values())))):
            continue
        grids[index] = grid
        for access in [*layer.inputs, *step_operands(layer)]:
            if access.tensor in made:
                read = needed.setdefault(access.tensor, np.zeros(made[access.tensor], bool))
                read |= touched(layer, access, grid).reshape(read.shape)
    return grids


def _written(layer: Layer, grid: Grid) -> np.ndarray:
    mask = np.zeros(_extents(layer.output), bool)
    mask[_elements(layer.output, grid)] = True
    return mask


def points_writing(layer: Layer, mask: np.ndarray) -> Grid:
    """The output points of a layer that write the elements of a mask over its output tensor."""
    sizes = layer.sizes
    coordinates = np.nonzero(np.atleast_1d(mask))
    grid: Grid = {}
    inside = np.ones(len(coordinates[0]), bool)
    for axis, element in zip(layer.output.axes, coordinates, strict=False):
        # Axis by axis: which values of its loops lead to an element is one small table for each axis.
        for loop, values in _inverse(axis, sizes).items():
            found = values[element]
            grid[loop] = found
            inside &= found >= 0
        # An axis that no loop walks is written at one place only.
        if not axis.terms:
            inside &= element == axis.offset
    return {loop: values[inside] for loop, values in grid.items()}


def _inverse(axis: Axis, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """For each loop of an output axis: element to the loop's value there, -1 where no value leads there."""
    loops = [loop for loop, coefficient in axis.terms if coefficient]
    values = np.meshgrid(*(np.arange(sizes[loop]) for loop in loops), indexing="ij")
    grid = {loop: value.ravel() for loop, value in zip(loops, values, strict=True)}
    element = element_at(axis, grid)
    tables = {loop: np.full(axis.extent, -1) for loop in loops}
    for loop, table in tables.items():
        table[element] = grid[loop]
    return tables


def touched(layer: Layer, access: Access, points: Grid) -> np.ndarray:
    """A mask over a tensor: the elements that an access touches at some output points of the layer."""
    inner_loops = [loop for loop, _ in layer.loops if loop in access.loops and loop not in layer.output.loops]
    ranges = np.meshgrid(*(np.arange(layer.sizes[loop]) for loop in inner_loops), indexing="ij")
    inner = {loop: values.reshape(1, -1) for loop, values in zip(inner_loops, ranges, strict=True)}
    mask = np.zeros(_extents(access), bool)
    # Sampled points repeat the same few values of the loops that an operand has. Only the distinct combinations are
    # walked: for a weight of a convolution these are its output channels, however many pixels were drawn.
    outer = np.stack([points[loop] for loop in access.loops if loop in points] or [np.zeros(1, int)], axis=1)
    names = [loop for loop in access.loops if loop in points]
    outer = np.unique(outer, axis=0)
    # Bounds the memory: outer points times inner loops may be millions.
    step = max(1, CHUNK // max(1, *(v.size for v in inner.values()), 1))
    for at in range(0, len(outer), step):
        grid = inner | {loop: outer[at : at + step, i, None] for i, loop in enumerate(names)}
        _mark(mask, access, grid)
    return mask


def _mark(mask: np.ndarray, access: Access, grid: Grid) -> None:
    elements = np.broadcast_arrays(*elements_of(access, grid)) if access.axes else ()
    inside: np.ndarray = np.ones(elements[0].shape if elements else (), bool)
    for axis, element in zip(access.axes, elements, strict=True):
        inside &= (element >= 0) & (element < axis.extent)
    mask[tuple(element[inside] for element in elements)] = True


def _elements(access: Access, grid: Grid) -> tuple[np.ndarray, ...]:
    count = len(next(iter(grid.values()))) if grid else 1
    return tuple(np.broadcast_to(element, (count,)) for element in elements_of(access, grid))
