"""What a layer costs at least under many unrollings, whatever the loop ordering and the cuts, and orderings that cost
as much.

Three bounds, each dearer than the one before and, for energy, closer: by the innermost loop, by the chain of the
borders of the two lowest levels, by the chain of all borders. docs/optimal.md has the proofs. All are of layers whose
loops are lengthened to what the unrolling divides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.joint_bound import JointBound
from onnx2zz.zigzag.layer import mapped_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName, objective
from onnx2zz.zigzag.search import NotCoveredError
from onnx2zz.zigzag.search.chain import Cost, cheapest, cheapest_chain
from onnx2zz.zigzag.search.crossings import ALWAYS, Crossings, factored, prime_ladders, short_ladders
from onnx2zz.zigzag.search.innermost import by_innermost
from onnx2zz.zigzag.search.least_loads import first_tiles, last_tile
from onnx2zz.zigzag.search.realised import Factor, Lengthening, Realised, best_of_all, best_realised
from onnx2zz.zigzag.search.spread import ROUNDING, Candidates, Spread
from onnx2zz.zigzag.search.whole_unrolling import Ground, Lengthened, ground
from onnx2zz.zigzag.unrolling import Unrolling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

TOGETHER = 1 << 17
"""Candidates times places of the lattice that are looked at together: 1 MB an array."""
PADDED = 1.6
"""How many times more places than its own a candidate may be given, so that more are looked at together."""


@dataclass(frozen=True)
class AtLeast:
    """(C,) each: pJ and cycles, rounded down; 0 for what was not asked for."""

    energy: Floats
    cycles: Floats


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

    def by_innermost(self, given: Candidates) -> AtLeast:
        """The first bound."""
        crossings = Crossings(self.ground, given, short_ladders(_steps(given)))
        found = by_innermost(crossings, energy=self.energy, cycles=self.cycles)
        return self._whole(crossings, found.energy, found.cycles)

    def by_chain(self, given: Candidates, *, low: bool) -> AtLeast:
        """The second bound (`low`), or the third."""
        energy, cycles = np.zeros(len(given.sizes)), np.zeros(len(given.sizes))
        for rows in _together(_steps(given)):
            few = given.rows(rows)
            found = self._by_chain(Crossings(self.ground, few, prime_ladders(_steps(few))), low)
            energy[rows], cycles[rows] = found.energy, found.cycles
        return AtLeast(energy, cycles)

    def _by_chain(self, crossings: Crossings, low: bool) -> AtLeast:
        energy, cycles = np.zeros(1), crossings.iterations
        if self.energy:
            rest, costs = _energies(crossings, low)
            energy = crossings.mac_energy + rest + cheapest(costs, crossings.shape)
        for port in _binding(crossings) if self.cycles else ():
            cycles = np.maximum(cycles, cheapest(_port_costs(crossings, port, low), crossings.shape))
        return self._whole(crossings, energy, cycles)

    def _whole(self, crossings: Crossings, energy: Floats, cycles: Floats) -> AtLeast:
        one = np.ones(len(crossings.iterations))
        # What comes before and after the computation is the same for all orderings, and no chain knows of it.
        if self.cycles:
            cycles = cycles + _around(crossings.spread)
        return AtLeast(
            energy * ROUNDING * one if self.energy else one * 0, cycles * ROUNDING * one if self.cycles else one * 0
        )

    def lengthening(self, given: Candidates, unrolling: Unrolling, sizes: Lengthened, floor: float) -> Lengthening:
        """One candidate as its orderings are priced."""
        return Lengthening(unrolling, sizes, _factors(self._one(given)), floor)

    def _one(self, given: Candidates) -> Crossings:
        return Crossings(self.ground, given, prime_ladders(_steps(given)))

    def realised(self, given: Candidates, one: Lengthening) -> Realised | None:
        """The best ordering that follows the cheapest chains of one candidate, for energy and for the ports that may
        bind (little energy is little traffic, and so a good guess for cycles); None where none of them fits."""
        crossings = self._one(given)
        # Chains are guesses here, and each is one ordering or a few to price: so one for each quantity that may decide.
        chains = [cheapest_chain(_energies(crossings, low=False)[1], crossings.shape)]
        for port in _binding(crossings) if self.cycles else ():
            chains.append(cheapest_chain(_port_costs(crossings, port, low=False), crossings.shape))
        return best_realised(self.ground, one, chains, self.opt)

    def all_realised(self, one: Lengthening) -> Realised | None:
        """The best of all orderings."""
        return best_of_all(self.ground, one, self.opt)

    def jointly(self, given: Candidates, one: Lengthening) -> tuple[float, Realised | None]:
        """What the objective of one candidate is at least where costs compete, and the best ordering that was met on
        the way."""
        crossings = self._one(given)
        beyond = _around(crossings.spread).item()
        joint = JointBound(crossings, _binding(crossings), beyond)
        # The roofline knows the traffic of whole tensors at the highest port, which is at times more than the chains
        # do.
        cycles = max(joint.cycles() * ROUNDING, one.floor)
        least = cycles
        if self.energy:
            energy = self.by_chain(given, low=False).energy.item()
            least = joint.energy_times_cycles(energy, cycles) * ROUNDING
        return least, best_realised(self.ground, one, list(joint.chains), self.opt)

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


def _around(spread: Spread) -> Floats:
    """(C,): cycles before and after the computation at least."""
    return spread.drain + first_tiles(spread) + last_tile(spread)


def _steps(given: Candidates) -> NDArray[np.int64]:
    return given.sizes // given.factors.prod(axis=1)


def _energies(crossings: Crossings, low: bool) -> tuple[Floats, list[list[Cost]]]:
    """pJ of the borders that are not on the chain, and of those that are."""
    rest: Floats = np.zeros(1)
    costs: list[list[Cost]] = []
    for op, operand in enumerate(crossings.operands):
        costs.append([])
        for level in range(len(operand.levels)):
            if low and level > 1:
                everything = (ALWAYS,) * len(crossings.ladders)
                # With all loops below it a border is crossed once, which is the least. `anyway`: whether so large a
                # tile fits is of no matter to a bound from below.
                once = crossings.border(op, level, everything, energy=True, cycles=False, anyway=True)
                rest = rest + once.energy.reshape(-1)
            else:
                border = crossings.border(op, level, crossings.everywhere(), energy=True, cycles=False)
                costs[op].append(Cost(border.view, border.energy))
    return rest, costs


def _port_costs(crossings: Crossings, port: int, low: bool) -> list[list[Cost]]:
    """Cycles that the borders take of a port; borders far out may take none."""
    costs: list[list[Cost]] = []
    for op, operand in enumerate(crossings.operands):
        costs.append([])
        for level in range(min(len(operand.levels), 2) if low else len(operand.levels)):
            border = crossings.border(op, level, crossings.everywhere(), energy=False, cycles=True)
            # A border that this port does not serve costs nothing here, but its tile must fit all the same. With energy
            # not asked for, `energy` says just that: 0 where it fits, infinite elsewhere.
            costs[op].append(Cost(border.view, border.busy.get(port, border.energy)))
    return costs


def _binding(crossings: Crossings) -> list[int]:
    """The ports that may be busier than the array: with all borders below all loops, they are, for some candidate."""
    busy: dict[int, Floats] = {}
    for op, operand in enumerate(crossings.operands):
        for level in range(len(operand.levels)):
            border = crossings.border(op, level, crossings.nowhere(), energy=False, cycles=True, anyway=True)
            for port, taken in border.busy.items():
                busy[port] = busy.get(port, 0.0) + taken.reshape(-1)
    # A port that is idle part of the time even then cannot raise the bound above the iterations of the array.
    return [port for port, taken in busy.items() if (taken > crossings.iterations).any()]


def _factors(crossings: Crossings) -> list[Factor]:
    """Of one candidate."""
    found: list[Factor] = []
    for ladder in crossings.ladders:
        times = int((~ladder.complete).sum())
        found.append(Factor(ladder.dim, int(ladder.below[1, 0]) if times else 1, times))
    return found


def _together(steps: NDArray[np.int64]) -> Iterator[Ints]:
    """Candidates by place whose steps factor nearly alike, as many at a time as their lattice allows."""
    alike: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for row, sizes in enumerate(steps.tolist()):
        alike.setdefault(tuple(tuple(times for _, times in factored(size)) for size in sizes), []).append(row)
    rows: list[int] = []
    common: tuple[tuple[int, ...], ...] = ()
    own = 0
    # Sorted, neighbours share most of their axes. A group grows as long as the lattice that covers all of them is not
    # much larger than their own ones are together: numpy's calls cost more than some idle places.
    for kind in sorted(alike):
        both = _covering(common, kind) if rows else kind
        more = own + _places(kind) * len(alike[kind])
        if rows and _places(both) * (len(rows) + len(alike[kind])) > PADDED * more:
            yield from _parts(rows, _places(common))
            rows, both, more = [], kind, _places(kind) * len(alike[kind])
        rows, common, own = [*rows, *alike[kind]], both, more
    yield from _parts(rows, _places(common))


def _parts(rows: list[int], places: int) -> Iterator[Ints]:
    # The lattice of one candidate may be larger than what is looked at together.
    at_once = max(1, TOGETHER // places)
    for first in range(0, len(rows), at_once):
        yield np.array(rows[first : first + at_once])


def _covering(one: tuple[tuple[int, ...], ...], other: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(max(pair) for pair in zip((*a, *(0,) * len(b)), (*b, *(0,) * len(a)), strict=True) if max(pair))
        for a, b in zip(one, other, strict=True)
    )


def _places(kind: tuple[tuple[int, ...], ...]) -> int:
    return prod(times + 1 for loop in kind for times in loop)
