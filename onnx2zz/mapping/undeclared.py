"""What wires would save that an accelerator does not declare: mappings that are better than the one chosen, and refused
for these wires alone. A few are priced, so that a saving is never overstated; there may be a larger one."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.bound import first_loads
from onnx2zz.mapping.choice import WORTH
from onnx2zz.mapping.chosen import Candidate, Choice, NeededWire, Undeclared
from onnx2zz.mapping.honest import honest_price
from onnx2zz.mapping.interconnect import Interconnect, Wire, lacks
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.padding import padded_sizes
from onnx2zz.mapping.ranking import Ranked, ranked
from onnx2zz.mapping.space import Factors, Space, read_space
from onnx2zz.pricing.roofline import roofline
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.spatial import limits, stays_as_it_is
from onnx2zz.zigzag.unrolling_prices import UnrollingPrices

Floats = NDArray[np.float64]

LOOKED_AT = 64
"""Mappings that the simple bound puts first, and that are looked at more closely."""
PRICED = 2
"""Those of them that get a price: to say that a wire is worth a thought, not to find the best there would be."""


def with_undeclared(choice: Choice, entry: WorkloadEntry, mapping_entry: MappingEntry, terms: ChoiceTerms) -> Choice:
    """The choice for a layer, with what undeclared wires would save, if that is more than WORTH."""
    if terms.wires is None or choice.best is None or terms.hardware.in_memory:
        return choice
    space = read_space(entry, mapping_entry, terms.hardware.array)
    saving = _Saving(choice.best, entry, mapping_entry, terms, terms.wires, space)
    return replace(choice, undeclared=saving.found())


@dataclass(frozen=True)
class _Saving:
    best: Candidate
    entry: WorkloadEntry
    mapping_entry: MappingEntry
    terms: ChoiceTerms
    wires: Interconnect
    space: Space

    def found(self) -> Undeclared | None:
        if not self.space.loops or not self._anything_is_lacking() or self.floor >= self.enough:
            return None
        priced = [one for factors in self._promising() if (one := self._priced(factors)) is not None]
        least = min(priced, key=lambda one: self._value(one), default=None)
        if least is None or self._value(least) >= self.enough:
            return None
        needs = tuple(NeededWire(wire.what, wire.key) for wire in self._needs(self.space.factors(least.unrolling)))
        return Undeclared(least, needs, 1 - self._value(least) / self._value(self.best))

    def _anything_is_lacking(self) -> bool:
        """Whether there is a wire at all that a mapping of this layer could need, and that is not declared."""
        # An unrolling that does not exist, with every loop on every array dim: it needs all wires that any needs.
        return bool(self._needs(2 * self.space.unrolled_nothing()))

    def _needs(self, factors: Factors) -> list[Wire]:
        return sorted(lacks(factors, self.space, self.wires))

    @cached_property
    def floor(self) -> float:
        """Of what is minimised, where it is known for all mappings: cycles."""
        cycles = roofline(self.entry, self.mapping_entry, self.terms.hardware).cycles
        return cycles if objective(self.terms.options.opt).is_latency else 0.0

    @cached_property
    def enough(self) -> float:
        return self._value(self.best) * (1 - WORTH)

    def _value(self, candidate: Candidate) -> float:
        assert candidate.energy_pj is not None and candidate.latency_cycles is not None
        return objective(self.terms.options.opt).value(candidate.energy_pj, candidate.latency_cycles)

    def _promising(self) -> Factors:
        """The unrollings that need such wires and may save most."""
        free = self._free()
        needing = np.zeros(len(free), dtype=np.bool_)
        for mask in lacks(free.found, self.space, self.wires).values():
            needing |= mask
        # In the order of the bounds: what needs no wire was a candidate of the choice already.
        rows = np.flatnonzero(needing & (free.bounds < self.enough))[:LOOKED_AT]
        least = np.maximum(free.bounds[rows], self._least(free.found[rows]))
        worth = np.flatnonzero(least < self.enough)
        return free.found[rows[worth[np.argsort(least[worth], kind="stable")[:PRICED]]]]

    def _free(self) -> Ranked:
        most = limits(self.entry, self.mapping_entry, self.terms.accelerator)
        floor = roofline(self.entry, self.mapping_entry, self.terms.hardware).cycles
        return ranked(self.space, most, self.terms.hierarchy, None, floor, self.terms.options.opt)

    @cached_property
    def prices(self) -> UnrollingPrices:
        return UnrollingPrices(self.entry, self.mapping_entry, self.terms.accelerator, self.terms.options)

    def _least(self, factors: Factors) -> Floats:
        """What the objective of each is at least, whatever its loop ordering."""
        if not len(factors):
            return np.zeros(0)
        sizes, axes = padded_sizes(self.entry, self.space.loops, factors.prod(axis=1))
        loads = first_loads(factors, self.space, self.terms.hierarchy)
        known = self.prices.least(factors, self.space.loops, sizes, axes, loads)
        return np.array([one.min(initial=np.inf) for one in known]) if known else np.zeros(len(factors))

    def _priced(self, factors: Factors) -> Candidate | None:
        unrolling = self.space.unrolling(factors)
        if not stays_as_it_is(self.entry, self.mapping_entry, unrolling, self.terms.accelerator):
            return None
        try:
            found = honest_price(self.prices, unrolling, self.terms.hardware, patiently=False)
        except PricingError:
            return None
        return Candidate(unrolling, "enumerated", found.energy_pj, found.latency_cycles)
