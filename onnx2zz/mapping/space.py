"""What a layer and an accelerator have to do with each other, by index: the ground on which unrollings are compared.

Arrays over unrollings have the shape (candidates, array dims, loops) and hold factors, 1 where nothing is unrolled.
"""

from dataclasses import dataclass
from functools import cached_property
from math import gcd, prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes, operand_indices, relations
from onnx2zz.zigzag.unrolling import Unrolling, totals

Factors: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class ArrayDimension:
    """An axis of an input that two loops sweep: `ix = stride*ox + dilation*fx`; `padding` of it is not read."""

    outer: int
    stride: int
    inner: int
    dilation: int
    padding: int = 0

    def size(self, outer: Factors, inner: Factors) -> Factors:
        """How far the axis is touched, each place once (zigzag workload/layer_node.py:314)."""
        divisor = gcd(self.stride, self.dilation)
        # ZigZag cuts only one of the two at 0, so that few positions under a wide window count for more than there are.
        # A bound must not.
        shared = np.maximum(0, outer - self.dilation // divisor) * np.maximum(0, inner - self.stride // divisor)
        return outer * inner - shared


@dataclass(frozen=True)
class MappedOperand:
    """A tensor of the layer: the loops that index it alone, the axes that two loops sweep, its bits per element
    (`final`: as it leaves the layer), the memory operand that it is stored as. `padding`: of the axes that one loop of
    `relevant` sweeps, since the other one is of size 1, how much is not read (loop, elements)."""

    name: str
    memory_operand: str
    relevant: tuple[int, ...]
    axes: tuple[ArrayDimension, ...]
    bits: int
    final: int
    padding: tuple[tuple[int, int], ...] = ()

    @cached_property
    def moved_by(self) -> frozenset[int]:
        """The loops that go from one element to another."""
        return frozenset(self.relevant) | {loop for axis in self.axes for loop in (axis.outer, axis.inner)}


@dataclass(frozen=True)
class Space:
    """The loops of a layer, its operands (output first), and the array."""

    loops: tuple[str, ...]
    sizes: tuple[int, ...]
    operands: tuple[MappedOperand, ...]
    array: tuple[tuple[str, int], ...]

    @property
    def operations(self) -> int:
        return prod(self.sizes)

    @property
    def reductions(self) -> frozenset[int]:
        """The loops over which results are summed up."""
        return frozenset(range(len(self.loops))) - self.operands[0].moved_by

    def unrolled_nothing(self) -> Factors:
        """The unrolling (1, array dims, loops) that has all units idle but one."""
        return np.ones((1, len(self.array), len(self.loops)), dtype=np.int64)

    def unrolled_all(self, unrolling: Unrolling) -> bool:
        """Whether no loop is left to run in time."""
        factors = totals(unrolling)
        return all(factors.get(loop, 1) >= size for loop, size in zip(self.loops, self.sizes, strict=True))

    def factors(self, unrolling: Unrolling) -> Factors:
        """One unrolling as an array (1, array dims, loops)."""
        found = self.unrolled_nothing()
        for dim, (_, pairs) in enumerate(unrolling):
            for loop, factor in pairs:
                found[0, dim, self.loops.index(loop)] = factor
        return found

    def unrolling(self, factors: Factors) -> Unrolling:
        """One row (array dims, loops) as an unrolling."""
        return tuple(
            (name, tuple((loop, int(f)) for loop, f in zip(self.loops, row, strict=True) if f > 1))
            for (name, _), row in zip(self.array, factors, strict=True)
        )


def read_space(entry: WorkloadEntry, mapping_entry: MappingEntry, array: tuple[tuple[str, int], ...]) -> Space:
    """The loops of `entry` that are longer than 1, and what they index."""
    loops = {loop: size for loop, size in loop_sizes(entry).items() if size > 1}
    names = tuple(loops)
    swept = {index: (*terms, _padding(index, entry)) for index, terms in relations(entry).items()}
    operands = tuple(
        _operand(name, indices, mapping_entry.links[name], entry["operand_precision"], names, swept)
        for name, indices in operand_indices(entry).items()
    )
    return Space(names, tuple(loops.values()), operands, array)


def _operand(
    name: str,
    indices: tuple[str, ...],
    memory_operand: str,
    precision: dict[str, int],
    loops: tuple[str, ...],
    swept: dict[str, tuple[tuple[int, str], tuple[int, str], int]],
) -> MappedOperand:
    axes: list[ArrayDimension] = []
    padded: list[tuple[int, int]] = []
    alone = [loops.index(index) for index in indices if index in loops]
    for (a, first), (b, second), padding in (swept[index] for index in indices if index in swept):
        # A loop of size 1 is not in the space; what is left of the axis is moved by the other loop alone.
        if first in loops and second in loops:
            axes.append(ArrayDimension(loops.index(first), a, loops.index(second), b, padding))
        else:
            left = [loops.index(loop) for loop in (first, second) if loop in loops]
            alone += left
            padded += [(loop, padding) for loop in left if padding]
    final = precision["O_final"] if name == "O" else precision[name]
    return MappedOperand(name, memory_operand, tuple(alone), tuple(axes), precision[name], final, tuple(padded))


def _padding(index: str, entry: WorkloadEntry) -> int:
    dims = [str(dim).upper() for dim in entry.get("pr_loop_dims") or ()]
    pairs = entry.get("padding") or ()
    # Where there are not as many pairs as indices nobody knows whose they are.
    return sum(pairs[dims.index(index)]) if index in dims and len(pairs) == len(dims) else 0


def extents(operand: MappedOperand, iterations: Factors, *, whole: bool = False) -> Factors:
    """Elements of the operand that (candidates, loops) iterations touch, overlaps of windows counted once; without the
    padding if they are all of the loops' iterations."""
    # A window over padding alone touches nothing, but a workload says 1 for it: ZigZag divides by what is touched.
    found: Factors = np.ones(len(iterations), dtype=np.int64)
    # Column by column: few loops of many candidates are multiplied faster so than along the short axis.
    for loop in operand.relevant:
        touched = iterations[:, loop]
        for padding in (padding for padded, padding in operand.padding if whole and padded == loop):
            touched = np.maximum(1, touched - padding)
        found = found * touched
    for axis in operand.axes:
        size = axis.size(iterations[:, axis.outer], iterations[:, axis.inner])
        found = found * np.maximum(1, size - (axis.padding if whole else 0))
    return found
