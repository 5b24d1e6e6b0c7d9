"""The choice for one layer: candidates in the order of their bounds, priced until none that is left can win.

What is compared is the honest price (honest.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.enumeration import accounted
from onnx2zz.mapping.honest import HonestPrice, honest_price
from onnx2zz.mapping.interconnect import Interconnect, lacks
from onnx2zz.mapping.ranking import bound_of, ranked
from onnx2zz.mapping.space import STEP, Space, read_space
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

Origin = Literal["mapping file", "generated", "enumerated"]

WORTH = 0.01
"""A candidate that could be better by less than this share is not priced any more."""
NONE_BETTER = f"no other can be better by {WORTH:.0%}"
CLEANER = 4
"""Candidates that are priced only to replace one that ZigZag prices below the roofline."""
RUNNERS_UP = 4


@dataclass(frozen=True)
class ChoiceTerms:
    """What all layers of a choice have in common; `wires` None: whatever ZigZag accepts may be chosen."""

    accelerator: "Accelerator"
    hardware: ArrayAndPorts
    hierarchy: BuiltHierarchy
    wires: Interconnect | None
    options: PriceOptions
    budget: int = BUDGET


@dataclass(frozen=True)
class Candidate:
    """An unrolling, where it comes from, its honest price (pJ, cycles) if it has one, else why it is not chosen.

    `below_roofline`: ZigZag's own number for it is less than the roofline; at equal cost one that is not is preferred.
    """

    unrolling: Unrolling
    origin: Origin
    energy_pj: float | None = None
    latency_cycles: float | None = None
    below_roofline: bool = False
    refused: str | None = None


@dataclass(frozen=True)
class Choice:
    """What was chosen for a layer (None where nothing may be), and why.

    `runners_up`: the best of the others, whatever the mapping file and ZigZag's generator gave, and some that were
    refused. `priced` of the `enumerated` and the given ones have a price.
    """

    best: Candidate | None
    runners_up: tuple[Candidate, ...]
    priced: int
    enumerated: int
    reason: str


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
    tried: int = 0

    @cached_property
    def space(self) -> Space:
        return read_space(self.entry, self.mapping_entry, self.terms.hardware.array)

    @cached_property
    def floor(self) -> float:
        return roofline(self.entry, self.mapping_entry, self.terms.hardware).cycles

    @property
    def priced(self) -> list[Candidate]:
        return [candidate for candidate in self.seen.values() if candidate.energy_pj is not None]

    def decided(self) -> Choice:
        for unrolling, origin in self._given():
            if self._may_win(unrolling):
                self._enter(unrolling, origin)
        ours = () if self.terms.hardware.in_memory or self._at_the_floor() else self._ranked()
        reason = self._race(ours)
        order = sorted(self.priced, key=self._merit)
        close, far = order[1 : 1 + RUNNERS_UP], order[1 + RUNNERS_UP :]
        given = [candidate for candidate in far if candidate.origin != "enumerated"]
        refused = [candidate for candidate in self.seen.values() if candidate.refused]
        others = (*close, *given, *refused[:RUNNERS_UP])
        return Choice(order[0] if order else None, others, len(order), len(ours), reason)

    def _given(self) -> Iterator[tuple[Unrolling, Origin]]:
        """The mapping file's unrolling as ZigZag leaves it, then what ZigZag generates."""
        generated = replace(self.mapping_entry, spatial_mapping=None)
        for unrolling in self._zigzags(self.mapping_entry):
            yield unrolling, "mapping file"
        if generated == self.mapping_entry:
            return
        for unrolling in self._zigzags(generated):
            yield unrolling, "generated"

    def _may_win(self, unrolling: Unrolling) -> bool:
        """Whether its bound leaves room below the leader's price; strange loops are judged later."""
        if self.leader is None or not set(totals(unrolling)) <= set(self.space.loops):
            return True
        opt = self.terms.options.opt
        bound = bound_of(unrolling, self.space, self.terms.hierarchy, self.floor, opt)
        return bound < self._objective(self.leader)

    def _zigzags(self, asked: MappingEntry) -> Sequence[Unrolling]:
        from onnx2zz.zigzag.spatial import unrollings

        try:
            return unrollings(self.entry, asked, self.terms.accelerator, self.terms.options)
        except PricingError:
            return ()

    def _at_the_floor(self) -> bool:
        """Whether no mapping at all can be better by a share that is worth a price."""
        latency = objective(self.terms.options.opt).is_latency
        return latency and self.leader is not None and not self._doubtful() and not self._worth(self.floor)

    @property
    def leader(self) -> Candidate | None:
        return min(self.priced, key=self._merit, default=None)

    def _worth(self, bound: float) -> bool:
        """Whether a candidate with this bound may be better than the leader by more than WORTH."""
        return self.leader is None or bound < self._objective(self.leader) * (1 - WORTH)

    def _doubtful(self) -> bool:
        """Whether the leader divides a loop unevenly and ZigZag prices it below the roofline for it: one that divides
        evenly is then looked for, at the same cost."""
        return self.leader is not None and self.leader.below_roofline and self._uneven(self.leader.unrolling) > 0

    def _race(self, ours: Sequence[tuple[Unrolling, float]]) -> str:
        """Price in order until no candidate is worth it; say why it ended."""
        looked = 0
        for unrolling, bound in ours:
            leader = self.leader
            if leader is not None and not self._worth(bound):
                if not self._doubtful() or looked == CLEANER or bound > self._objective(leader):
                    break
                if self._uneven(unrolling):
                    continue
                looked += 1
            elif self.tried >= self.terms.budget:
                return f"the budget of {self.terms.budget} prices is spent: a better one may be left"
            self._enter(unrolling, "enumerated")
        else:
            return "all candidates are priced" if ours else NONE_BETTER
        return NONE_BETTER

    def _enter(self, unrolling: Unrolling, origin: Origin) -> None:
        if unrolling not in self.seen:
            self.seen[unrolling] = self._judged(Candidate(unrolling, origin))

    def _judged(self, candidate: Candidate) -> Candidate:
        from onnx2zz.zigzag.spatial import stays_as_it_is

        refused = self._refusal(candidate.unrolling)
        if refused:
            return replace(candidate, refused=refused)
        terms = self.terms
        given = (self.entry, self.mapping_entry, candidate.unrolling, terms.accelerator)
        self.tried += 1
        try:
            patiently = candidate.origin != "enumerated"
            honest = honest_price(*given, terms.hardware, terms.options, patiently=patiently)
            priced = replace(candidate, energy_pj=honest.energy_pj, latency_cycles=honest.latency_cycles)
            if self.leader is not None and self._objective(priced) > self._objective(self.leader):
                return priced
            if not stays_as_it_is(*given):
                return replace(candidate, refused="ZigZag would change it")
            return replace(priced, below_roofline=self._is_below_roofline(candidate.unrolling, honest))
        except PricingError as failure:
            return replace(candidate, refused=str(failure))

    def _is_below_roofline(self, unrolling: Unrolling, honest: HonestPrice) -> bool:
        """Whether ZigZag's own number is: a padded layer has to be priced once more, as it is."""
        from onnx2zz.zigzag.spatial import price_unrolling

        if not honest.is_padded:
            return honest.zigzags_cycles < self.floor
        terms = self.terms
        _, latency = price_unrolling(self.entry, self.mapping_entry, unrolling, terms.accelerator, terms.options)
        return latency < self.floor

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

    def _ranked(self) -> Sequence[tuple[Unrolling, float]]:
        from onnx2zz.zigzag.spatial import limits

        try:
            most = limits(self.entry, self.mapping_entry, self.terms.accelerator)
        except PricingError:
            return ()
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
