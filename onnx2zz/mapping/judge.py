"""What can be said of a layer's unrollings one by one: whether they may be chosen, what they cost, or cost at least."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import STEP, WorkloadEntry
from onnx2zz.mapping.bound import first_loads
from onnx2zz.mapping.chosen import Candidate
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


@dataclass(frozen=True)
class Judge:
    """Of a layer, whose `mapping_entry` has the memory operand links and the loop order that hold for all."""

    entry: WorkloadEntry
    mapping_entry: MappingEntry
    terms: ChoiceTerms

    @cached_property
    def space(self) -> Space:
        """What is unrolled over what."""
        return read_space(self.entry, self.mapping_entry, self.terms.hardware.array)

    @cached_property
    def _prices(self) -> "UnrollingPrices":
        from onnx2zz.zigzag.unrolling_prices import UnrollingPrices

        return UnrollingPrices(self.entry, self.mapping_entry, self.terms.accelerator, self.terms.options)

    @property
    def is_latency(self) -> bool:
        """Whether cycles alone are minimised."""
        return objective(self.terms.options.opt).is_latency

    @cached_property
    def floor(self) -> float:
        """Cycles that no mapping is below."""
        return roofline(self.entry, self.mapping_entry, self.terms.hardware).cycles

    def zigzags(self, asked: MappingEntry) -> Sequence[Unrolling]:
        """What ZigZag makes of an entry; nothing where it refuses it."""
        from onnx2zz.zigzag.spatial import unrollings

        try:
            return unrollings(self.entry, asked, self.terms.accelerator, self.terms.options)
        except PricingError:
            return ()

    def bounds_of(self, given: Sequence[Unrolling]) -> Sequence[Bounded]:
        """The least that the objective of each can be, and that of each of its orderings where that is known; strange
        loops are judged later."""
        usual = [unrolling for unrolling in given if self.is_usual(unrolling)]
        known: dict[Unrolling, Bounded] = {}
        if usual:
            factors = np.concatenate([self.space.factors(unrolling) for unrolling in usual])
            simple = bounds_of(factors, self.space, self.terms.hierarchy, self.floor, self.terms.options.opt)
            least = None if self.is_latency else self.least(factors)
            for place, unrolling in enumerate(usual):
                rows = least[place] if least else None
                known[unrolling] = max(simple[place], rows.min(initial=np.inf) if rows is not None else 0.0), rows
        return [known.get(unrolling, (0.0, None)) for unrolling in given]

    def is_usual(self, unrolling: Unrolling) -> bool:
        """Whether the space has all its loops."""
        return set(totals(unrolling)) <= set(self.space.loops)

    def least(self, factors: Factors) -> list[Floats] | None:
        """What each ordering of these candidates costs at least; None where nothing is known."""
        sizes, axes = padded_sizes(self.entry, self.space.loops, factors.prod(axis=1))
        loads = first_loads(factors, self.space, self.terms.hierarchy)
        return self._prices.least(factors, self.space.loops, sizes, axes, loads)

    def honest(
        self, unrolling: Unrolling, bounds: Floats | None, *, patiently: bool = False, surely: bool = False
    ) -> HonestPrice:
        """Its price, as `honest_price` has it. Raises PricingError."""
        hardware = self.terms.hardware
        return honest_price(self._prices, unrolling, hardware, patiently=patiently, bounds=bounds, surely=surely)

    def stays(self, unrolling: Unrolling) -> bool:
        """Whether ZigZag takes it as it is, in as many steps as it needs."""
        from onnx2zz.zigzag.spatial import stays_as_it_is

        return stays_as_it_is(self.entry, self.mapping_entry, unrolling, self.terms.accelerator)

    def is_below_roofline(self, unrolling: Unrolling, honest: HonestPrice) -> bool:
        """Whether ZigZag's own number is: of a padded layer that is another one."""
        if not honest.is_padded:
            return honest.zigzags_cycles < self.floor
        from onnx2zz.zigzag.spatial import prices_below

        terms = self.terms
        return prices_below(self.entry, self.mapping_entry, unrolling, terms.accelerator, terms.options, self.floor)

    def refusal(self, unrolling: Unrolling) -> str | None:
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

    def ranked(self) -> Ranked:
        """All unrollings that may be chosen, by their simple bounds."""
        from onnx2zz.zigzag.spatial import limits

        try:
            most = limits(self.entry, self.mapping_entry, self.terms.accelerator)
        except PricingError:
            return nothing(self.space)
        terms = self.terms
        return ranked(self.space, most, terms.hierarchy, terms.wires, self.floor, terms.options.opt)

    def cost(self, candidate: Candidate) -> float:
        """What is minimised, of a candidate that has a price."""
        assert candidate.energy_pj is not None and candidate.latency_cycles is not None
        return objective(self.terms.options.opt).value(candidate.energy_pj, candidate.latency_cycles)

    def uneven(self, unrolling: Unrolling) -> int:
        """How many loops are not divided evenly."""
        sizes = dict(zip(self.space.loops, self.space.sizes, strict=True))
        return sum(sizes[loop] % total > 0 for loop, total in totals(unrolling).items())
