"""The choice for one layer: candidates in the order of their bounds, priced until none that is left can win.

What is compared is the honest price (honest.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.chosen import Candidate, Choice, Origin
from onnx2zz.mapping.judge import ChoiceTerms, Floats, Judge
from onnx2zz.mapping.ranking import Ranked, nothing
from onnx2zz.mapping.space import Space
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.unrolling import Unrolling

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


def given_candidates(
    entry: WorkloadEntry, mapping_entry: MappingEntry, terms: ChoiceTerms
) -> tuple[Space, tuple[Candidate, ...]]:
    """What a layer's mapping is chosen from; what the mapping file and ZigZag's generator give, priced or refused."""
    contest = _Contest(Judge(entry, mapping_entry, replace(terms, explains=True)))
    contest.enter_given()
    return contest.judge.space, tuple(contest.seen.values())


def choose(entry: WorkloadEntry, mapping_entry: MappingEntry, terms: ChoiceTerms) -> Choice:
    """The best admissible unrolling of a layer. `mapping_entry` is the mapping file's word on it: its unrolling is one
    candidate, its memory operand links and its loop order hold for all."""
    return _Contest(Judge(entry, mapping_entry, terms)).decided()


@dataclass
class _Contest:
    """`seen`: all that are known, with a price, refused, or `postponed` with the least cycles that they can have;
    `unconfirmed`: those priced without all their orderings, with what these cost at least (None: with all, but not yet
    asked whether ZigZag keeps them). `tried`: prices of the budget that are spent; `left`: candidates worth a look
    beyond what is looked at. `best` of the first `best_of` that were seen."""

    judge: Judge
    seen: dict[Unrolling, Candidate] = field(default_factory=dict[Unrolling, Candidate])
    unconfirmed: dict[Unrolling, Floats | None] = field(default_factory=dict[Unrolling, "Floats | None"])
    postponed: dict[Unrolling, float] = field(default_factory=dict[Unrolling, float])
    tried: int = 0
    left: int = 0
    best: Candidate | None = None
    best_of: int = 0

    @property
    def priced(self) -> list[Candidate]:
        return [candidate for candidate in self.seen.values() if candidate.energy_pj is not None]

    def decided(self) -> Choice:
        self.enter_given()
        # Arrays that compute in memory have a cost model that the bounds know nothing of.
        over = self.judge.terms.hardware.in_memory or self._at_the_floor()
        ours = nothing(self.judge.space) if over else self.judge.ranked()
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
        own = self.judge.zigzags(self.judge.mapping_entry)
        generated = replace(self.judge.mapping_entry, spatial_mapping=None)
        # An entry without an unrolling is what ZigZag generates for: then both questions are one.
        others = self.judge.zigzags(generated) if generated != self.judge.mapping_entry else ()
        least = self._least_of_given((*own, *others))
        for unrolling in own:
            self._enter_or_postpone(unrolling, "mapping file", None, least)
        for unrolling, (bound, bounds) in zip(others, self.judge.bounds_of(others), strict=True):
            # Asked last: it may take a price, which one that is known or refused does not need.
            if unrolling in self.seen or (unrolling in least and self.judge.refusal(unrolling)):
                continue
            if self._beats(bound):
                self._enter_or_postpone(unrolling, "generated", bounds, least)

    def _least_of_given(self, given: Sequence[Unrolling]) -> Mapping[Unrolling, float]:
        """The least cycles of those that need no price before it may matter; empty where all get one."""
        # Of energy bounds know too little: what is given does not lose by so much that a price is spared.
        if self.judge.terms.explains or not self.judge.is_latency or self.judge.terms.hardware.in_memory:
            return {}
        usual = [unrolling for unrolling in dict.fromkeys(given) if self.judge.is_usual(unrolling)]
        return {unrolling: bound for unrolling, (bound, _) in zip(usual, self.judge.bounds_of(usual), strict=True)}

    def _enter_or_postpone(
        self, unrolling: Unrolling, origin: Origin, bounds: Floats | None, least: Mapping[Unrolling, float]
    ) -> None:
        if unrolling not in least or unrolling in self.seen:
            self._enter(unrolling, origin, bounds)
            return
        refused = self.judge.refusal(unrolling)
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
            if self.leader is not None and self.postponed[unrolling] > self.judge.cost(self.leader):
                return
            del self.postponed[unrolling]
            self.seen[unrolling] = self._with_price(self.seen[unrolling], None)
            self.best_of = 0

    def _beats(self, bound: float, share: float = 1.0) -> bool:
        """Whether a bound is less than this share of the leader's objective."""
        most = self.judge.cost(self.leader) if self.leader is not None else np.inf
        # What is postponed may lead: no more than its bound is known, and often that is enough to say it.
        if bound < most * share and bound >= min(self.postponed.values(), default=np.inf) * share:
            self._settle()
            most = self.judge.cost(self.leader) if self.leader is not None else np.inf
        return bound < most * share

    def _at_the_floor(self) -> bool:
        """Whether no mapping at all can be better by a share that is worth a price."""
        return self.judge.is_latency and not self._worth(self.judge.floor) and not self._doubtful()

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
        return self.leader is not None and self.leader.below_roofline and self.judge.uneven(self.leader.unrolling) > 0

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
            if self.tried >= self.judge.terms.budget:
                return f"the budget of {self.judge.terms.budget} prices is spent: a better one may be left"
            self._enter(ours.unrolling(row), "enumerated", bounds)
        self._look_for_cleaner(ours)
        # The first comparison spares the walk through thousands of candidates that were never going to be priced.
        if len(ours) <= self.judge.terms.budget and all(ours.unrolling(row) in self.seen for row in range(len(ours))):
            return "all candidates are priced"
        if self.left and self._worth(float(ours.bounds[len(ours) - self.left])):
            return f"{LOOKED_AT * self.judge.terms.budget} candidates are looked at: a better one may be left"
        return NONE_BETTER

    def _looked_at(self, ours: Ranked) -> Iterator[tuple[int, float, Floats | None]]:
        """The place of each candidate that may be worth a price, the least that its objective can be, and the same of
        each of its orderings where that is known."""
        # For cycles the simple bound is close and often ends the race after these; of energy it knows too little, so
        # that a leader which is there already is enough to begin with.
        first = TRIED_FIRST if self.judge.is_latency or self.leader is None else 0
        for row in range(min(first, len(ours))):
            if not self._worth(float(ours.bounds[row])):
                return
            yield row, float(ours.bounds[row]), None
        self._settle()
        worth = self.judge.cost(self.leader) * (1 - WORTH) if self.leader is not None else np.inf
        rest = first + np.flatnonzero(ours.bounds[first:] < worth)
        rows = rest[: LOOKED_AT * self.judge.terms.budget]
        self.left = len(rest) - len(rows)
        if not len(rows):
            return
        known = self.judge.least(ours.found[rows])
        least = np.maximum(ours.bounds[rows], [one.min(initial=np.inf) for one in known] if known else 0.0)
        # Of cycles the simple bound is close: where the budget lasts for all of them its order stands, and its end.
        simple = self.judge.is_latency and len(rows) <= self.judge.terms.budget - self.tried
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
            if self.tried >= self.judge.terms.budget * 9 // 10:
                break
            yield place
        yield from (place for place in order if rows[place] < self.judge.terms.budget)
        yield from order

    def _look_for_cleaner(self, ours: Ranked) -> None:
        """Price a few that may cost the same as a doubtful leader, and divide evenly."""
        for _ in range(CLEANER):
            self._settle()
            leader = self.leader
            if leader is None or not self._doubtful():
                return
            equal = np.flatnonzero((ours.bounds <= self.judge.cost(leader)) & (ours.uneven == 0))
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
        try:
            # With all orderings this time, unless it is sure that none of those that were left out for their bounds is
            # one for which only ZigZag's own search has a price.
            self.judge.honest(candidate.unrolling, self.unconfirmed[candidate.unrolling], surely=True)
        except PricingError as failure:
            return str(failure)
        return None if self.judge.stays(candidate.unrolling) else CHANGED

    def _enter(self, unrolling: Unrolling, origin: Origin, bounds: Floats | None = None) -> None:
        if unrolling not in self.seen:
            self.seen[unrolling] = self._judged(Candidate(unrolling, origin), bounds)

    def _judged(self, candidate: Candidate, bounds: Floats | None) -> Candidate:
        refused = self.judge.refusal(candidate.unrolling)
        if refused:
            return replace(candidate, refused=refused)
        # Refusals cost nothing; what counts against the budget is ZigZag's or our search, whatever it finds.
        self.tried += 1
        return self._with_price(candidate, bounds)

    def _with_price(self, candidate: Candidate, bounds: Floats | None) -> Candidate:
        try:
            # What the user wrote is priced at any cost. Of our own there are thousands, and ZigZag's search takes
            # seconds each.
            patiently = candidate.origin != "enumerated"
            honest = self.judge.honest(candidate.unrolling, bounds, patiently=patiently)
            priced = replace(candidate, energy_pj=honest.energy_pj, latency_cycles=honest.latency_cycles)
            if bounds is not None:
                self.unconfirmed[candidate.unrolling] = bounds
            # It will not be chosen now. Whether ZigZag would change it is asked only if it comes to lead after all
            # (`_confirm`).
            if self.leader is not None and self.judge.cost(priced) > self.judge.cost(self.leader):
                self.unconfirmed[candidate.unrolling] = bounds
                return priced
            if not self.judge.stays(candidate.unrolling):
                return replace(candidate, refused=CHANGED)
            return replace(priced, below_roofline=self.judge.is_below_roofline(candidate.unrolling, honest))
        except PricingError as failure:
            return replace(candidate, refused=str(failure))

    def _merit(self, candidate: Candidate) -> tuple[float, ...]:
        """The objective; among equals what ZigZag prices above the roofline, whole divisors, then the other cost."""
        uneven = self.judge.uneven(candidate.unrolling)
        return (
            self.judge.cost(candidate),
            candidate.below_roofline,
            uneven,
            candidate.latency_cycles or 0,
            candidate.energy_pj or 0,
        )
