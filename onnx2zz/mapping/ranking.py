"""Our own candidates for a layer, in the order in which they are worth a price."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnx2zz.mapping.bound import Bounds, Floats, bounds
from onnx2zz.mapping.enumeration import candidates
from onnx2zz.mapping.interconnect import Interconnect, lacks
from onnx2zz.mapping.space import Factors, Mask, Space
from onnx2zz.zigzag.hierarchy import BuiltHierarchy
from onnx2zz.zigzag.objective import ObjectiveName, objective
from onnx2zz.zigzag.unrolling import Unrolling

Limits = Mapping[str, Mapping[str, int]]
"""Array dim -> loop -> the largest factor that ZigZag leaves alone."""


def ranked(
    space: Space,
    limits: Limits,
    hierarchy: BuiltHierarchy,
    wires: Interconnect | None,
    floor: float,
    opt: ObjectiveName,
) -> "Ranked":
    """Unrollings with the least that their objective can be, the likeliest winner first; `floor`: no layer takes fewer
    cycles. Of equal bounds, whole divisors come first, then what costs less of the other."""

    def out(found: Factors) -> Mask:
        return forbidden(found, space, hierarchy, wires)

    if not space.loops:
        return nothing(space)
    found = candidates(space, limits, out, _twins(space, limits, hierarchy, wires))
    first, second = _objectives(bounds(found, space, hierarchy), floor, opt)
    padding = (-np.array(space.sizes) % found.prod(axis=1) > 0).sum(axis=1)
    spread = (found > 1).sum(axis=(1, 2))
    # numpy sorts by the last key first.
    order = np.lexsort((spread, second, padding, first))
    return Ranked(space, found[order], first[order], padding[order])


def forbidden(found: Factors, space: Space, hierarchy: BuiltHierarchy, wires: Interconnect | None) -> Mask:
    """Which candidates, complete or not, are out for good: too large, or in need of wires that nobody declared."""
    out = overflowing(found, space, hierarchy)
    for mask in lacks(found, space, wires).values() if wires else ():
        out = out | mask
    return out


def bounds_of(found: Factors, space: Space, hierarchy: BuiltHierarchy, floor: float, opt: ObjectiveName) -> Floats:
    """The least that the objective of each can be."""
    return _objectives(bounds(found, space, hierarchy), floor, opt)[0]


@dataclass(frozen=True)
class Ranked:
    """Candidates in the order in which they are worth a price, the least that the objective of each can be, and how
    many loops each divides unevenly."""

    space: Space
    found: Factors
    bounds: Floats
    uneven: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.found)

    def unrolling(self, row: int) -> Unrolling:
        return self.space.unrolling(self.found[row])


def nothing(space: Space) -> Ranked:
    """No candidates."""
    return Ranked(
        space, np.ones((0, len(space.array), len(space.loops)), dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.intp)
    )


def _objectives(least: Bounds, floor: float, opt: ObjectiveName) -> tuple[Floats, Floats]:
    cycles = np.maximum(least.cycles, floor)
    asked = objective(opt)
    return asked.value(least.energy, cycles), asked.second(least.energy, cycles)


def overflowing(found: Factors, space: Space, hierarchy: BuiltHierarchy) -> Mask:
    """Which candidates need more room in an innermost memory than it has: ZigZag shrinks them, by value
    (stages/mapping/spatial_mapping_generation.py:258)."""
    out = np.zeros(len(found), dtype=bool)
    for memory_operand, served, bits in hierarchy.inner:
        dims = [dim for dim, (name, _) in enumerate(space.array) if name in served]
        for operand in space.operands:
            if operand.memory_operand == memory_operand and operand.bits:
                moved = found[:, dims, :][:, :, sorted(operand.moved_by)].prod(axis=(1, 2))
                out |= moved * operand.bits > bits
    return out


def _twins(space: Space, limits: Limits, hierarchy: BuiltHierarchy, wires: Interconnect | None) -> dict[int, int]:
    """Array dim -> an earlier one that differs from it in nothing but its name."""
    earlier: dict[object, int] = {}
    found: dict[int, int] = {}
    for dim, (name, units) in enumerate(space.array):
        # Everything that a candidate's price or admission depends on. One array dim that a memory serves and another
        # that it does not are no twins, although both may have 16 units.
        kind = (units, tuple(sorted(limits[name].items())), reach(name, hierarchy), _wired(name, wires))
        if kind in earlier:
            found[dim] = earlier[kind]
        earlier[kind] = dim
    return found


def reach(name: str, hierarchy: BuiltHierarchy) -> object:
    """Which memories serve an array dim, and whether it passes results along: array dims of one reach cost the same."""
    levels = tuple(tuple(name in level.served for level in levels) for _, levels in hierarchy.levels)
    return levels, name in hierarchy.systolic


def _wired(name: str, wires: Interconnect | None) -> object:
    if wires is None:
        return None
    shared = tuple(operand for operand, dims in wires.multicast if name in dims)
    # Their number, not their names: twins are each other's partner on a diagonal, and would differ by name alone.
    slid = frozenset(other for one, other in wires.diagonals if one == name and other != name)
    return name in wires.sums, shared, (name, name) in wires.diagonals, len(slid)
