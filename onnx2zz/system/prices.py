"""What tiles cost: each distinct one is priced once on each kind of core, as any layer is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from onnx2zz.emission.entry import entry
from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entry_for
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.chosen_price import chosen_price
from onnx2zz.mapping.network import Policy, choices_of, mapped_by_choice
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import PricingInputs
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.pricing.request import MappingSearch
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.run import answered
from onnx2zz.pricing.task import Answer, PricingTerms, Task, Unit
from onnx2zz.system.operands import Shape, Told
from onnx2zz.system.tile import Box, cut
from onnx2zz.zigzag.layer_price import LayerPrice, SearchedPrice
from onnx2zz.zigzag.talk import talk_goes_to

QUICK_BUDGET = 4
"""Prices that the choice of a mapping may take for a tile that is only looked at; there are hundreds."""
Wanted = tuple[int, Box]
"""A layer's id and a box of its loops."""
TilePrice = LayerPrice | SearchedPrice


def tile_entry(told: Told, whole: WorkloadEntry, box: Box) -> WorkloadEntry:
    """A tile as ZigZag takes it; a box that is the whole layer is the layer's own entry. What is a part of a sum leaves
    the array as wide as sums are (`O`)."""
    sizes = told.placed.layer.sizes
    # The very entry, so that it has the price, key and cache of the layer on one core.
    if all(size == (0, sizes[loop]) for loop, size in box.ranges):
        return whole
    # A layer of a workload file is only as much of a layer as its entry tells: cutting the entry itself loses nothing
    # of it.
    if not told.placed.node:  # of a workload file
        made = cut_entry(whole, told, box)
    else:
        made = entry(replace(told.placed, layer=cut(told.placed.layer, box)))
    if box.summed_in_parts:
        made["operand_precision"] = {**made["operand_precision"], "O_final": told.placed.widths.O}
    return made


def addition_entry(told: Told, whole: WorkloadEntry, box: Box) -> WorkloadEntry:
    """What a core does to add one other tile's partial sums to its own, as ZigZag takes it: an Add of the elements of
    the output that the box has, operands and result as wide as sums are."""
    sizes = [elements.bit_count() for elements in told.told("O", told.ranges(dict(box.ranges)))]
    # A scalar has no index, and ZigZag needs a loop.
    loops = dict(zip(told.indices("O"), sizes, strict=True)) or {"B": 1}
    indices = "".join(f"[{loop.lower()}]" for loop in loops)
    return {
        "id": whole["id"],
        "name": whole.get("name"),
        "operator_type": "Add",
        "equation": f"O{indices}=W{indices}+I{indices}",
        "dimension_relations": [],
        "loop_dims": list(loops),
        "loop_sizes": list(loops.values()),
        "operand_precision": dict.fromkeys(("W", "I", "O", "O_final"), told.placed.widths.O),
        "operand_source": dict.fromkeys(("W", "I"), whole["id"]),
    }


def cut_entry(whole: WorkloadEntry, told: Told, box: Box) -> WorkloadEntry:
    """A tile of a layer that only a workload file tells of: sizes cut, and the padding that is left at its borders."""
    ranges = told.ranges(dict(box.ranges))
    made: WorkloadEntry = {**whole, "loop_sizes": [ranges[loop.upper()][1] for loop in whole["loop_dims"]]}
    indices = [index.upper() for index in whole.get("pr_loop_dims") or ()]
    touched = [told.reached(index, ranges) for index in indices]
    if whole.get("pr_loop_sizes"):
        made["pr_loop_sizes"] = [size for size, _ in touched]
    if whole.get("padding"):
        made["padding"] = [list(padding) for _, padding in touched]
    return made


