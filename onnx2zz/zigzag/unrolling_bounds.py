"""What a layer costs at least under many unrollings, whatever the loop ordering and the cuts, and orderings that cost
as much.

Three bounds, each dearer than the one before and, for energy, closer: by the innermost loop, by the chain of the
borders of the two lowest levels, by the chain of all borders. docs/optimal.md has the proofs. All are of layers whose
loops are lengthened to what the unrolling divides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.cycle_sums import Mixture, Sums, least_of, sums_of
from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.joint_bound import JointBound
from onnx2zz.zigzag.layer import mapped_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName, objective
from onnx2zz.zigzag.search import NotCoveredError
from onnx2zz.zigzag.search.border import Border
from onnx2zz.zigzag.search.border_costs import Asked
from onnx2zz.zigzag.search.chain import Cost, Placed, cheapest
from onnx2zz.zigzag.search.crossings import Crossings
from onnx2zz.zigzag.search.innermost import by_innermost
from onnx2zz.zigzag.search.lattice import ALWAYS, Ladder, prime_ladders, short_ladders
from onnx2zz.zigzag.search.least_loads import first_tiles, last_tile
from onnx2zz.zigzag.search.realised import Factor, Lengthening, Realised, best_of_all, best_realised
from onnx2zz.zigzag.search.spread import ROUNDING, AtLeast, Candidates
from onnx2zz.zigzag.search.trimming import farthest, trimmed
from onnx2zz.zigzag.search.whole_unrolling import Ground, Lengthened, ground
from onnx2zz.zigzag.unrolling import Unrolling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

TOGETHER = 1 << 17
"""Candidates times places of the lattice that are looked at together: 1 MB an array."""
SAMPLED = 4
"""Candidates of which all sums are looked at, to know which ones decide."""
MIXTURES = 2
"""Weights that are kept."""
LOW = 2
"""Borders of each operand that are low."""
CALLS = 1 << 14
"""Places that take as long as numpy's calls for one more array."""


