"""Whether a mutant computes something else, decided without verify: every loop point of its node is evaluated.

An entry is read here in its own way: the index at each place of an operand takes the part of the tensor that the
right entry's index at that place has.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np

from onnx2zz.conservation.groups import Group
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.access import Access
from onnx2zz.ir.interpreter import apply, run
from onnx2zz.ir.layer import Layer
from scripts.correctness.relation_text import parts

Arrays = Mapping[str, np.ndarray]
INTO = {"sum": np.add, "max": np.maximum, "min": np.minimum, "prod": np.multiply}
START = {"sum": 0.0, "max": -np.inf, "min": np.inf, "prod": 1.0}


def differs(
    group: Group, identity: int, mutated: Layer | WorkloadEntry, right: WorkloadEntry, operands: Arrays
) -> bool:
    """Whether a node's outputs differ when one of its layers, or that layer's entry, is another; or cannot be made."""
    try:
        with np.errstate(all="ignore"):
            one, other = (_outputs(group, identity, m, right, operands) for m in (None, mutated))
    except (IndexError, ValueError, KeyError):
        return True
    return any(_differ(one[name], other[name]) for name in group.node.outputs if name in one)


def _outputs(
    group: Group, identity: int, mutated: Layer | WorkloadEntry | None, right: WorkloadEntry, operands: Arrays
) -> dict[str, np.ndarray]:
    """Every tensor that a node's layers make, one of them mutated."""
    tensors = dict(operands)
    made: dict[str, np.ndarray] = {}
    for placed in group.placed:
        layer = placed.layer
        if placed.id != identity or mutated is None:
            result = run(layer, tensors)
        elif isinstance(mutated, Layer):
            result = run(mutated, tensors)
        else:
            result = _evaluated(mutated, right, layer, tensors)
        name = layer.output.tensor
        made[name] = np.where(np.isnan(result), made[name], result) if name in made else result
        tensors[name] = made[name]
    return made


def _differ(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape != other.shape or not np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)


def _parsed(entry: WorkloadEntry) -> dict[str, list[str]]:
    output, _, inputs = str(entry["equation"]).partition("=")
    found = {"O": re.findall(r"\[(\w+)\]", output)}
    for operand, indices in re.findall(r"([IW])((?:\[\w*\])+)", inputs):
        found[operand] = re.findall(r"\[(\w+)\]", indices)
    return found


def _evaluated(entry: WorkloadEntry, right: WorkloadEntry, layer: Layer, tensors: Arrays) -> np.ndarray:
    """The output tensor of an entry, NaN where nothing is written."""
    dims = [str(dim).upper() for dim in entry["loop_dims"]]
    axes: Iterable[np.ndarray] = np.indices(entry["loop_sizes"])
    grid = dict(zip(dims, (axis.ravel() for axis in axes), strict=True))
    grid |= {loop: np.zeros_like(grid[dims[0]]) for loop in layer.sizes if loop not in grid}
    operands = dict(zip("OIW", (layer.output, *layer.inputs), strict=False))
    places = {name: _elements(name, access, entry, right, layer, grid) for name, access in operands.items()}
    inputs = [_read(access, places[name], layer, tensors, grid) for name, access in operands.items() if name != "O"]
    with np.errstate(all="ignore"):
        values = np.broadcast_to(apply(layer.combine, inputs, tensors, grid), grid[dims[0]].shape)
        return _reduced(layer, values, places["O"], tensors, grid)


def _index(name: str, entry: WorkloadEntry, grid: Mapping[str, np.ndarray]) -> np.ndarray:
    """The value of an index over the grid: a loop's, or what its relation says, less the padding."""
    for left, a, one, b, other in map(parts, entry.get("dimension_relations", ())):
        if left == name:
            pads = dict(zip(entry.get("pr_loop_dims") or (), entry.get("padding") or (), strict=True))[name.upper()]
            return a * grid[one.upper()] + b * grid[other.upper()] - pads[0]
    return grid[name.upper()]


def _elements(
    operand: str,
    access: Access,
    entry: WorkloadEntry,
    right: WorkloadEntry,
    layer: Layer,
    grid: Mapping[str, np.ndarray],
) -> list[np.ndarray]:
    """For each axis the element at each point: the right entry's index at each place tells which axis the place is."""
    related = {target.upper() for target, *_ in map(parts, right.get("dimension_relations", ()))}
    places = list(zip(_parsed(right)[operand], _parsed(entry)[operand], strict=True))
    found: list[np.ndarray] = []
    for axis in access.axes:
        terms = {loop: c for loop, c in axis.terms if c}
        window = places[0][0].upper() if places and places[0][0].upper() in related and terms else ""
        element = np.full_like(next(iter(grid.values())), axis.offset)
        if window:
            element += axis.padding(layer.sizes)[0] + _index(places.pop(0)[1], entry, grid)
            terms = {}
        while places and places[0][0].upper() in terms:
            mine, theirs = places.pop(0)
            element += terms.pop(mine.upper()) * _index(theirs, entry, grid)
        for loop, coefficient in terms.items():  # a loop that stands at an earlier axis already
            element += coefficient * grid[loop]
        found.append(element)
    return found


def _read(
    access: Access, elements: list[np.ndarray], layer: Layer, tensors: Arrays, grid: Mapping[str, np.ndarray]
) -> np.ndarray:
    tensor = np.asarray(tensors[access.tensor], np.float64).reshape([axis.extent for axis in access.axes])
    inside = np.ones(elements[0].shape if elements else (), bool)
    for element, axis in zip(elements, access.axes, strict=True):
        inside &= (element >= 0) & (element < axis.extent)
    values = tensor[tuple(np.clip(e, 0, a.extent - 1) for e, a in zip(elements, access.axes, strict=True))]
    for step in access.prepare:
        values = apply(step, [values], tensors, dict(grid))
    return np.where(inside, values, layer.pad_value)


def _reduced(
    layer: Layer, values: np.ndarray, places: list[np.ndarray], tensors: Arrays, grid: Mapping[str, np.ndarray]
) -> np.ndarray:
    shape = [axis.extent for axis in layer.output.axes]
    flat = np.ravel_multi_index(places, shape) if shape else np.zeros(values.shape, int)  # raises beyond the tensor
    out = np.full(int(np.prod(shape)), np.nan)
    if layer.reduce == "none":
        out[flat] = values
    else:
        out[flat] = START[layer.reduce]
        INTO[layer.reduce].at(out, flat, values)
    written, first = np.unique(flat, return_index=True)
    here = {loop: value[first] for loop, value in grid.items()}
    for step in layer.after:
        out[written] = apply(step, [out[written]], tensors, here)
    return out.reshape(shape)
