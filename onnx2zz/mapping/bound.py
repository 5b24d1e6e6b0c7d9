"""What a layer takes at least under an unrolling, in cycles and pJ: good enough to decide what is priced first, and
when nothing left can win.

The temporal loops are ordered as is best for each operand at once, save one thing: whatever loop is innermost, an
operand that it moves is read anew in every cycle. All other memories see each tensor once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
    given = _Unrolled(factors, space)
    cycles = given.cycles
    floor = _each_tensor_once(given, hierarchy)
    ports, reads = _least_innermost_reads(given, hierarchy)
    filled = cycles + drain(factors, space, hierarchy) + _first_loads(given, hierarchy)
    # Array and ports work at the same time, so cycles are a maximum; each pJ is spent once, so energies add up.
    energy = np.maximum(floor.energy + reads - _cut_off(space, hierarchy), 0.0)
    return Bounds(np.maximum.reduce([filled, floor.cycles, ports]), energy)


@dataclass(frozen=True)
class _Unrolled:
    """Unrollings (candidates, array dims, loops), and the products of which bounds are made."""

    factors: Factors
    space: Space
    known: dict[tuple[int, ...], Factors] = field(default_factory=dict[tuple[int, ...], Factors])

    def __len__(self) -> int:
        return len(self.factors)

    def over(self, dims: Iterable[int]) -> Factors:
        """(loops, candidates): how often each loop is unrolled over some array dims."""
        asked = tuple(dims)
        if asked not in self.known:
            self.known[asked] = self._by_dim[list(asked)].prod(axis=0)
        return self.known[asked]

    @cached_property
    def _by_dim(self) -> Factors:
        # (array dims, loops, candidates): products over a few array dims or loops of thousands of candidates take a
        # tenth of the time along the first axis.
        return np.ascontiguousarray(self.factors.transpose(1, 2, 0))

    @cached_property
    def steps(self) -> Factors:
        """(loops, candidates), rounded up: an array that is filled in part takes a step all the same."""
        return -(-np.array(self.space.sizes, dtype=np.int64)[:, None] // self._all)

    @cached_property
    def cycles(self) -> Floats:
        """(candidates,) that the array takes."""
        return self.steps.prod(axis=0).astype(float)

    @cached_property
    def sizes(self) -> Factors:
        """(candidates, loops), padded to whole steps."""
        return (self.steps * self._all).T

    @property
    def _all(self) -> Factors:
        return self.over(range(len(self.space.array)))

    def served(self, level: BuiltLevel) -> Factors:
        """(loops, candidates): how often each loop is unrolled over the units of one instance of a memory."""
        return self.over(dim for dim, (name, _) in enumerate(self.space.array) if name in level.served)

    def beyond(self, level: BuiltLevel) -> Factors:
        """(loops, candidates): how often each loop is unrolled over the instances of a memory."""
        return self.over(dim for dim, (name, _) in enumerate(self.space.array) if name not in level.served)

    def instances(self, level: BuiltLevel) -> Factors:
        """(candidates,): instances of a memory that are at work."""
        return self.beyond(level).prod(axis=0)

    def copies(self, operand: MappedOperand, level: BuiltLevel) -> Factors:
        """(candidates,): in how many instances of a memory the same element of an input lies."""
        still = [loop for loop in range(len(self.space.loops)) if loop not in operand.moved_by]
        return self.beyond(level)[still].prod(axis=0)


def drain(factors: Factors, space: Space, hierarchy: BuiltHierarchy) -> Factors:
    """Cycles until the last result has passed the array dims that pass results along (cost_model.py:1108)."""
    systolic = [dim for dim, (name, _) in enumerate(space.array) if name in hierarchy.systolic]
    found: Factors = (factors[:, systolic, :].prod(axis=2) - 1).sum(axis=1)
    return found


def first_loads(factors: Factors, space: Space, hierarchy: BuiltHierarchy) -> Floats:
    """Cycles before the array can begin: an input whose innermost memory lies below the highest, and has room for all
    tensors that share it, is there as a whole first (zigzag's allocator takes all that fits, and hides no first load of
    an innermost memory: cost_model.py:931)."""
    return _first_loads(_Unrolled(factors, space), hierarchy)


def _first_loads(given: _Unrolled, hierarchy: BuiltHierarchy) -> Floats:
    space, sizes = given.space, given.sizes
    found = np.zeros(len(given))
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


def _each_tensor_once(given: _Unrolled, hierarchy: BuiltHierarchy) -> Bounds:
    """Every memory passes on each tensor once, padded to whole steps; the array works."""
    space = given.space
    busy: dict[int, Floats] = {}
    energy = np.full(len(given), hierarchy.operation_energy * space.operations)
    for operand in space.operands:
        # The narrower width, where a tensor moves: here less is safe. Partial sums that return come on top of any
        # bound.
        bits = extents(operand, given.sizes, whole=True) * float(operand.final)
        levels = hierarchy.of(operand.memory_operand)
        for number, level in enumerate(levels):
            links = _passing(operand, number, level, top=number == len(levels) - 1)
            if not links:
                continue
            copies, instances = given.copies(operand, level), given.instances(level)
            for link in links:
                energy = energy + bits * copies / link.width * link.energy
                busy[link.port] = busy.get(link.port, 0.0) + bits * copies / instances / link.width
    return Bounds(np.maximum.reduce([np.zeros(len(given)), *busy.values()]), energy)


def _passing(operand: MappedOperand, number: int, level: BuiltLevel, *, top: bool) -> Sequence[Link]:
    """The links that a tensor must take at one level: an input down, the output up. What the array reads and writes is
    counted by cycles; of whole tensors only the filling of an innermost memory counts here, from a memory above it
    (zigzag drops what passes the highest: mapping/mapping.py:670)."""
    if operand.name == "O":
        return [level.write] if level.write and number > 0 else []
    read = [level.read] if level.read and number > 0 else []
    return [*read, *([level.write] if level.write and number == 0 and not top else [])]


def _least_innermost_reads(given: _Unrolled, hierarchy: BuiltHierarchy) -> tuple[Floats, Floats]:
    """Port cycles and pJ at least of what the array reads and writes each cycle, whatever loop is the innermost
    temporal one."""
    if not given.space.loops:
        return np.zeros(len(given)), np.zeros(len(given))
    reads = list(_array_reads(given, hierarchy))
    # Which operands a loop moves is all that matters of it, besides whether it can be innermost at all.
    costs: dict[tuple[bool, ...], tuple[Floats, Floats]] = {}
    ports: list[Floats] = []
    energies: list[Floats] = []
    for innermost, steps in enumerate(given.steps):
        moved = tuple(innermost in read.operand.moved_by for read in reads)
        if moved not in costs:
            costs[moved] = _innermost_reads(given, reads, moved)
        busy, energy = costs[moved]
        # A loop that is unrolled whole is innermost in no ordering. Where no loop is left at all there is one step, and
        # any of them may stand for it.
        impossible = np.where(steps > 1, 0.0, np.where(given.cycles > 1, np.inf, 0.0))
        ports.append(np.maximum(impossible, busy))
        energies.append(energy + impossible)
    # Least cycles and least energy may need different loops innermost; each minimum is true for itself, and so are
    # both.
    return np.minimum.reduce(ports), np.minimum.reduce(energies)


@dataclass(frozen=True)
class _ArrayRead:
    """What the array takes of an operand's innermost memory, or hands it: accesses (candidates,) of each time,
    `instances` that are at work, and for how many cycles an input may stay at most while no loop moves it."""

    operand: MappedOperand
    link: Link
    words: Floats
    instances: Factors
    stationary: Floats


def _array_reads(given: _Unrolled, hierarchy: BuiltHierarchy) -> Iterator[_ArrayRead]:
    for operand in given.space.operands:
        levels = hierarchy.of(operand.memory_operand)
        link = (levels[0].write if operand.name == "O" else levels[0].read) if levels else None
        if link is None or not operand.bits:
            continue
        bits = _bits(operand, given, levels[0])
        words = np.ceil(extents(operand, given.served(levels[0]).T) * bits / link.least) * (link.least / link.width)
        still = [loop for loop in range(len(given.space.loops)) if loop not in operand.moved_by]
        stationary = given.steps[still].prod(axis=0).astype(float)
        yield _ArrayRead(operand, link, words, given.instances(levels[0]), stationary)


def _innermost_reads(given: _Unrolled, reads: Sequence[_ArrayRead], moved: Sequence[bool]) -> tuple[Floats, Floats]:
    """Port cycles and pJ of it, if a loop that moves these operands is the innermost temporal one."""
    busy: dict[int, Floats] = {}
    energy = np.zeros(len(given))
    for read, moves in zip(reads, moved, strict=True):
        link, is_output = read.link, read.operand.name == "O"
        # Results go to their memory every cycle.
        times = given.cycles if moves or is_output else given.cycles / read.stationary
        energy = energy + read.words * times * read.instances * link.energy
        if not is_output:
            # `words` are parts of a full access where the port may be used narrower. In cycles, a part takes a whole
            # one.
            waiting = np.ceil(read.words) * np.maximum(times - 1, 0)
            busy[link.port] = busy.get(link.port, 0.0) + waiting
    return np.maximum.reduce([np.zeros(len(given)), *busy.values()]), energy


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


def _bits(operand: MappedOperand, given: _Unrolled, level: BuiltLevel) -> Floats:
    """Bits of an element between the array and its lowest memory: a result is partial, and comes back, only where a
    reduction is left, in time or over units that the memory does not serve (mapping/mapping.py:413-452)."""
    if operand.name != "O":
        return np.full(len(given), float(operand.bits))
    reductions = sorted(given.space.reductions)
    left = (given.steps[reductions] > 1).any(axis=0) | (given.beyond(level)[reductions] > 1).any(axis=0)
    return np.where(left, float(operand.bits), float(min(operand.bits, operand.final)))
