"""What the price of a temporal mapping depends on, apart from the loop ordering: plain numbers, no ZigZag objects.

Loop dimensions are numbered as in the layer, operands as in its equation: operand 0 is the output. Sizes are counted
in elements, capacities and widths in bit, energies in pJ.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TypeAlias

import numpy as np
from zigzag.hardware.architecture.memory_port import DataDirection

from .arrays import Floats

READ_TO_LOW = DataDirection.RD_OUT_TO_LOW
WRITE_FROM_LOW = DataDirection.WR_IN_BY_LOW
READ_TO_HIGH = DataDirection.RD_OUT_TO_HIGH
WRITE_FROM_HIGH = DataDirection.WR_IN_BY_HIGH

FROM_ABOVE = {READ_TO_LOW: WRITE_FROM_HIGH, WRITE_FROM_LOW: READ_TO_HIGH}
"""What crosses a border is a direction for the memory above it, and another one for the memory below."""

Transfer: TypeAlias = tuple[int, int, DataDirection]
"""operand, memory level, direction: one flow of data through a port"""

Unrolled: TypeAlias = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class PartialAxis:
    """A tensor axis that two loops sweep together, as OX and FX sweep IX (ZigZag: a partially relevant dimension)."""

    first: int
    second: int
    first_stride: int
    second_stride: int
    extent: int

    def size(self, first: Floats, second: Floats) -> Floats:
        """Elements touched when the loops have these sizes (workload/layer_node.py:278-286, 316-322)."""
        a, b = np.trunc(first), np.trunc(second)
        divisor = gcd(self.first_stride, self.second_stride)
        repeats = np.maximum(0, b - self.first_stride // divisor) * (a - self.second_stride // divisor)
        return np.minimum(self.extent, a * b - repeats)


@dataclass(frozen=True)
class Unrolling:
    """One operand's spatial loops per architecture level, from the operational array (0) up to above its top memory.

    boost[k] is the number of distinct elements that a unit of level k serves at once, units[k] the number of units.
    """

    levels: tuple[Unrolled, ...]
    boost: tuple[int, ...]
    units: tuple[int, ...]

    def integral(self, dims: Collection[int]) -> bool:
        """Whether none of these dimensions is unrolled by a fraction."""
        return all(size.is_integer() for level in self.levels for dim, size in level if dim in dims)


@dataclass(frozen=True)
class Width:
    """bit/cycle of the port that serves one operand in one direction: least and greatest access."""

    least: int
    greatest: int


@dataclass(frozen=True)
class OperandLevel:
    """A memory as one operand sees it; a direction without a port is absent from `widths`."""

    capacity: int
    read_energy: float
    write_energy: float
    widths: Mapping[DataDirection, Width]

    def access_energy(self, way: DataDirection) -> float:
        """pJ of an access of a port's greatest width."""
        return self.read_energy if way in (READ_TO_HIGH, READ_TO_LOW) else self.write_energy


@dataclass(frozen=True)
class Operand:
    """A tensor of the layer: which loops move it, how it is unrolled, and the memories that hold it, lowest first.

    relevant and partial are in ZigZag's order, which is the order of its multiplications.
    """

    name: str
    is_output: bool
    relevant: tuple[int, ...]
    irrelevant: tuple[int, ...]
    partial: tuple[PartialAxis, ...]
    precision: int
    final_precision: int
    elements: float
    fractional: Unrolling
    integer: Unrolling
    levels: tuple[OperandLevel, ...]

    @property
    def top(self) -> int:
        return len(self.levels) - 1

    @property
    def dims(self) -> tuple[int, ...]:
        """The loops that its size depends on."""
        return (*self.relevant, *(dim for axis in self.partial for dim in (axis.first, axis.second)))

    def tensor_size(self, dim_sizes: Mapping[int, Floats]) -> Floats:
        """Elements of the tile that loops of these sizes touch (workload/layer_node.py:267-271)."""
        size = np.ones(1)
        for dim in self.relevant:
            size = size * dim_sizes[dim]
        for axis in self.partial:
            size = size * axis.size(dim_sizes[axis.first], dim_sizes[axis.second])
        return size


@dataclass(frozen=True)
class AllocatedMemory:
    """A memory as the allocator fills it: its operands in ZigZag's order, and those for which it is the highest."""

    operands: tuple[int, ...]
    top_of: frozenset[int]
    capacity: int
    double_buffered: bool


@dataclass(frozen=True)
class PhysicalPort:
    """A physical port of a memory: bit/cycle, and the transfers that share it."""

    width: int
    shared_by_inputs: bool
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True)
class Nest:
    """A layer under one spatial mapping on one accelerator.

    memories are in the allocator's order (bottom up), ports in the cost model's; sharing lists the (operand, level)
    pairs that lie in one physical memory. keeps_at_output: the lowest memory's output register holds an input while it
    is reused (ZigZag's access_same_data_considered_as_no_access).
    """

    dims: int
    operands: tuple[Operand, ...]
    memories: tuple[AllocatedMemory, ...]
    ports: tuple[PhysicalPort, ...]
    sharing: tuple[tuple[tuple[int, int], ...], ...]
    mac_energy: float
    drain_cycles: int
    keeps_at_output: bool

    @property
    def output(self) -> Operand:
        return self.operands[0]

    @property
    def inputs(self) -> range:
        return range(1, len(self.operands))
