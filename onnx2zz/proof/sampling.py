"""Which output points of a layer are run: all of a small layer, of a large one always the corners and borders."""

import math
from itertools import product

import numpy as np

from onnx2zz.ir.interpreter import Grid, all_points
from onnx2zz.ir.layer import Layer

USUAL_POINTS = 1000
WHOLE = 1 << 18  # loop points of a layer that is run whole, where the usual points or more are asked for
LARGEST = 1 << 23  # loop points of a layer that is sampled
A_BORDER = 4  # points on each border


def sample(layer: Layer, points: int, rng: np.random.Generator) -> Grid:
    """About `points` of the layer's output points, one flat array for each loop that moves the output.

    A small layer is run whole; fewer count as small in the measure in which fewer points are asked for. Every corner is
    among them, and points with each loop at its first two, middle and last two values: borders, first and last channel
    and group.
    """
    loops = {loop: size for loop, size in layer.loops if loop in layer.output.loops}
    outputs = math.prod(loops.values())
    whole = WHOLE * min(points, USUAL_POINTS) // USUAL_POINTS
    # A point of a layer with a long reduction costs thousands of operations, so that fewer of them have to do.
    points = min(points, LARGEST * outputs // max(1, layer.operations))
    if outputs <= points or layer.operations <= whole:
        return all_points(layer)
    sizes = np.array(list(loops.values()))
    # Random points alone would hardly ever meet a corner, and padding and offsets go wrong there first.
    rows = [_corners(sizes), *_borders(sizes, rng), rng.integers(0, sizes, (max(0, points), len(sizes)))]
    chosen = np.unique(np.concatenate(rows), axis=0)
    return {loop: chosen[:, i] for i, loop in enumerate(loops)}


def _corners(sizes: np.ndarray) -> np.ndarray:
    return np.array(list(product(*({0, size - 1} for size in sizes.tolist()))))


def _borders(sizes: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for axis, size in enumerate(sizes.tolist()):
        for value in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
            rows = rng.integers(0, sizes, (A_BORDER, len(sizes)))
            rows[:, axis] = value
            found.append(rows)
    return found