class UnrollingBounds:
    """Of a layer on an accelerator. `mapping_entry`: memory operand links; its unrolling and order are not used.

    Raises NotCoveredError where only ZigZag's own search has ZigZag's numbers, PricingError where ZigZag raises.
    """

    def __init__(
        self, entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator, options: PriceOptions
    ):
        kind = TemporalMappingType(options.temporal_mapping_type)
        self.ground = _ground(entry, mapping_entry, accelerator, kind)
        asked = objective(options.opt)
        self.opt: ObjectiveName = options.opt
        # A bound for both costs twice as much as for one of them.
        self.energy, self.cycles = not asked.is_latency, not asked.is_energy
        # Weights that proved one candidate dear often prove many so: they are tried on all that come later.
        self.mixtures: list[Mixture] = []

    def by_innermost(self, given: Candidates) -> AtLeast:
        """The first bound."""
        crossings = Crossings(self.ground, given, short_ladders(_steps(given)))
        found = by_innermost(crossings, Asked(energy=self.energy, cycles=self.cycles))
        return self._whole(crossings, found.energy, found.cycles)

    def by_chain(self, given: Candidates, *, low: bool) -> AtLeast:
        """The second bound (`low`), or the third."""
        energy, cycles = np.zeros(len(given.sizes)), np.zeros(len(given.sizes))
        every, levels = self._crossings(given, greedy=self.cycles or not low), LOW if low else None
        far = farthest(every, levels)
        sums = self._deciding(given, low) if self.cycles and len(given.sizes) > SAMPLED else None
        for rows in _together(_kinds(every, far), (len(sums) if sums else 1) + len(self.mixtures)):
            few = self._crossings(given.rows(rows), greedy=every.greedy)
            # The axes that these need are the first of those that all need, loop by loop.
            axes = [every.axes.index(axis) for axis in few.axes]
            found = self._by_chain(trimmed(few, far[axes][:, rows]), low, sums)
            energy[rows], cycles[rows] = found.energy, found.cycles
        return AtLeast(energy, cycles)

    def _by_chain(self, crossings: Crossings, low: bool, sums: Sums | None) -> AtLeast:
        energy, cycles, one = np.zeros(1), np.zeros(1), np.ones(len(crossings.iterations))
        rest, borders = _borders(crossings, low, energy=self.energy, cycles=self.cycles)
        if self.energy:
            costs = [[Cost(one.view, one.energy, one.goes_on) for one in levels] for levels in borders]
            energy = (crossings.mac_energy + rest + cheapest(costs, crossings.shape)) * ROUNDING
        if self.cycles:
            sums = [*(sums if sums is not None else sums_of(crossings, borders)), *self.mixtures]
            cycles = least_of(sums, borders, crossings).max(axis=0) * ROUNDING
        return AtLeast(energy * one, cycles * one)

    def _deciding(self, given: Candidates, low: bool) -> Sums:
        """The sums that decide how many cycles some of the candidates take: they are as many as ports times inputs, and
        to look at all of them for each candidate takes as many times longer."""
        rows = np.linspace(0, len(given.sizes) - 1, min(len(given.sizes), SAMPLED)).astype(int)
        crossings = self._lattice(given.rows(rows), LOW if low else None)
        borders = _borders(crossings, low, energy=False, cycles=True)[1]
        sums = sums_of(crossings, borders)
        dearest: set[int] = set(least_of(sums, borders, crossings).argmax(axis=0).tolist())
        return [sums[place] for place in sorted(dearest)]

    def _whole(self, crossings: Crossings, energy: Floats, cycles: Floats) -> AtLeast:
        one = np.ones(len(crossings.iterations))
        # What comes before and after the computation: of the smallest tiles.
        cycles = cycles + crossings.spread.drain + first_tiles(crossings.spread) + last_tile(crossings.spread)
        return AtLeast(
            energy * ROUNDING * one if self.energy else one * 0, cycles * ROUNDING * one if self.cycles else one * 0
        )

    def lengthening(self, given: Candidates, unrolling: Unrolling, sizes: Lengthened, floor: float) -> Lengthening:
        """One candidate as its orderings are priced."""
        return Lengthening(unrolling, sizes, _factors(prime_ladders(_steps(given))), floor)

    def _crossings(self, given: Candidates, *, greedy: bool = True) -> Crossings:
        return Crossings(self.ground, given, prime_ladders(_steps(given)), greedy=greedy)

    def _lattice(self, given: Candidates, levels: int | None = None) -> Crossings:
        crossings = self._crossings(given)
        return trimmed(crossings, farthest(crossings, levels))

    def joint(self, given: Candidates, *, every_place: bool = False) -> JointBound:
        """What chains can tell of one candidate. `every_place`: also of places where the cheapest chain is not."""
        crossings = self._crossings(given) if every_place else self._lattice(given)
        _, borders = _borders(crossings, low=False, energy=True, cycles=self.cycles)
        return JointBound(crossings, borders, sums_of(crossings, borders) if self.cycles else (), self.mixtures)

    def realised(self, joint: JointBound, one: Lengthening, known: int = 0) -> Realised | None:
        """The best ordering that follows the chains of one candidate, but for so many that are known; None where none
        of them fits."""
        chains = [_counted(chain, joint.crossings) for chain in list(joint.chains)[known:]]
        return best_realised(self.ground, one, chains, self.opt) if chains else None

    def all_realised(self, one: Lengthening) -> Realised | None:
        """The best of all orderings."""
        return best_of_all(self.ground, one, self.opt)

    def jointly(self, joint: JointBound, one: Lengthening) -> float:
        """What the objective of one candidate is at least where costs compete; more chains are known then."""
        # The roofline knows the traffic of whole tensors at the highest port, which is at times more than the chains
        # do.
        cycles = max(joint.cycles() * ROUNDING, one.floor)
        if joint.dearest is not None and joint.dearest not in self.mixtures:
            self.mixtures = [*self.mixtures, joint.dearest][-MIXTURES:]
        if not self.energy:
            return cycles
        energy = min(spent for spent, _ in joint.chains.values()) * ROUNDING
        return joint.energy_times_cycles(energy, cycles) * ROUNDING

    def candidates(
        self,
        factors: NDArray[np.int64],
        loops: Sequence[str],
        sizes: NDArray[np.int64],
        axes: dict[str, NDArray[np.int64]],
    ) -> Candidates:
        """Unrollings (C, array dims, loops) of lengthened loops (C, loops), of a part of the layer's loops."""
        places = [self.dims.index(loop) for loop in loops]
        wide = np.ones((*factors.shape[:2], len(self.dims)), dtype=np.int64)
        wide[:, :, places] = factors
        lengths = np.ones((len(factors), len(self.dims)), dtype=np.int64)
        lengths[:, places] = sizes
        return Candidates(wide, lengths, axes)

    @cached_property
    def dims(self) -> tuple[str, ...]:
        return self.ground.dims


