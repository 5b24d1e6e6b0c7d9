"""A distinct layer to be priced, and pricing it: here, or in a worker process that was given the same terms."""

from dataclasses import dataclass, replace
from math import factorial

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.fold import Fold, folded_array
from onnx2zz.pricing.inputs import AcceleratorFile, accelerator_of
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions, Search, SearchedPrice
from onnx2zz.zigzag.levels import KeptLevels

NOT_IN_MEMORY = ("Pooling", "Add")
"""Operator types that ZigZag skips on arrays that compute in memory (stages/workload_iterator.py:41-48)."""

FAST_S, EXHAUSTIVE_S, COST_MODEL_S = 5e-5, 1e-2, 5e-2
"""Seconds that an ordering takes in either search, and a layer at least: enough to tell long from short."""

Outcome = LayerPrice | str
"""A price, or the sentence why there is none."""
Answer = Outcome | SearchedPrice
"""The same where energy and cycles may be enough."""


@dataclass(frozen=True)
class Task:
    """A layer to price: how it is mapped, and which memories its data may do without (a sentence if ZigZag could not
    find that out); `fold`: how the array is folded for it. Tasks with equal keys have equal prices."""

    key: str
    entry: WorkloadEntry
    mapping_entry: MappingEntry
    levels: KeptLevels | str | None
    fold: Fold | None = None

    @property
    def name(self) -> str:
        return layer_name(self.entry)


@dataclass(frozen=True)
class PricingTerms:
    """What all tasks of a run have in common. `numbers_only`: energy and cycles are enough, where our search alone has
    ZigZag's."""

    accelerator: AcceleratorFile
    in_memory: bool
    options: PriceOptions
    search: Search
    numbers_only: bool = False

    def on_folded(self, fold: Fold) -> "PricingTerms":
        """The terms of layers for which the array is folded."""
        return replace(self, accelerator=refolded(self.accelerator, fold))


@dataclass(frozen=True)
class Unit:
    """The unit of work: a task under its terms. Which run it belongs to does not matter."""

    task: Task
    terms: PricingTerms

    @property
    def name(self) -> str:
        return self.task.name

    @property
    def seconds(self) -> float:
        """About how long it takes: it goes with the orderings of its loop factors, at most `lpf_limit` of them."""
        # Before unrolling, which nobody knows yet: so it is too long, but for all layers alike.
        factors = sum(map(prime_factors, self.task.entry["loop_sizes"]))
        orderings = factorial(min(factors, self.terms.options.lpf_limit))
        return COST_MODEL_S + orderings * (FAST_S if self.terms.search == "fast" else EXHAUSTIVE_S)

    @property
    def asked(self) -> tuple[object, ...]:
        """Everything that the price depends on but ZigZag itself; the search is not part of it."""
        # The search is left out because both have the same numbers: that is what they are tested for.
        return (self.task.key, self.terms.accelerator.document, self.terms.options)


def refolded(accelerator: AcceleratorFile, fold: Fold) -> AcceleratorFile:
    """The accelerator with its array folded: one object for one fold."""
    return accelerator_of(accelerator.path, folded_array(accelerator.document, fold))


def layer_name(entry: WorkloadEntry) -> str:
    """The layer's name, or the one that ZigZag gives it (parser/workload_factory.py:63)."""
    return str(entry.get("name") or f"Layer{entry['id']}")


def prime_factors(number: int) -> int:
    """How many there are, each as often as it occurs."""
    found, divisor = 0, 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            number //= divisor
            found += 1
        divisor += 1
    return found + (number > 1)


def price_unit(unit: Unit) -> Answer:
    """What ZigZag says about a unit."""
    return price_task(unit.task, unit.terms)


def price_task(task: Task, terms: PricingTerms) -> Answer:
    """What ZigZag says about `task`."""
    if terms.in_memory and task.entry["operator_type"] in NOT_IN_MEMORY:
        kind = task.entry["operator_type"]
        return f"skipped: ZigZag prices no {kind} layer on an array that computes in memory"
    if isinstance(task.levels, str):
        return task.levels
    from onnx2zz.zigzag.price import price

    entry, mapping_entry, accelerator = task.entry, task.mapping_entry, terms.accelerator.built
    if terms.numbers_only:
        from onnx2zz.zigzag.searched_price import searched_price  # a run on one core has no use for it

        if (found := searched_price(entry, mapping_entry, accelerator, terms.options)) is not None:
            return found
    try:
        return price(entry, accelerator, mapping_entry, terms.options, task.levels, terms.search)
    except PricingError as failure:
        return str(failure)
