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
from onnx2zz.mapping.bound import bounds, drain
from onnx2zz.mapping.choice import ChoiceTerms
from onnx2zz.mapping.chosen import Candidate
from onnx2zz.mapping.honest import honest_price
from onnx2zz.mapping.optimal.every_unrolling import every_unrolling
from onnx2zz.mapping.optimal.likeness import Alike, alike, kinds, mirror
from onnx2zz.mapping.padding import padded, padded_sizes
from onnx2zz.mapping.ranking import forbidden
from onnx2zz.mapping.space import Factors, Mask, Space
from onnx2zz.pricing.certificate import Certificate, gap_of
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.search.realised import Lengthening, Realised, how_many_of_all
from onnx2zz.zigzag.search.spread import ROUNDING, Candidates
from onnx2zz.zigzag.spatial import limits, stays_as_it_is
from onnx2zz.zigzag.unrolling import Unrolling, totals
from onnx2zz.zigzag.unrolling_bounds import UnrollingBounds
from onnx2zz.zigzag.unrolling_prices import UnrollingPrices, lengthened_sizes

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CLOSED = 1 - 2**-38
"""A bound that is below a price by less than this share is no lower: bounds are rounded down by 2^-40."""
EVERY = 20_000
"""Orderings of a candidate that are all priced, where its bound is not reached."""
ONCE, INNERMOST, LOW_CHAIN, CHAIN, PRICED = range(5)
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


@dataclass
class OptimalSearch:
    """Of a layer. `given`: candidates with an honest price, which the best is never worse than. `gap`: the search ends
    when no candidate can be better by more than this share; `budget`: prices that it may take, None without a limit.

    Raises PricingError or NotCoveredError where the layer cannot be bounded.
    """

    entry: WorkloadEntry
    mapping_entry: MappingEntry
    space: Space
    terms: ChoiceTerms
    given: Sequence[Candidate]
    gap: float = 0.0
    budget: int | None = None
    priced: list[Candidate] = field(default_factory=list[Candidate])

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
    def least(self) -> Floats:
        """What the objective of each candidate is at least."""
        once = bounds(self.found, self.space, self.terms.hierarchy)
        return self._value(once.energy, np.maximum(once.cycles, self.floor)) * ROUNDING

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
        # A bound at price / (1 + gap) is a gap of just that much.
        return np.inf if best is None else self._price(best) * CLOSED / (1 + self.gap)

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
            first = open_ones[self.least[open_ones].argmin()]
            # One stage at a time: bounds of many are computed in one array, and each stage needs another lattice.
            alike = open_ones[self.known[open_ones] == self.known[first]]
            yield self._lowest(alike, AT_ONCE[int(self.known[first])])

    def _spent(self) -> bool:
        return self.budget is not None and len(self.priced) - len(self.given) >= self.budget

    def _lowest(self, rows: Ints, count: int) -> Ints:
        if len(rows) > count:
            rows = rows[np.argpartition(self.least[rows], count)[:count]]
        return rows[np.argsort(self.least[rows], kind="stable")]

    def _carry_on(self, rows: Ints) -> None:
        """Prices the most promising of some candidates, so that the others are compared with a good price."""
        # A dear bound for all would be wasted on those that one good price rules out. So after each batch the best of
        # it is followed through, and everything behind it is compared with that price.
        while (self.known[rows] < PRICED).all() and not self._spent():
            first = rows[self.least[rows].argmin()]
            if self.least[first] >= self.enough:
                return
            rows = np.array([first])
            self._look_at(rows)

    def _look_at(self, rows: Ints) -> None:
        """The next bound of each, or its price."""
        stage = int(self.known[rows[0]])
        if stage == CHAIN:
            for row in rows.tolist():
                self._enter(row)
        else:
            # None of them is always the higher one: the first knows what whole tensors cost at every memory, a chain
            # what the borders close to the array do.
            self.least[rows] = np.maximum(self.least[rows], self._next_bound(rows, stage))
        self.known[rows] = stage + 1

    def _next_bound(self, rows: Ints, stage: int) -> Floats:
        given = self._lengthened(self.found[rows])
        if stage == ONCE:
            found = self.bounds.by_innermost(given)
        else:
            found = self.bounds.by_chain(given, low=stage == INNERMOST)
        return self._value(found.energy, np.maximum(found.cycles, self.floor))

    def _lengthened(self, factors: Factors) -> Candidates:
        """Candidates with the loops that they divide."""
        sizes, axes = padded_sizes(self.entry, self.space.loops, factors.prod(axis=1))
        return self.bounds.candidates(factors, self.space.loops, sizes, axes)

    def _enter(self, row: int) -> None:
        """The price of a candidate, or of the next best of its group where ZigZag would change it."""
        for factors in self.alike.group_of(row):
            unrolling = self.space.unrolling(factors)
            if stays_as_it_is(self.entry, self.mapping_entry, unrolling, self.terms.accelerator):
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
        given, one = self._lengthened(factors[None]), self._lengthening(factors)
        found = self._as_candidate(one, self.bounds.realised(given, one))
        # The chain was a guess. Only where its price reaches the bound is nothing better possible.
        if self._is_least(found, row):
            return found
        if how_many_of_all(one.factors) <= EVERY:
            found = self._as_candidate(one, self.bounds.all_realised(one))
            # All orderings were priced, so the least price is the bound; where none fits the candidate is out.
            self.least[row] = np.inf if found is None else self._price(found)
            return found
        options = [found, self._tried(unrolling)]
        # Energies of borders add up and one chain has the least of all; cycles are a maximum over ports, and EDP a
        # product.
        if not objective(self.terms.options.opt).is_energy:
            least, met = self.bounds.jointly(given, one)
            self.least[row] = max(self.least[row], least)
            options.append(self._as_candidate(one, met))
        return min((option for option in options if option), key=self._merit, default=None)

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
        bounded = int((~left & (self.known < PRICED)).sum())
        gap, opt = gap_of(price, bound), self.terms.options.opt
        return Certificate(opt, price, bound, gap, len(self.priced), bounded, int(left.sum()), self._space)

    @property
    def _space(self) -> str:
        wires = "wires as declared" if self.terms.wires is not None else "any wires"
        return f"{self._every[1]} ({len(self.found):,} that differ), {wires}, every loop ordering and cut"
