"""What a layer takes at least under an unrolling, in cycles and pJ: good enough to decide what is priced first, and
when nothing left can win.

The temporal loops are ordered as is best for each operand at once, save one thing: whatever loop is innermost, an
operand that it moves is read anew in every cycle. All other memories see each tensor once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from onnx2zz.mapping.space import Factors, MappedOperand, Space, extents
from onnx2zz.zigzag.hierarchy import BuiltHierarchy, BuiltLevel, Link

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """Per candidate: cycles and pJ at least."""

    cycles: Floats
    energy: Floats


def bounds(factors: Factors, space: Space, hierarchy: BuiltHierarchy) -> Bounds:
    """The bounds of all candidates at once; factors: (candidates, array dims, loops)."""
    # Rounded up: an array that is filled in part takes a step all the same.
    steps = -(-np.array(space.sizes) // factors.prod(axis=1))
    cycles = steps.prod(axis=1).astype(float)
    floor = _each_tensor_once(factors, space, hierarchy)
    per_innermost = [
        _innermost_reads(innermost, steps, factors, space, hierarchy) for innermost in range(len(space.loops))
    ]
    # Least cycles and least energy may need different loops innermost; each minimum is true for itself, and so are
    # both.
    ports = np.min([port for port, _ in per_innermost], axis=0) if per_innermost else np.zeros(len(factors))
    reads = np.min([energy for _, energy in per_innermost], axis=0) if per_innermost else np.zeros(len(factors))
    filled = cycles + drain(factors, space, hierarchy) + first_loads(factors, space, hierarchy)
    # Array and ports work at the same time, so cycles are a maximum; each pJ is spent once, so energies add up.
    energy = np.maximum(floor.energy + reads - _cut_off(space, hierarchy), 0.0)
    return Bounds(np.maximum.reduce([filled, floor.cycles, ports]), energy)


def drain(factors: Factors, space: Space, hierarchy: BuiltHierarchy) -> Factors:
    """Cycles until the last result has passed the array dims that pass results along (cost_model.py:1108)."""
    systolic = [dim for dim, (name, _) in enumerate(space.array) if name in hierarchy.systolic]
    found: Factors = (factors[:, systolic, :].prod(axis=2) - 1).sum(axis=1)
    return found


def first_loads(factors: Factors, space: Space, hierarchy: BuiltHierarchy) -> Floats:
    """Cycles before the array can begin: an input whose innermost memory lies below the highest, and has room for all
    tensors that share it, is there as a whole first (zigzag's allocator takes all that fits, and hides no first load of
    an innermost memory: cost_model.py:931)."""
    sizes = _padded_sizes(factors, space)
    found = np.zeros(len(factors))
    for operand in space.operands[1:]:
        levels = hierarchy.of(operand.memory_operand)
        if len(levels) == 2 and levels[1].read and levels[0].write and operand.bits:
            sharing = [one for one in space.operands if _lies_in(one, levels[0].memory, hierarchy)]
            # The wider width, since the claim is that everything fits: where results are partial sums they need it.
            needed = sum(extents(one, sizes, whole=True) * float(max(one.bits, one.final)) for one in sharing)
            bits = extents(operand, sizes, whole=True) * float(operand.bits)
            loaded = bits / min(levels[1].read.width, levels[0].write.width * _most_instances(space, levels[0]))
            found = np.maximum(found, np.where(needed <= levels[0].bits, loaded, 0.0))
    return found


def _lies_in(operand: MappedOperand, memory: str, hierarchy: BuiltHierarchy) -> bool:
    return any(level.memory == memory for level in hierarchy.of(operand.memory_operand))


def _most_instances(space: Space, level: BuiltLevel) -> int:
    return prod(units for name, units in space.array if name not in level.served)


def _padded_sizes(factors: Factors, space: Space) -> Factors:
    totals = factors.prod(axis=1)
    return -(-np.array(space.sizes) // totals) * totals


def _each_tensor_once(factors: Factors, space: Space, hierarchy: BuiltHierarchy) -> Bounds:
    """Every memory passes on each tensor once, padded to whole steps; the array works."""
    sizes = _padded_sizes(factors, space)
    busy: dict[int, Floats] = {}
    energy = np.full(len(factors), hierarchy.operation_energy * space.operations)
    for operand in space.operands:
        # The narrower width, where a tensor moves: here less is safe. Partial sums that return come on top of any
        # bound.
        bits = extents(operand, sizes, whole=True) * float(operand.final)
        levels = hierarchy.of(operand.memory_operand)
        for number, level in enumerate(levels):
            copies, instances = _copies(factors, space, operand, level), _instances(factors, space, level)
            for link in _passing(operand, number, level, top=number == len(levels) - 1):
                energy = energy + bits * copies / link.width * link.energy
                busy[link.port] = busy.get(link.port, 0.0) + bits * copies / instances / link.width
    return Bounds(np.maximum.reduce([np.zeros(len(factors)), *busy.values()]), energy)


def _passing(operand: MappedOperand, number: int, level: BuiltLevel, *, top: bool) -> Iterable[Link]:
    """The links that a tensor must take at one level: an input down, the output up. What the array reads and writes is
    counted by cycles; of whole tensors only the filling of an innermost memory counts here, from a memory above it
    (zigzag drops what passes the highest: mapping/mapping.py:670)."""
    if operand.name == "O":
        return [level.write] if level.write and number > 0 else []
    read = [level.read] if level.read and number > 0 else []
    return [*read, *([level.write] if level.write and number == 0 and not top else [])]


def _innermost_reads(
    innermost: int, steps: NDArray[np.int64], factors: Factors, space: Space, hierarchy: BuiltHierarchy
) -> tuple[Floats, Floats]:
    """Port cycles and pJ of what the array reads and writes each cycle, if this loop is the innermost temporal one."""
    cycles = steps.prod(axis=1).astype(float)
    # A loop that is unrolled whole is innermost in no ordering. Where no loop is left at all there is one step, and any
    # of them may stand for it.
    impossible = np.where(steps[:, innermost] > 1, 0.0, np.where(cycles > 1, np.inf, 0.0))
    busy: dict[int, Floats] = {}
    energy = np.zeros(len(factors))
    for operand in space.operands:
        levels = hierarchy.of(operand.memory_operand)
        link = (levels[0].write if operand.name == "O" else levels[0].read) if levels else None
        if link is None or not operand.bits:
            continue
        served = _served(factors, space, levels[0])
        bits = _bits(operand, steps, factors, space, levels[0])
        words = np.ceil(extents(operand, served) * bits / link.least) * (link.least / link.width)
        times = cycles / _stationary(innermost, operand, steps)
        energy = energy + words * times * _instances(factors, space, levels[0]) * link.energy
        if operand.name != "O":
            # `words` are parts of a full access where the port may be used narrower. In cycles, a part takes a whole
            # one.
            waiting = np.ceil(words) * np.maximum(times - 1, 0)
            busy[link.port] = busy.get(link.port, 0.0) + waiting
    return np.maximum.reduce([impossible, *busy.values()]), energy + impossible


def _cut_off(space: Space, hierarchy: BuiltHierarchy) -> float:
    """pJ at most that ZigZag leaves out: of each transfer the part of an access that is not whole
    (cost_model.py:536). The same for all unrollings, so that their order stays."""
    found = 0.0
    for operand in space.operands:
        levels = hierarchy.of(operand.memory_operand)
        array = (levels[0].write if operand.name == "O" else levels[0].read) if levels else None
        links = [] if array is None else [array]
        for number, level in enumerate(levels):
            links += _passing(operand, number, level, top=number == len(levels) - 1)
        found += sum(link.energy for link in links)
    return found


def _bits(
    operand: MappedOperand, steps: NDArray[np.int64], factors: Factors, space: Space, level: BuiltLevel
) -> Floats:
    """Bits of an element between the array and its lowest memory: a result is partial, and comes back, only where a
    reduction is left, in time or over units that the memory does not serve (mapping/mapping.py:413-452)."""
    if operand.name != "O":
        return np.full(len(steps), float(operand.bits))
    reductions = sorted(space.reductions)
    above = [dim for dim, (name, _) in enumerate(space.array) if name not in level.served]
    left = (steps[:, reductions] > 1).any(axis=1) | (factors[:, above, :][:, :, reductions] > 1).any(axis=(1, 2))
    return np.where(left, float(operand.bits), float(min(operand.bits, operand.final)))


def _stationary(innermost: int, operand: MappedOperand, steps: NDArray[np.int64]) -> Floats:
    """How many cycles an input may stay at most; results go to their memory every cycle."""
    if operand.name == "O" or innermost in operand.moved_by:
        return np.ones(len(steps))
    still = [loop for loop in range(steps.shape[1]) if loop not in operand.moved_by]
    return steps[:, still].prod(axis=1).astype(float)


def _served(factors: Factors, space: Space, level: BuiltLevel) -> Factors:
    """How often each loop is unrolled over the units of one instance of a memory."""
    dims = [dim for dim, (name, _) in enumerate(space.array) if name in level.served]
    return factors[:, dims, :].prod(axis=1)


def _instances(factors: Factors, space: Space, level: BuiltLevel) -> NDArray[np.int64]:
    """Instances of a memory that are at work."""
    dims = [dim for dim, (name, _) in enumerate(space.array) if name not in level.served]
    return factors[:, dims, :].prod(axis=(1, 2))


def _copies(factors: Factors, space: Space, operand: MappedOperand, level: BuiltLevel) -> NDArray[np.int64]:
    """In how many instances of a memory the same element of an input lies."""
    dims = [dim for dim, (name, _) in enumerate(space.array) if name not in level.served]
    still = [loop for loop in range(len(space.loops)) if loop not in operand.moved_by]
    return factors[:, dims, :][:, :, still].prod(axis=(1, 2))
