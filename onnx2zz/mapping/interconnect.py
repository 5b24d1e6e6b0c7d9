"""Which wires an accelerator declares between its units: what may be summed, shared or slid across an array dim.

ZigZag looks no further than the width of the innermost memories: a sum across units without adders, or a window that
slides diagonally over two array dims, costs it nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.mapping.space import ArrayDimension, Factors, Mask, Space
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.hierarchy import BuiltHierarchy

WINDOW = {"FX": "OX", "FY": "OY", "FZ": "OZ"}
SUMMED = ("C", "FX", "FY", "FZ")


@dataclass(frozen=True)
class Interconnect:
    """Array dims across which results are summed; memory operand -> array dims across which one read reaches all units;
    pairs of array dims (in both orders) over which a window may slide."""

    sums: frozenset[str]
    multicast: tuple[tuple[str, frozenset[str]], ...]
    diagonals: frozenset[tuple[str, str]]


@dataclass(frozen=True, order=True)
class Wire:
    """What a mapping needs between units: `what` in words, `key` the line of `interconnect:` that declares it."""

    what: str
    key: str

    def __str__(self) -> str:
        return self.what


def declared(hierarchy: BuiltHierarchy, said: Wires) -> Interconnect:
    """What the accelerator and its sidecar say.

    A sum: the output's innermost memory serves the array dim, or units pass results along it (systolic). One read for
    all: a memory of the operand serves the array dim. A diagonal: the activation's innermost memory serves both array
    dims, and neither is systolic, along which every unit passes on what it got.
    """
    shared = {operand: frozenset(d for level in levels for d in level.served) for operand, levels in hierarchy.levels}
    also = {operand: frozenset(dims) for operand, dims in said.multicast.items()}
    # Where one output memory serves the units of an array dim, all of them hand their results to it in one cycle:
    # without adders on the way it would have to take as many values at once.
    return Interconnect(
        sums=_innermost(hierarchy, "O") | hierarchy.systolic | frozenset(said.adder_trees),
        multicast=tuple((operand, dims | also.get(operand, frozenset())) for operand, dims in shared.items()),
        diagonals=_pairs(_innermost(hierarchy, "I1") - hierarchy.systolic)
        | frozenset(pair for a, b in said.diagonals for pair in ((a, b), (b, a))),
    )


def shown_by(mapping: Iterable[MappingEntry], known: Interconnect) -> Interconnect:
    """`known` and what the accelerator's mapping file does: whoever wrote it knows the wires."""
    sums, diagonals = set(known.sums), set(known.diagonals)
    for entry in mapping:
        # What one entry does with its loops the wires can do for those of any layer, so that pairs are taken out of
        # their entries.
        pairs = [(dim, loop) for dim, loops in entry.unrolled.items() for loop, factor in loops if factor > 1]
        sums |= {dim for dim, loop in pairs if loop in SUMMED}
        slid = [(a, b) for (a, first), (b, second) in product(pairs, pairs) if WINDOW.get(first) == second]
        diagonals |= {pair for a, b in slid for pair in ((a, b), (b, a))}
    return Interconnect(frozenset(sums), known.multicast, frozenset(diagonals))


def _innermost(hierarchy: BuiltHierarchy, operand: str) -> frozenset[str]:
    levels = hierarchy.of(operand)
    return levels[0].served if levels else frozenset()


def _pairs(dims: Iterable[str]) -> frozenset[tuple[str, str]]:
    return frozenset(product(dims, dims))


def lacks(factors: Factors, space: Space, wires: Interconnect) -> dict[Wire, Mask]:
    """What each candidate would need that is not declared -> which candidates need it."""
    # Asked need by need, not candidate by candidate: each need is one column of the table, so that thousands of
    # candidates are answered by a few numpy operations.
    unrolled = factors > 1
    names = [name for name, _ in space.array]
    found: dict[Wire, Mask] = {}
    for dim, name in enumerate(names):
        if name not in wires.sums:
            for loop in space.reductions:
                found[_sum(space.loops[loop], name)] = unrolled[:, dim, loop]
        for operand, dims in wires.multicast:
            loops = list(_shared(operand, space)) if name not in dims else []
            if loops:
                found[_one_read(operand, name)] = np.logical_or.reduce(unrolled[:, dim, loops], axis=1)
    for (a, first), (b, second) in product(enumerate(names), enumerate(names)):
        if (first, second) not in wires.diagonals:
            for axis in _overlapping(space):
                wire = _window(space.loops[axis.outer], first, space.loops[axis.inner], second)
                found[wire] = unrolled[:, a, axis.outer] & unrolled[:, b, axis.inner]
    return {what: mask for what, mask in found.items() if np.any(mask)}


def _sum(loop: str, dim: str) -> Wire:
    return Wire(f"a sum over {loop} across {dim}", f"adder_trees: [{dim}]")


def _one_read(operand: str, dim: str) -> Wire:
    return Wire(f"{operand} shared across {dim}", f"multicast: {{{operand}: [{dim}]}}")


def _window(outer: str, first: str, inner: str, second: str) -> Wire:
    return Wire(f"{outer} on {first} sliding over {inner} on {second}", f"diagonals: [[{first}, {second}]]")


def _overlapping(space: Space) -> Iterable[ArrayDimension]:
    """Windows that share elements: with a stride of their length they do not, and each unit reads its own."""
    for axis in (axis for operand in space.operands[1:] for axis in operand.axes):
        outer, inner = np.array(space.sizes[axis.outer]), np.array(space.sizes[axis.inner])
        # Elements that are touched, against pairs of positions: fewer means that two units want the same one.
        if axis.size(outer, inner) < outer * inner:
            yield axis


def _shared(memory_operand: str, space: Space) -> Iterable[int]:
    """The loops that leave an input where it is: units that they are unrolled over read the same."""
    # An operand of no bits is none: element-wise layers of one input have a W of that kind.
    inputs = [operand for operand in space.operands[1:] if operand.memory_operand == memory_operand and operand.bits]
    return (loop for operand in inputs for loop in range(len(space.loops)) if loop not in operand.moved_by)
