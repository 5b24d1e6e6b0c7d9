"""How often a layer reads each element of an operand's tensor, axis by axis: the axes of a loop nest whose loops walk
one axis each are independent, so the count of an element is the product over its axes."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis, along
from onnx2zz.ir.interpreter import BORDERS, Tensors, element_at, read
from onnx2zz.ir.layer import Layer

Elements = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reads:
    """`counts`: for each axis, how often the loops that walk it reach each of its elements, padding left out. `rest`:
    the size of the loops that walk none of the axes."""

    counts: tuple[np.ndarray, ...]
    rest: int

    @property
    def elements(self) -> int:
        """The elements that are read at all."""
        return math.prod(int((count > 0).sum()) for count in self.counts)

    def elements_among(self, mask: np.ndarray) -> int:
        """How many elements of a mask are read."""
        return round(_contracted(mask, [count > 0 for count in self.counts]))

    def operations_on(self, mask: np.ndarray) -> int:
        """How many of the layer's operations read an element of a mask."""
        return round(_contracted(mask, self.counts)) * self.rest


def reads_of(layer: Layer, access: Access) -> Reads | None:
    """The reads of one operand; None where axes depend on each other or on values."""
    walked = [loop for axis in access.axes for loop, coefficient in axis.terms if coefficient]
    # A loop that walks two axes (a diagonal) ties their elements together, and counts no longer multiply.
    if access.picks is not None or access.outside is not None or len(walked) != len(set(walked)):
        return None
    rest = math.prod(size for loop, size in layer.loops if loop not in walked)
    return Reads(tuple(_counts(axis, layer, access.border) for axis in access.axes), rest)


def stored_values(access: Access, tensors: Tensors) -> np.ndarray | None:
    """The whole tensor as the layer reads it, zero points taken off; None where that depends on the loop."""
    operands = [step.operand for step in access.prepare if isinstance(step.operand, Access)]
    # A scale or a zero point for each channel is walked with the tensor, and has no one value to take off.
    if any(axis.terms for operand in operands for axis in operand.axes):
        return None
    names = [f"axis{number}" for number in range(len(access.axes))]
    axes = tuple(along(name, axis.extent) for name, axis in zip(names, access.axes, strict=True))
    mesh = np.ix_(*(np.arange(axis.extent) for axis in axes))
    values = read(replace(access, axes=axes), 0.0, tensors, dict(zip(names, mesh, strict=True)))
    return np.broadcast_to(values, [axis.extent for axis in axes])


def _counts(axis: Axis, layer: Layer, border: str) -> np.ndarray:
    sizes = layer.sizes
    loops = [loop for loop, coefficient in axis.terms if coefficient]
    mesh = np.ix_(*(np.arange(sizes[loop]) for loop in loops))
    grid = {loop: np.zeros(1, int) for loop, _ in axis.terms} | dict(zip(loops, mesh, strict=True))
    elements: Elements = np.ravel(BORDERS[border](element_at(axis, grid), axis.extent))
    inside = elements[(elements >= 0) & (elements < axis.extent)]
    return np.bincount(inside, minlength=axis.extent)


def _contracted(mask: np.ndarray, counts: "tuple[np.ndarray, ...] | list[np.ndarray]") -> float:
    total = mask.astype(np.float64)
    # Axis by axis from the last: a product over axes needs no table of all elements of the loop nest.
    for count in reversed(counts):
        total = total @ count.astype(np.float64)
    return float(total)
