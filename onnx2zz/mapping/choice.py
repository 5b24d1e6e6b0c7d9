"""The choice for one layer: candidates in the order of their bounds, priced until none that is left can win.

What is compared is the honest price (honest.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import STEP, WorkloadEntry
from onnx2zz.mapping.bound import first_loads
from onnx2zz.mapping.chosen import Candidate, Choice, Origin
from onnx2zz.mapping.enumeration import accounted
from onnx2zz.mapping.honest import HonestPrice, honest_price
from onnx2zz.mapping.interconnect import Interconnect, lacks
from onnx2zz.mapping.padding import padded_sizes
from onnx2zz.mapping.ranking import Ranked, bounds_of, nothing, ranked
from onnx2zz.mapping.space import Factors, Space, read_space
from onnx2zz.pricing.request import BUDGET
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.hierarchy import BuiltHierarchy
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.unrolling import Unrolling, totals

if TYPE_CHECKING:
    from onnx2zz.zigzag.accelerator import Accelerator
    from onnx2zz.zigzag.unrolling_prices import UnrollingPrices

WORTH = 0.01
"""A candidate that could be better by less than this share is not priced any more."""
NONE_BETTER = f"no other can be better by {WORTH:.0%}"
EQUAL = 1e-9
"""A candidate whose bound is less than a price by less than this share cannot be better: bounds are rounded down."""
TRIED_FIRST = 2
"""Candidates that are priced as the simple bound ranks them; if they do not end the race, the others are looked at."""
LOOKED_AT = 16
"""Candidates that are looked at for each price that the budget allows: what all orderings cost them at least."""
CLEANER = 4
"""Candidates that are priced only to replace one that ZigZag prices below the roofline."""
RUNNERS_UP = 4
CHANGED = "ZigZag would change it, or take a step more"
Floats = NDArray[np.float64]
Bounded = tuple[float, Floats | None]
"""The least that an objective can be, and that of each ordering where it is known."""


@dataclass(frozen=True)
class ChoiceTerms:
    """What all layers of a choice have in common; `wires` None: whatever ZigZag accepts may be chosen. `explains`: what
    was given is priced however bad it is, since somebody reads what the choice was compared with."""

    accelerator: "Accelerator"
    hardware: ArrayAndPorts
    hierarchy: BuiltHierarchy
    wires: Interconnect | None
    options: PriceOptions
    budget: int = BUDGET
    explains: bool = True


def given_candidates(
    entry: WorkloadEntry, mapping_entry: MappingEntry, terms: ChoiceTerms
) -> tuple[Space, tuple[Candidate, ...]]:
    """What a layer's mapping is chosen from; what the mapping file and ZigZag's generator give, priced or refused."""
    contest = _Contest(entry, mapping_entry, replace(terms, explains=True))
    contest.enter_given()
    return contest.space, tuple(contest.seen.values())


def choose(entry: WorkloadEntry, mapping_entry: MappingEntry, terms: ChoiceTerms) -> Choice:
    """The best admissible unrolling of a layer. `mapping_entry` is the mapping file's word on it: its unrolling is one
    candidate, its memory operand links and its loop order hold for all."""
    return _Contest(entry, mapping_entry, terms).decided()


@dataclass
class _Contest:
    entry: WorkloadEntry
    mapping_entry: MappingEntry
    terms: ChoiceTerms
    seen: dict[Unrolling, Candidate] = field(default_factory=dict[Unrolling, Candidate])
    unconfirmed: dict[Unrolling, Floats | None] = field(default_factory=dict[Unrolling, "Floats | None"])
    postponed: dict[Unrolling, float] = field(default_factory=dict[Unrolling, float])
    tried: int = 0
    left: int = 0
    best: Candidate | None = None
    best_of: int = 0

    @cached_property
    def space(self) -> Space:
        return read_space(self.entry, self.mapping_entry, self.terms.hardware.array)

    @cached_property
    def prices(self) -> "UnrollingPrices":
        from onnx2zz.zigzag.unrolling_prices import UnrollingPrices

        return UnrollingPrices(self.entry, self.mapping_entry, self.terms.accelerator, self.terms.options)

    @property
    def _is_latency(self) -> bool:
        return objective(self.terms.options.opt).is_latency

    @cached_property
    def floor(self) -> float:
        return roofline(self.entry, self.mapping_entry, self.terms.hardware).cycles

    @property
    def priced(self) -> list[Candidate]:
        return [candidate for candidate in self.seen.values() if candidate.energy_pj is not None]

    def decided(self) -> Choice:
        self.enter_given()
        # Arrays that compute in memory have a cost model that the bounds know nothing of.
        over = self.terms.hardware.in_memory or self._at_the_floor()
        ours = nothing(self.space) if over else self._ranked()
        reason = self._race(ours)
        self._confirm()
        order = sorted(self.priced, key=self._merit)
        # What the user wrote and what ZigZag generates is told however bad it is: it is what the choice is compared
        # with.
        close, far = order[1 : 1 + RUNNERS_UP], order[1 + RUNNERS_UP :]
        given = [candidate for candidate in far if candidate.origin != "enumerated"]
        refused = [candidate for candidate in self.seen.values() if candidate.refused]
        others = (*close, *given, *refused[:RUNNERS_UP])
        return Choice(order[0] if order else None, others, len(order), len(ours), reason)

    def enter_given(self) -> None:
        """The mapping file's unrolling as ZigZag leaves it, then what ZigZag generates, where it may win."""
        own = self._zigzags(self.mapping_entry)
        generated = replace(self.mapping_entry, spatial_mapping=None)
        # An entry without an unrolling is what ZigZag generates for: then both questions are one.
        others = self._zigzags(generated) if generated != self.mapping_entry else ()
        least = self._least_of_given((*own, *others))
        for unrolling in own:
            self._enter_or_postpone(unrolling, "mapping file", None, least)
        for unrolling, (bound, bounds) in zip(others, self._bounds_of(others), strict=True):
            # Asked last: it may take a price, which one that is known or refused does not need.
            if unrolling in self.seen or (unrolling in least and self._refusal(unrolling)):
                continue
            if self._beats(bound):
                self._enter_or_postpone(unrolling, "generated", bounds, least)

    def _least_of_given(self, given: Sequence[Unrolling]) -> Mapping[Unrolling, float]:
        """The least cycles of those that need no price before it may matter; empty where all get one."""
        # Of energy bounds know too little: what is given does not lose by so much that a price is spared.
        if self.terms.explains or not self._is_latency or self.terms.hardware.in_memory:
            return {}
        usual = [unrolling for unrolling in dict.fromkeys(given) if self._is_usual(unrolling)]
        return {unrolling: bound for unrolling, (bound, _) in zip(usual, self._bounds_of(usual), strict=True)}

    def _enter_or_postpone(
        self, unrolling: Unrolling, origin: Origin, bounds: Floats | None, least: Mapping[Unrolling, float]
    ) -> None:
        if unrolling not in least or unrolling in self.seen:
            self._enter(unrolling, origin, bounds)
            return
        refused = self._refusal(unrolling)
        # Its place among the candidates and in the budget is taken, as if it had its price.
        self.seen[unrolling] = Candidate(unrolling, origin, refused=refused)
        if not refused:
            self.tried += 1
            self.postponed[unrolling] = least[unrolling]

    def _settle(self) -> None:
        """Price what was postponed and may be as good as the leader."""
        while self.postponed:
            # The most promising first: its price may show that the others have lost.
            unrolling = min(self.postponed, key=lambda one: self.postponed[one])
            if self.leader is not None and self.postponed[unrolling] > self._objective(self.leader):
                return
            del self.postponed[unrolling]
            self.seen[unrolling] = self._with_price(self.seen[unrolling], None)
            self.best_of = 0

    def _beats(self, bound: float, share: float = 1.0) -> bool:
        """Whether a bound is less than this share of the leader's objective."""
        most = self._objective(self.leader) if self.leader is not None else np.inf
        # What is postponed may lead: no more than its bound is known, and often that is enough to say it.
        if bound < most * share and bound >= min(self.postponed.values(), default=np.inf) * share:
            self._settle()
            most = self._objective(self.leader) if self.leader is not None else np.inf
        return bound < most * share

    def _bounds_of(self, given: Sequence[Unrolling]) -> Sequence[Bounded]:
        """The least that the objective of each can be, and that of each of its orderings where that is known; strange
        loops are judged later."""
        usual = [unrolling for unrolling in given if self._is_usual(unrolling)]
        known: dict[Unrolling, Bounded] = {}
        if usual:
            factors = np.concatenate([self.space.factors(unrolling) for unrolling in usual])
            simple = bounds_of(factors, self.space, self.terms.hierarchy, self.floor, self.terms.options.opt)
            least = None if self._is_latency else self._least(factors)
            for place, unrolling in enumerate(usual):
                rows = least[place] if least else None
                known[unrolling] = max(simple[place], rows.min(initial=np.inf) if rows is not None else 0.0), rows
        return [known.get(unrolling, (0.0, None)) for unrolling in given]

    def _is_usual(self, unrolling: Unrolling) -> bool:
        """Whether the space has all its loops."""
        return set(totals(unrolling)) <= set(self.space.loops)

    def _zigzags(self, asked: MappingEntry) -> Sequence[Unrolling]:
        from onnx2zz.zigzag.spatial import unrollings

        try:
            return unrollings(self.entry, asked, self.terms.accelerator, self.terms.options)
        except PricingError:
            return ()

    def _at_the_floor(self) -> bool:
        """Whether no mapping at all can be better by a share that is worth a price."""
        return self._is_latency and not self._worth(self.floor) and not self._doubtful()

    @property
    def leader(self) -> Candidate | None:
        """The best so far; kept until another one has a price."""
        # `seen` only grows, but for `_confirm`, which resets the count: so its length says whether the leader is still
        # true.
        if self.best_of != len(self.seen):
            self.best, self.best_of = min(self.priced, key=self._merit, default=None), len(self.seen)
        return self.best

    def _worth(self, bound: float) -> bool:
        """Whether a candidate with this bound may be better than the leader by more than WORTH."""
        return self._beats(bound, 1 - WORTH)

    def _doubtful(self) -> bool:
        """Whether the leader divides a loop unevenly and ZigZag prices it below the roofline for it: one that divides
        evenly is then looked for, at the same cost."""
        self._settle()
        return self.leader is not None and self.leader.below_roofline and self._uneven(self.leader.unrolling) > 0

    def _race(self, ours: Ranked) -> str:
        """Price until no candidate is worth it; say why it ended."""
        if not len(ours):
            return NONE_BETTER
        looked = self._looked_at(ours)
        for row, bound, bounds in looked:
            # Not `_worth`: that ends the race where little is to be gained. This one passes over what cannot gain
            # anything, since the bounds do not come in rising order.
            if not self._beats(bound, 1 - EQUAL):
                continue
            if ours.unrolling(row) in self.seen:
                continue
            if self.tried >= self.terms.budget:
                return f"the budget of {self.terms.budget} prices is spent: a better one may be left"
            self._enter(ours.unrolling(row), "enumerated", bounds)
        self._look_for_cleaner(ours)
        # The first comparison spares the walk through thousands of candidates that were never going to be priced.
        if len(ours) <= self.terms.budget and all(ours.unrolling(row) in self.seen for row in range(len(ours))):
            return "all candidates are priced"
        if self.left and self._worth(float(ours.bounds[len(ours) - self.left])):
            return f"{LOOKED_AT * self.terms.budget} candidates are looked at: a better one may be left"
        return NONE_BETTER

    def _looked_at(self, ours: Ranked) -> Iterator[tuple[int, float, Floats | None]]:
        """The place of each candidate that may be worth a price, the least that its objective can be, and the same of
        each of its orderings where that is known."""
        # For cycles the simple bound is close and often ends the race after these; of energy it knows too little, so
        # that a leader which is there already is enough to begin with.
        first = TRIED_FIRST if self._is_latency or self.leader is None else 0
        for row in range(min(first, len(ours))):
            if not self._worth(float(ours.bounds[row])):
                return
            yield row, float(ours.bounds[row]), None
        self._settle()
        worth = self._objective(self.leader) * (1 - WORTH) if self.leader is not None else np.inf
        rest = first + np.flatnonzero(ours.bounds[first:] < worth)
        rows = rest[: LOOKED_AT * self.terms.budget]
        self.left = len(rest) - len(rows)
        if not len(rows):
            return
        known = self._least(ours.found[rows])
        least = np.maximum(ours.bounds[rows], [one.min(initial=np.inf) for one in known] if known else 0.0)
        # Of cycles the simple bound is close: where the budget lasts for all of them its order stands, and its end.
        simple = self._is_latency and len(rows) <= self.terms.budget - self.tried
        for place in range(len(rows)) if simple else self._in_turn(rows, least):
            if simple and not self._worth(float(ours.bounds[rows[place]])):
                return
            yield int(rows[place]), float(least[place]), known[place] if known else None

    def _in_turn(self, rows: NDArray[np.intp], least: Floats) -> Iterator[int]:
        """Places in the order of the bound that knows the memories; the last tenth of the budget goes first to those
        that the simple bound puts first, since either may be the better guess where both are below the leader."""
        order: list[int] = np.argsort(least, kind="stable").tolist()
        # The same place may come up to three times: who asks passes over what has been seen.
        for place in order:
            if self.tried >= self.terms.budget * 9 // 10:
                break
            yield place
        yield from (place for place in order if rows[place] < self.terms.budget)
        yield from order

    def _least(self, factors: Factors) -> list[Floats] | None:
        """What each ordering of these candidates costs at least; None where nothing is known."""
        sizes, axes = padded_sizes(self.entry, self.space.loops, factors.prod(axis=1))
        loads = first_loads(factors, self.space, self.terms.hierarchy)
        return self.prices.least(factors, self.space.loops, sizes, axes, loads)

    def _look_for_cleaner(self, ours: Ranked) -> None:
        """Price a few that may cost the same as a doubtful leader, and divide evenly."""
        for _ in range(CLEANER):
            self._settle()
            leader = self.leader
            if leader is None or not self._doubtful():
                return
            equal = np.flatnonzero((ours.bounds <= self._objective(leader)) & (ours.uneven == 0))
            unseen = next((row for row in equal.tolist() if ours.unrolling(row) not in self.seen), None)
            if unseen is None:
                return
            self._enter(ours.unrolling(unseen), "enumerated")

    def _confirm(self) -> None:
        """The best was priced in all its orderings, and stays as it is: else the next best is."""
        self._settle()
        while (leader := self.leader) is not None and leader.unrolling in self.unconfirmed:
            refused = self._objection(leader)
            if refused is None:
                return
            self.seen[leader.unrolling] = replace(leader, energy_pj=None, latency_cycles=None, refused=refused)
            # The number of candidates has not changed, only the leader's price is gone.
            self.best_of = 0
            self._settle()

    def _objection(self, candidate: Candidate) -> str | None:
        """Why a candidate that was priced may not be chosen after all."""
        from onnx2zz.zigzag.spatial import stays_as_it_is

        try:
            # With all orderings this time, unless it is sure that none of those that were left out for their bounds is
            # one for which only ZigZag's own search has a price.
            bounds = self.unconfirmed[candidate.unrolling]
            hardware = self.terms.hardware
            honest_price(self.prices, candidate.unrolling, hardware, patiently=False, bounds=bounds, surely=True)
        except PricingError as failure:
            return str(failure)
        given = (self.entry, self.mapping_entry, candidate.unrolling, self.terms.accelerator)
        return None if stays_as_it_is(*given) else CHANGED

    def _enter(self, unrolling: Unrolling, origin: Origin, bounds: Floats | None = None) -> None:
        if unrolling not in self.seen:
            self.seen[unrolling] = self._judged(Candidate(unrolling, origin), bounds)

    def _judged(self, candidate: Candidate, bounds: Floats | None) -> Candidate:
        refused = self._refusal(candidate.unrolling)
        if refused:
            return replace(candidate, refused=refused)
        # Refusals cost nothing; what counts against the budget is ZigZag's or our search, whatever it finds.
        self.tried += 1
        return self._with_price(candidate, bounds)

    def _with_price(self, candidate: Candidate, bounds: Floats | None) -> Candidate:
        from onnx2zz.zigzag.spatial import stays_as_it_is

        terms = self.terms
        given = (self.entry, self.mapping_entry, candidate.unrolling, terms.accelerator)
        try:
            # What the user wrote is priced at any cost. Of our own there are thousands, and ZigZag's search takes
            # seconds each.
            patiently = candidate.origin != "enumerated"
            honest = honest_price(self.prices, candidate.unrolling, terms.hardware, patiently=patiently, bounds=bounds)
            priced = replace(candidate, energy_pj=honest.energy_pj, latency_cycles=honest.latency_cycles)
            if bounds is not None:
                self.unconfirmed[candidate.unrolling] = bounds
            # It will not be chosen now. Whether ZigZag would change it is asked only if it comes to lead after all
            # (`_confirm`).
            if self.leader is not None and self._objective(priced) > self._objective(self.leader):
                self.unconfirmed[candidate.unrolling] = bounds
                return priced
            if not stays_as_it_is(*given):
                return replace(candidate, refused=CHANGED)
            return replace(priced, below_roofline=self._is_below_roofline(candidate.unrolling, honest))
        except PricingError as failure:
            return replace(candidate, refused=str(failure))

    def _is_below_roofline(self, unrolling: Unrolling, honest: HonestPrice) -> bool:
        """Whether ZigZag's own number is: of a padded layer that is another one."""
        if not honest.is_padded:
            return honest.zigzags_cycles < self.floor
        from onnx2zz.zigzag.spatial import prices_below

        terms = self.terms
        return prices_below(self.entry, self.mapping_entry, unrolling, terms.accelerator, terms.options, self.floor)

    def _refusal(self, unrolling: Unrolling) -> str | None:
        """Why an unrolling may not be chosen, though ZigZag would price it."""
        sizes = dict(zip(self.space.loops, self.space.sizes, strict=True))
        if STEP in totals(unrolling):
            return f"the steps of a recurrence ({STEP}) run one after the other"
        whole = accounted(self.space.factors(unrolling), self.space)[0]
        if not whole.all():
            loop = self.space.loops[int(whole.argmin())]
            return f"{loop} ({sizes[loop]}) does not divide over several array dims: cycles x units are not the MACs"
        if self.terms.wires is None:
            return None
        missing = lacks(self.space.factors(unrolling), self.space, self.terms.wires)
        return f"the accelerator declares no {next(iter(missing))}" if missing else None

    def _ranked(self) -> Ranked:
        from onnx2zz.zigzag.spatial import limits

        try:
            most = limits(self.entry, self.mapping_entry, self.terms.accelerator)
        except PricingError:
            return nothing(self.space)
        terms = self.terms
        return ranked(self.space, most, terms.hierarchy, terms.wires, self.floor, terms.options.opt)

    def _objective(self, candidate: Candidate) -> float:
        assert candidate.energy_pj is not None and candidate.latency_cycles is not None
        return objective(self.terms.options.opt).value(candidate.energy_pj, candidate.latency_cycles)

    def _merit(self, candidate: Candidate) -> tuple[float, ...]:
        """The objective; among equals what ZigZag prices above the roofline, whole divisors, then the other cost."""
        uneven = self._uneven(candidate.unrolling)
        return (
            self._objective(candidate),
            candidate.below_roofline,
            uneven,
            candidate.latency_cycles or 0,
            candidate.energy_pj or 0,
        )

    def _uneven(self, unrolling: Unrolling) -> int:
        """How many loops are not divided evenly."""
        sizes = dict(zip(self.space.loops, self.space.sizes, strict=True))
        return sum(sizes[loop] % total > 0 for loop, total in totals(unrolling).items())