@dataclass
class Prices:
    """The prices of tiles on one kind of core.

    `inputs`: the core's files, which fit the workload. With `search` the mapping of each tile is chosen: quickly for
    all that are looked at (`find`), and with the whole budget for those that are scheduled (`refine`). Tiles that cost
    the same (`layer_key`) are priced once, whatever layer they are of. Of what is looked at energy and cycles are
    enough, where our search has ZigZag's: ZigZag itself is asked in the end, for what is scheduled (`confirm`), or if
    it `asks_always`.
    """

    inputs: PricingInputs
    terms: PricingTerms
    search: MappingSearch | None
    policy: Policy
    layers: Mapping[int, tuple[Told, WorkloadEntry]]
    resources: Resources
    log: Path
    entries: dict[Wanted, WorkloadEntry] = field(default_factory=dict[Wanted, WorkloadEntry])
    keys: dict[Wanted, str] = field(default_factory=dict[Wanted, str])
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    additions: dict[Wanted, tuple[WorkloadEntry, str]] = field(default_factory=dict[Wanted, tuple[WorkloadEntry, str]])
    first_of: dict[tuple[int, bool, Shape], tuple[WorkloadEntry, str]] = field(
        default_factory=dict[tuple[int, bool, Shape], tuple[WorkloadEntry, str]]
    )
    outcomes: dict[str, Answer] = field(default_factory=dict[str, Answer])
    from_cache: set[str] = field(default_factory=set[str])
    refined: set[str] = field(default_factory=set[str])
    asks_always: bool = False

    def __post_init__(self) -> None:
        # Who asks for ZigZag's own search wants each price of it; in-memory arrays have a cost model of their own.
        if self.terms.search != "fast" or not self.terms.options.repeatable or self.terms.in_memory:
            self.asks_always = True

    def find(self, wanted: Iterable[Wanted]) -> None:
        """Price what has no price yet."""
        budget = min(QUICK_BUDGET, self.policy.search.quick_budget)
        quick = replace(self.policy, search=MappingSearch(self.policy.search.rules, budget))
        self._price_new({key: made for key, made in self._entries(wanted).items() if key not in self.outcomes}, quick)

    def refine(self, wanted: Iterable[Wanted]) -> bool:
        """Choose mappings with the whole budget; whether any is chosen at all and some may have changed."""
        if not self.chooses or self.policy.search.quick_budget <= QUICK_BUDGET:
            return False
        new = {key: made for key, made in self._entries(wanted).items() if key not in self.refined}
        self.refined |= set(new)
        self._price_new(new, self.policy)
        return bool(new)

    def confirm(self, wanted: Iterable[Wanted]) -> bool:
        """Ask ZigZag for what only our search has priced; whether it says the same. Where it does not, no such price is
        kept."""
        priced = {key: self.outcomes[key] for key in self._entries(wanted)}
        searched = {key: price for key, price in priced.items() if isinstance(price, SearchedPrice)}
        self._ask({key: self.tasks[key] for key in searched}, self.terms)
        if all(_equal(price, self.outcomes[key]) for key, price in searched.items()):
            return True
        self.asks_always = True
        self.outcomes = {key: one for key, one in self.outcomes.items() if not isinstance(one, SearchedPrice)}
        return False

    @property
    def found_now(self) -> int:
        """How many distinct tiles this run has priced."""
        return len(self.outcomes) - len(self.from_cache)

    @property
    def chooses(self) -> bool:
        """Whether the mapping of tiles is chosen."""
        return self.search is not None and not self.inputs.hardware.in_memory

    def _entries(self, wanted: Iterable[Wanted]) -> dict[str, WorkloadEntry]:
        found: dict[str, WorkloadEntry] = {}
        for one in wanted:
            key = self.key(one)
            found[key] = self.entries[one]
            # Asked for here, so that it is priced with the rest and not one by one when a schedule is timed.
            if one[1].adds:
                made, added = self._addition(one)
                found[added] = made
        return found

    def _addition(self, wanted: Wanted) -> tuple[WorkloadEntry, str]:
        """What adding one other tile's partial sums is, and the key under which it is priced."""
        if wanted not in self.additions:
            made = addition_entry(*self.layers[wanted[0]], wanted[1])
            self.additions[wanted] = made, layer_key(made, mapping_entry_for(made, self.inputs.mapping))
        return self.additions[wanted]

    def _price_new(self, new: Mapping[str, WorkloadEntry], policy: Policy) -> None:
        if not new:
            return
        with talk_goes_to(self.log, anew=False):
            tasks = self._tasks(new, policy)
        to_ask: dict[str, Task] = {}
        for key, (task, price) in tasks.items():
            if price is None or self.asks_always:
                to_ask[key] = task
            else:
                # It is the choice that was made now, or before: no price was asked for.
                self._take(key, task, price, cached=True)
        self._ask(to_ask, replace(self.terms, numbers_only=not self.asks_always))

    def _ask(self, tasks: Mapping[str, Task], terms: PricingTerms) -> None:
        """Have tiles priced, or take what was said before."""
        if not tasks:
            return
        with talk_goes_to(self.log, anew=False):
            price_cache = PriceCache(self.resources.store, trusting=self.terms.search == "fast")
            # Different tiles may come to one task once their mappings are chosen: each task is priced once.
            alike: dict[str, list[str]] = {}
            units: list[Unit] = []
            for key, task in tasks.items():
                alike.setdefault(task.key, []).append(key)
                unit = Unit(task, terms)
                known = price_cache.price(unit.asked) or (terms.numbers_only and price_cache.searched(unit.asked))
                if known:
                    self._take(key, task, known, cached=True)
                elif alike[task.key] == [key]:
                    units.append(unit)
            for unit, answer in answered(units, price_cache, self.resources, self.log):
                for key in alike[unit.task.key]:
                    self._take(key, tasks[key], answer, cached=False)

    def _take(self, key: str, task: Task, outcome: Answer, cached: bool) -> None:
        """Keep a price; a tile that has one does not lose it where its chosen mapping has none (a timeout)."""
        if isinstance(outcome, str) and not isinstance(self.outcomes.get(key, ""), str):
            return
        self.outcomes[key], self.tasks[key] = outcome, task
        (self.from_cache.add if cached else self.from_cache.discard)(key)

    def key(self, wanted: Wanted) -> str:
        """The key under which a tile is priced: equal for tiles that cost the same before mappings are chosen."""
        known = self.keys.get(wanted)
        if known is None:
            told, whole = self.layers[wanted[0]]
            # Making an entry and its key takes long, and there are many boxes of few shapes: the padding that is left
            # is in the shape.
            shape = (wanted[0], wanted[1].summed_in_parts, told.shape_of(told.ranges(dict(wanted[1].ranges))))
            if shape not in self.first_of:
                made = tile_entry(told, whole, wanted[1])
                self.first_of[shape] = (made, layer_key(made, mapping_entry_for(made, self.inputs.mapping)))
            self.entries[wanted], known = self.first_of[shape]
            self.keys[wanted] = known
        return known

    def outcome(self, wanted: Wanted) -> Answer:
        """The price of what a tile computes itself, or why it has none."""
        return self.outcomes[self.key(wanted)]

    def addition(self, wanted: Wanted) -> Answer | None:
        """The price of adding one other tile's partial sums, or why it has none; None of a tile that adds none."""
        return self.outcomes[self._addition(wanted)[1]] if wanted[1].adds else None

    def mapping_of(self, layer: int) -> MappingEntry:
        """The mapping file's word on a layer."""
        return mapping_entry_for(self.layers[layer][1], self.inputs.mapping)

    def cycles(self, wanted: Wanted) -> float | None:
        """Of a tile, what it adds included."""
        own, added = self.own_cycles(wanted), self.addition(wanted)
        if own is None or added is None:
            return own
        return own + wanted[1].adds * added.latency_cycles if isinstance(added, TilePrice) else None

    def own_cycles(self, wanted: Wanted) -> float | None:
        """Of what a tile computes itself, before it adds anything."""
        outcome = self.outcome(wanted)
        return outcome.latency_cycles if isinstance(outcome, TilePrice) else None

    def energy(self, wanted: Wanted) -> float | None:
        """pJ of a tile, what it adds included."""
        outcome, added = self.outcome(wanted), self.addition(wanted)
        if not isinstance(outcome, TilePrice) or added is None:
            return outcome.energy_pj if isinstance(outcome, TilePrice) else None
        return outcome.energy_pj + wanted[1].adds * added.energy_pj if isinstance(added, TilePrice) else None

    def _tasks(self, new: Mapping[str, WorkloadEntry], policy: Policy) -> dict[str, tuple[Task, SearchedPrice | None]]:
        """What is to be priced, and the price of each that choosing its mapping has found."""
        mapped = {key: (made, mapping_entry_for(made, self.inputs.mapping)) for key, made in new.items()}
        if not self.chooses:
            return {key: (_task(made, mapping), None) for key, (made, mapping) in mapped.items()}
        choices = choices_of(list(mapped.values()), self.inputs, self.terms.options, policy, self.resources)
        found: dict[str, tuple[Task, SearchedPrice | None]] = {}
        for key, (made, base) in mapped.items():
            choice = choices[layer_key(made, base)]
            price = chosen_price(choice, made, base, self.inputs.hardware)
            found[key] = _task(made, mapped_by_choice(made, base, choice)), price
        return found


def _task(made: WorkloadEntry, mapping: MappingEntry) -> Task:
    return Task(layer_key(made, mapping), made, mapping, None)


def _equal(searched: SearchedPrice, said: Answer) -> bool:
    """Whether ZigZag says what our search has found."""
    if isinstance(said, str):
        return False
    return (said.energy_pj, said.latency_cycles) == (searched.energy_pj, searched.latency_cycles)
