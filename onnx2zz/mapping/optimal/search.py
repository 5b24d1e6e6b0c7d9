"""The best unrolling and loop ordering of a layer: bounds of all candidates, closer and closer, until none that is left
can be better than the best price.

Four bounds, each dearer than the one before: each tensor once (mapping/bound.py), by the innermost loop, by the chain
of the lowest borders, by the chain of all (zigzag/unrolling_bounds.py). The last is nearly always a price, too: an
ordering is written that follows the chain, and is priced.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.bound import Bounds, bounds, drain
from onnx2zz.mapping.chosen import Candidate
from onnx2zz.mapping.honest import honest_price
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.optimal.every_unrolling import every_unrolling
from onnx2zz.mapping.optimal.likeness import Alike, alike, kinds, mirror
from onnx2zz.mapping.padding import padded, padded_sizes
from onnx2zz.mapping.ranking import forbidden
from onnx2zz.mapping.space import Factors, Mask, Space
from onnx2zz.pricing.certificate import Certificate, gap_of
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.joint_bound import JointBound
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.search.realised import Lengthening, Realised, how_many_of_all
from onnx2zz.zigzag.search.spread import ROUNDING, AtLeast, Candidates
from onnx2zz.zigzag.spatial import limits, stays_as_it_is
from onnx2zz.zigzag.unrolling import Unrolling, totals
from onnx2zz.zigzag.unrolling_bounds import UnrollingBounds
from onnx2zz.zigzag.unrolling_prices import UnrollingPrices, lengthened_sizes

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CLOSED = 1 - 2**-38
"""A bound that is below a price by less than this share is no lower: bounds are rounded down by 2^-40."""
LOOSE = 1.02
"""How much dearer weights must prove a candidate for the others to be bounded by them, too."""
FOLLOWED = 4
"""Candidates that are followed through to a price if they can be better by a tenth of the gap."""
EVERY = 20_000
"""Orderings of a candidate that are all priced, where its bound is not reached."""
ONCE, INNERMOST, LOW_CHAIN, CHAIN, PRICED, RULED_OUT = range(6)
"""What is known of a candidate."""
AT_ONCE = {ONCE: 1 << 14, INNERMOST: 256, LOW_CHAIN: 32, CHAIN: 1}
"""How many candidates of each kind are looked at together, the most promising first."""


@dataclass(frozen=True)
class Found:
    """The best candidate (None: nothing fits), the best of the others that have a price, and the certificate."""

    best: Candidate | None
    others: tuple[Candidate, ...]
    certificate: Certificate
    enumerated: int


@dataclass(frozen=True)
class Near:
    """After so many prices the search also ends when no candidate can be better by more than this share."""

    prices: int
    gap: float


@dataclass
class OptimalSearch:
    """Of a layer. `given`: candidates with an honest price, which the best is never worse than. `gap`: the search ends
    when no candidate can be better by more than this share; `budget`: prices that it may take, None without a limit;
    `near`: when a gap is wider, and yet enough.

    Raises PricingError or NotCoveredError where the layer cannot be bounded.
    """

    entry: WorkloadEntry
    mapping_entry: MappingEntry
    space: Space
    terms: ChoiceTerms
    given: Sequence[Candidate]
    gap: float = 0.0
    budget: int | None = None
    near: Near | None = None
    priced: list[Candidate] = field(default_factory=list[Candidate])
    followed: int = 0

    def __post_init__(self) -> None:
        self.priced = list(self.given)

    @cached_property
    def bounds(self) -> UnrollingBounds:
        return UnrollingBounds(self.entry, self.mapping_entry, self.terms.accelerator, self.terms.options)

    @cached_property
    def prices(self) -> UnrollingPrices:
        return UnrollingPrices(self.entry, self.mapping_entry, self.terms.accelerator, self.terms.options)

    @cached_property
    def _every(self) -> tuple[Factors, str]:
        most = limits(self.entry, self.mapping_entry, self.terms.accelerator)
        return every_unrolling(self.space, most, self._forbidden)

    @cached_property
    def alike(self) -> Alike:
        every, hierarchy = self._every[0], self.terms.hierarchy
        drained = drain(every, self.space, hierarchy)
        return alike(every, drained, kinds(self.space, hierarchy), mirror(self.entry, self.space))

    @cached_property
    def found(self) -> Factors:
        """The candidates, the best of those that cost the same but for the drain."""
        return self.alike.one_of_each

    def _forbidden(self, found: Factors) -> Mask:
        return forbidden(found, self.space, self.terms.hierarchy, self.terms.wires)

    @cached_property
    def known(self) -> NDArray[np.int8]:
        return np.full(len(self.found), ONCE, dtype=np.int8)

    @cached_property
    def _once(self) -> Bounds:
        return bounds(self.found, self.space, self.terms.hierarchy)

    @cached_property
    def least(self) -> Floats:
        """What the objective of each candidate is at least."""
        return self._value(self._once.energy, np.maximum(self._once.cycles, self.floor)) * ROUNDING

    @cached_property
    def likely(self) -> Floats:
        """Cycles of each candidate as the closest bound has them, below the floor, too: many are at the floor
        if all goes well, and this says which ones are likely to be. Of equals those that need less energy."""
        energy = self._once.energy
        return self._once.cycles * (1 + 1e-6 * energy / energy.max(initial=1.0))

    @cached_property
    def floor(self) -> float:
        return roofline(self.entry, self.mapping_entry, self.terms.hardware).cycles

    def _value(self, energy: Floats, cycles: Floats) -> Floats:
        return objective(self.terms.options.opt).value(energy, cycles)

    def _price(self, candidate: Candidate) -> float:
        assert candidate.energy_pj is not None and candidate.latency_cycles is not None
        return objective(self.terms.options.opt).value(candidate.energy_pj, candidate.latency_cycles)

    @property
    def best(self) -> Candidate | None:
        return min(self.priced, key=self._merit, default=None)

    def _merit(self, candidate: Candidate) -> tuple[float, ...]:
        """The objective, then the other cost."""
        return self._price(candidate), candidate.latency_cycles or 0.0, candidate.energy_pj or 0.0

    @property
    def enough(self) -> float:
        """A candidate whose bound is not below this need not be looked at."""
        best = self.best
        if best is None:
            return np.inf
        # What is followed through first may be better by less than the gap, and then it is taken.
        gap = self.gap if self.followed >= FOLLOWED else self.gap / 10
        # A bound at price / (1 + gap) is a gap of just that much.
        return self._price(best) * CLOSED / (1 + gap)

    def run(self) -> Found:
        """The search."""
        for rows in self._batches():
            self._look_at(rows)
            self._carry_on(rows)
        best = self.best
        others = tuple(sorted((one for one in self.priced if one is not best), key=self._merit))
        return Found(best, others, self._certificate(), len(self.known))

    def _batches(self) -> Iterator[Ints]:
        """Candidates of which equally much is known, those with the least bounds, until none can be better by more than
        the gap."""
        while not self._spent():
            open_ones = np.flatnonzero((self.known < PRICED) & (self.least < self.enough))
            if not len(open_ones):
                return
            first = self._lowest(open_ones, 1)[0]
            if self._near_enough():
                return
            # One stage at a time: bounds of many are computed in one array, and each stage needs another lattice.
            alike = open_ones[self.known[open_ones] == self.known[first]]
            yield self._lowest(alike, AT_ONCE[int(self.known[first])])

    def _spent(self) -> bool:
        return self.budget is not None and self._prices >= self.budget

    @property
    def _prices(self) -> int:
        return len(self.priced) - len(self.given)

    def _near_enough(self) -> bool:
        """Whether many prices did not close a gap that is small: more seldom do."""
        if self.near is None or self._prices < self.near.prices:
            return False
        gap = self._certificate().gap
        return gap is not None and gap <= self.near.gap

    def _lowest(self, rows: Ints, count: int) -> Ints:
        """The most promising."""
        least = self.least[rows]
        if len(rows) > count:
            # Those that are no worse than the last one that is asked for, which may be more; a whole sort takes longer.
            rows = rows[least <= np.partition(least, count - 1)[count - 1]]
        return rows[np.lexsort((self.likely[rows], self.least[rows]))][:count]

    def _carry_on(self, rows: Ints) -> None:
        """Prices the most promising of some candidates, so that the others are compared with a good price."""
        # A dear bound for all would be wasted on those that one good price rules out. So after each batch the best of
        # it is followed through, and everything behind it is compared with that price.
        while (self.known[rows] < PRICED).all() and not self._spent():
            first = self._lowest(rows, 1)[0]
            if self.least[first] >= self.enough:
                return
            rows = np.array([first])
            # Alone it is as quickly priced as bounded.
            self.known[rows] = CHAIN
            self._look_at(rows)

    def _look_at(self, rows: Ints) -> None:
        """The next bound of each, or its price."""
        stage = int(self.known[rows[0]])
        if stage == CHAIN:
            for row in rows.tolist():
                self.known[row] = PRICED
                self.followed += 1
                self._enter(row)
        else:
            # None of them is always the higher one: the first knows what whole tensors cost at every memory, a chain
            # what the borders close to the array do.
            self._raise(rows, self._next_bound(rows, stage))
            self.known[rows] = stage + 1

    def _raise(self, rows: Ints, found: AtLeast) -> None:
        self.least[rows] = np.maximum(self.least[rows], self._value(found.energy, np.maximum(found.cycles, self.floor)))
        self.likely[rows] = np.maximum(self.likely[rows], found.cycles)

    def _next_bound(self, rows: Ints, stage: int) -> AtLeast:
        given = self._lengthened(self.found[rows])
        if stage == ONCE:
            return self.bounds.by_innermost(given)
        return self.bounds.by_chain(given, low=stage == INNERMOST)

    def _lengthened(self, factors: Factors) -> Candidates:
        """Candidates with the loops that they divide."""
        sizes, axes = padded_sizes(self.entry, self.space.loops, factors.prod(axis=1))
        return self.bounds.candidates(factors, self.space.loops, sizes, axes)

    def _enter(self, row: int) -> None:
        """The price of a candidate, or of the next best of its group where ZigZag would change it."""
        for factors in self.alike.group_of(row):
            if self._stays(factors):
                found = self._priced(row, factors)
                self.priced += [found] if found is not None else []
                return
        # ZigZag changes each one of the group, so that none of them is in the space: nothing is left to prove about it.
        self.least[row] = np.inf

    def _priced(self, row: int, factors: Factors) -> Candidate | None:
        """The best price that is found for a candidate; its bound rises where that is not as good as the bound."""
        unrolling = self.space.unrolling(factors)
        if self.mapping_entry.temporal_ordering:
            return self._tried(unrolling)  # no chain knows of the mapping file's order
        if self.space.unrolled_all(unrolling):
            found = self._tried(unrolling)
            # There is one ordering, the empty one, and its price is the least.
            self.least[row] = np.inf if found is None else self._price(found)
            return found
        one = self._lengthening(factors)
        joint = self.bounds.joint(self._lengthened(factors[None]))
        self._raise(np.array([row]), joint.begin())
        if self.least[row] >= self.enough:
            self.known[row] = RULED_OUT
            return None
        found = self._as_candidate(one, self.bounds.realised(joint, one))
        # The chain was a guess. Only where its price reaches the bound is nothing better possible.
        if self._is_least(found, row):
            return found
        if how_many_of_all(one.factors) <= EVERY:
            found = self._as_candidate(one, self.bounds.all_realised(one))
            # All orderings were priced, so the least price is the bound; where none fits the candidate is out.
            self.least[row] = np.inf if found is None else self._price(found)
            return found
        known = len(joint.chains)
        # Energies of borders add up and one chain has the least of all; cycles are a maximum over ports, and EDP a
        # product.
        if not objective(self.terms.options.opt).is_energy:
            self._raise_jointly(row, joint, one)
            if self.least[row] >= self.enough:
                self.known[row] = RULED_OUT
                return None
        options = [found, *(self._tried(self.space.unrolling(one)) for one in self._mirrored(row, factors))]
        options.append(self._as_candidate(one, self.bounds.realised(joint, one, known)))
        return min((option for option in options if option), key=self._merit, default=None)

    def _raise_jointly(self, row: int, joint: JointBound, one: Lengthening) -> None:
        alone = self.least[row]
        self.least[row] = max(alone, self.bounds.jointly(joint, one))
        # Where costs compete so much the bounds of others are as loose: they are asked for once more, with the weights
        # that are known now.
        if self.least[row] > alone * LOOSE:
            self.known[self.known == CHAIN] = LOW_CHAIN

    def _mirrored(self, row: int, factors: Factors) -> Iterator[Factors]:
        """A candidate and its mirror image: the same orderings are possible, but LOMA tries others of them."""
        yield factors
        for other in self.alike.group_of(row):
            if (other.prod(axis=0) != factors.prod(axis=0)).any() and self._stays(other):
                yield other
                return

    def _stays(self, factors: Factors) -> bool:
        unrolling = self.space.unrolling(factors)
        return stays_as_it_is(self.entry, self.mapping_entry, unrolling, self.terms.accelerator)

    def _is_least(self, found: Candidate | None, row: int) -> bool:
        return found is not None and self._price(found) * CLOSED <= self.least[row]

    def _lengthening(self, factors: Factors) -> Lengthening:
        unrolling = self.space.unrolling(factors)
        lengthened = padded(self.entry, totals(unrolling))
        floor = roofline(lengthened, self.mapping_entry, self.terms.hardware).cycles
        return self.bounds.lengthening(self._lengthened(factors[None]), unrolling, lengthened_sizes(lengthened), floor)

    def _as_candidate(self, one: Lengthening, found: Realised | None) -> Candidate | None:
        if found is None:
            return None
        ordering = tuple((str(dim), size) for dim, size in found.ordering)
        latency, below = max(found.latency, one.floor), found.latency < one.floor
        return Candidate(one.unrolling, "optimal", found.energy, latency, below, ordering=ordering)

    def _tried(self, unrolling: Unrolling) -> Candidate | None:
        """The best of the orderings that LOMA tries."""
        try:
            # Without a loop in time there is one ordering, so that even ZigZag's own search is quick.
            patiently = self.space.unrolled_all(unrolling)
            found = honest_price(self.prices, unrolling, self.terms.hardware, patiently=patiently)
        except PricingError:
            return None
        below = found.zigzags_cycles < found.latency_cycles
        return Candidate(unrolling, "optimal", found.energy_pj, found.latency_cycles, below)

    def _certificate(self) -> Certificate:
        best = self.best
        price = np.inf if best is None else self._price(best)
        # Also those that were priced: where their bound stayed below their price, a better ordering may exist.
        left = self.least < price * CLOSED
        # The price itself is a bound where nothing is left below it.
        bound = float(min(self.least[left].min(initial=np.inf), price))
        bounded = int((~left & (self.known != PRICED)).sum())
        gap, opt = gap_of(price, bound), self.terms.options.opt
        return Certificate(opt, price, bound, gap, len(self.priced), bounded, int(left.sum()), self._space)

    @property
    def _space(self) -> str:
        wires = "wires as declared" if self.terms.wires is not None else "any wires"
        return f"{self._every[1]} ({len(self.found):,} that differ), {wires}, every loop ordering and cut"