def _ground(
    entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator, kind: TemporalMappingType
) -> Ground:
    try:
        return ground(accelerator, mapped_layer(entry, mapping_entry), kind, None)
    # It is no failure of ZigZag's, and who asks does something else then.
    except NotCoveredError:
        raise
    except Exception as error:  # ZigZag raises anything
        raise PricingError(sentence(error)) from error


def _steps(given: Candidates) -> NDArray[np.int64]:
    return given.sizes // given.factors.prod(axis=1)


def _borders(crossings: Crossings, low: bool, *, energy: bool, cycles: bool) -> tuple[Floats, list[list[Border]]]:
    """pJ of the borders that are not on the chain, and those that are, per operand."""
    rest: Floats = np.zeros(1)
    found: list[list[Border]] = []
    for op, operand in enumerate(crossings.operands):
        found.append([])
        for level in range(len(operand.levels)):
            if not low or level < LOW:
                found[op].append(
                    crossings.border(op, level, crossings.everywhere(), Asked(energy, cycles, loads=cycles))
                )
            elif energy:
                everything = (ALWAYS,) * len(crossings.ladders)
                # With all loops below it a border is crossed once, which is the least. `anyway`: whether so large a
                # tile fits is of no matter to a bound from below.
                once = crossings.border(op, level, everything, Asked(energy=True), anyway=True)
                rest = rest + once.energy.reshape(-1)
    return rest, found


def _counted(chain: tuple[Placed, ...], crossings: Crossings) -> tuple[Placed, ...]:
    """The same with how often each prime factor lies below, for places on the lattice of one candidate."""
    return tuple(
        replace(
            one, below=tuple(ladder.counts[place] for ladder, place in zip(crossings.ladders, one.below, strict=True))
        )
        for one in chain
    )


def _factors(ladders: Sequence[Ladder]) -> list[Factor]:
    """Of one candidate."""
    found: list[Factor] = []
    for ladder in ladders:
        times = int((~ladder.complete).sum())
        found.append(Factor(ladder.dim, int(ladder.below[1, 0]) if times else 1, times))
    return found


def _kinds(crossings: Crossings, far: Ints) -> list[tuple[int, ...]]:
    """Of each candidate, how long each axis of its lattice is."""
    times = np.array([(~ladder.complete).sum(axis=0) for ladder in crossings.ladders]).reshape(far.shape)
    lengths = np.where(far + 1 < times, far + 1, times) + 1
    return [tuple(one) for one in lengths.T.tolist()]


def _together(kinds: Sequence[tuple[int, ...]], sums: int) -> Iterator[Ints]:
    """Candidates by place whose lattices are nearly alike, as many at a time as `sums` of each lattice allow."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for row, kind in enumerate(kinds):
        alike.setdefault(kind, []).append(row)
    rows: list[int] = []
    common: tuple[int, ...] = ()
    # Sorted, neighbours share most of their axes. A group grows as long as the places that it must look at for nothing
    # cost less than numpy's calls for another group.
    for kind in sorted(alike):
        both = tuple(map(max, common, kind)) if rows else kind
        many = len(rows) + len(alike[kind])
        more = prod(both) * many - (prod(common) * len(rows) if rows else 0)
        if rows and more > CALLS + prod(kind) * len(alike[kind]):
            yield from _parts(rows, prod(common) * sums)
            rows, both = [], kind
        rows, common = [*rows, *alike[kind]], both
    yield from _parts(rows, prod(common) * sums)


def _parts(rows: list[int], places: int) -> Iterator[Ints]:
    # The lattice of one candidate may be larger than what is looked at together.
    at_once = max(1, TOGETHER // places)
    for first in range(0, len(rows), at_once):
        yield np.array(rows[first : first + at_once])
