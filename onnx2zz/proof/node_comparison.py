"""A node's layers, run at sampled points of those that write its outputs, against what onnxruntime makes there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.ir import functions
from onnx2zz.ir.interpreter import Grid, elements_of
from onnx2zz.ir.layer import Layer
from onnx2zz.proof.cause import likely_cause
from onnx2zz.proof.comparison import A_STEP, differing, is_byte
from onnx2zz.proof.execution import execute

Arrays = Mapping[str, np.ndarray]
HALFWAY = 1e-3  # of a step
FEW = 64  # points at which a cause is looked for


@dataclass(frozen=True)
class Trial:
    """Operands of a node's layers, and what onnxruntime makes of them."""

    operands: Arrays
    expected: Arrays


@dataclass(frozen=True)
class Deviation:
    """Where the values of one layer (by index) are wrong; its arrays hold all that were compared, one a point."""

    layer: int
    tensor: str
    elements: tuple[np.ndarray, ...]
    expected: np.ndarray
    got: np.ndarray
    wrong: np.ndarray
    one_byte: bool = False

    @property
    def where(self) -> str:
        """The first wrong element, and how many there are."""
        first = self.wrong[0]
        place = ", ".join(str(int(axis[first])) for axis in self.elements)
        return f"{self.tensor}[{place}] and {len(self.wrong) - 1} of {len(self.got)} more"


def deviations(layers: Sequence[Layer], trial: Trial, wanted: Mapping[int, Grid]) -> list[Deviation]:
    """Runs layers in order and gives those (of `wanted`, by index) whose values differ.

    Raises IndexError or ValueError for layers that cannot be run on these operands.
    """
    tensors = execute(layers, trial.operands, wanted)
    found = (_deviation(index, layers[index], tensors, trial.expected, grid) for index, grid in wanted.items())
    wrong = [deviation for deviation in found if len(deviation.wrong)]
    # Running everything once more without rounding is for quantised numbers alone.
    if not any(map(_may_be_ties, wrong)):
        return wrong
    unrounded = execute([_unrounded(layer) for layer in layers], trial.operands, wanted)
    return [left for deviation in wrong if len((left := _without_ties(deviation, layers, unrounded)).wrong)]


def _may_be_ties(deviation: Deviation) -> bool:
    return deviation.one_byte and bool((np.abs(deviation.got - deviation.expected) <= A_STEP)[deviation.wrong].any())


def _unrounded(layer: Layer) -> Layer:
    return replace(layer, after=tuple(step for step in layer.after if step.function != functions.ROUND))


def _without_ties(deviation: Deviation, layers: Sequence[Layer], unrounded: Arrays) -> Deviation:
    """The deviation without the values that lie halfway between two steps: which of them is taken, rounding decides
    (half the means of two neighbours do, where a pool keeps its scale)."""
    extents = [axis.extent for axis in layers[deviation.layer].output.axes]
    values = np.atleast_1d(unrounded[deviation.tensor].reshape(extents)[deviation.elements])
    # Only where the true value is halfway is either side right; a step off elsewhere is a fault.
    halfway = np.abs(values - np.floor(values) - 0.5) < HALFWAY
    tie = halfway & (np.abs(deviation.got - deviation.expected) <= A_STEP)
    return replace(deviation, wrong=deviation.wrong[~tie[deviation.wrong]])


def _deviation(index: int, layer: Layer, tensors: Arrays, expected: Arrays, grid: Grid) -> Deviation:
    name, extents = layer.output.tensor, [axis.extent for axis in layer.output.axes]
    elements = tuple(np.broadcast_to(e, (points_in(grid),)) for e in elements_of(layer.output, grid))
    got = np.atleast_1d(tensors[name].reshape(extents)[elements])
    wanted = np.atleast_1d(expected[name].reshape(extents)[elements])
    wrong = np.flatnonzero(differing(got, wanted))
    return Deviation(index, name, elements, wanted.astype(np.float64), got, wrong, is_byte(wanted.dtype))


def points_in(grid: Grid) -> int:
    """The number of points of a grid."""
    return len(next(iter(grid.values()))) if grid else 1


def cause_of(deviation: Deviation, layers: Sequence[Layer], trial: Trial, grid: Grid) -> str:
    """The likely cause, looked for at a few of the points, wrong ones among them."""
    spread = np.linspace(0, len(deviation.got) - 1, min(FEW, len(deviation.got)), dtype=int)
    # Right points as well: a variant that mends the wrong ones and spoils the others is not the cause.
    chosen = np.union1d(spread, deviation.wrong[:FEW])
    few = {deviation.layer: {loop: values[chosen] for loop, values in grid.items()}}

    def right(changed: Sequence[Layer]) -> bool:
        try:
            return not deviations(changed, trial, few)
        except (IndexError, ValueError, TypeError):  # a function of other parameters, say
            return False

    return likely_cause(layers, deviation.got, deviation.expected, right)
