"""The mapping of a whole network: each distinct layer is chosen for once."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.plain_data import read_as
from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entries_for
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.chosen import Choice
from onnx2zz.mapping.mapping_file import mapped_as, mapping_entries
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import PricedWorkload, PricingInputs, load_inputs
from onnx2zz.pricing.price_cache import KeyValues, NoStore, PriceCache
from onnx2zz.pricing.request import MappingSearch
from onnx2zz.pricing.task import layer_name
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.talk import talk_goes_to

if TYPE_CHECKING:
    from onnx2zz.mapping.judge import ChoiceTerms

FORMAT = 6
"""Raise it when other candidates are found, refused or preferred: choices of earlier runs are then made anew."""


@dataclass(frozen=True)
class Policy:
    """How a mapping is chosen, and what the accelerator's sidecar says of wires; `watch` is told of each distinct layer
    (how many are done, of how many, its name). `explains`: somebody reads what the choice was compared with, and what
    wires would save that nobody declared."""

    search: MappingSearch = field(default_factory=MappingSearch)
    wires: Wires = field(default_factory=Wires)
    store: KeyValues = field(default_factory=NoStore)
    watch: Callable[[int, int, str], None] = lambda done, total, layer: None
    explains: bool = True


@dataclass(frozen=True)
class NetworkChoice:
    """The plain mapping file, each layer's choice by its id, and how many distinct layers there are."""

    entries: tuple[MappingEntry, ...]
    choices: Mapping[int, Choice]
    distinct_layers: int


def choose_mappings(
    workload: PricedWorkload,
    accelerator: Found,
    base: Found,
    options: PriceOptions,
    log: Path,
    policy: Policy = Policy(),
) -> NetworkChoice:
    """Choose for every layer of `workload`. `base` is the accelerator's own mapping file: one candidate for each layer,
    and the place where memory operand links and loop orders come from. ZigZag's talk goes to `log`.

    Raises InputError if the files do not fit together. Arrays that compute in memory keep `base`: their unrolling is
    ZigZag's own search, so that asking for the optimal one is an error.
    """
    price_cache = PriceCache(policy.store)
    with talk_goes_to(Path(os.devnull)):  # a run that does not start leaves nothing behind
        inputs = load_inputs(workload, accelerator, base, price_cache, as_start=True)
    if inputs.hardware.in_memory and policy.search.kind == "optimal":
        # For `auto` it is no error: the mapping file is kept, which is what auto would end with.
        what = "its array computes in memory: ZigZag's own search unrolls it, and nothing is proven of that"
        raise InputError(Problem(str(accelerator.path), what, "leave `--mapping optimal` out"))
    with talk_goes_to(log):
        if inputs.hardware.in_memory:
            return NetworkChoice(inputs.mapping, {}, 0)
        mapped = list(zip(workload.layers, mapping_entries_for(workload.layers, inputs.mapping), strict=True))
        found = choices_of(mapped, inputs, options, policy)
    choices = {entry["id"]: found[layer_key(entry, mapping_entry)] for entry, mapping_entry in mapped}
    rows = [
        (layer_name(entry), entry["operator_type"], mapped_by_choice(entry, mapping_entry, choices[entry["id"]]))
        for entry, mapping_entry in mapped
    ]
    return NetworkChoice(mapping_entries(rows), choices, len(found))


def choices_of(
    mapped: Sequence[tuple[WorkloadEntry, MappingEntry]], inputs: PricingInputs, options: PriceOptions, policy: Policy
) -> dict[str, Choice]:
    """The choice for each distinct layer, by `layer_key`, given the mapping file's word on each. `inputs` say what is
    chosen for; the layers need not be those of their workload."""
    return _chosen(mapped, _Ground(inputs, options, policy), PriceCache(policy.store))


@dataclass(frozen=True)
class _Ground:
    """What all choices of a network rest on."""

    inputs: PricingInputs
    options: PriceOptions
    policy: Policy

    def asked(self, key: str) -> tuple[object, ...]:
        """Everything that the choice for a layer depends on but ZigZag itself."""
        rules = (asdict(self.policy.search), asdict(self.policy.wires), list(self.inputs.mapping))
        told = () if self.policy.explains else ("without savings",)
        return (key, self.inputs.accelerator.document, self.options, rules, FORMAT, *told)

    @cached_property
    def terms(self) -> "ChoiceTerms":
        """ZigZag is not needed where every choice is known."""
        from onnx2zz.mapping.interconnect import declared, shown_by
        from onnx2zz.mapping.judge import ChoiceTerms
        from onnx2zz.zigzag.accelerator import hierarchy

        accelerator, hardware = self.inputs.accelerator.built, self.inputs.hardware
        memories = hierarchy(accelerator)
        wires = shown_by(self.inputs.mapping, declared(memories, self.policy.wires))
        search = self.policy.search
        strict = wires if search.rules == "strict" else None
        return ChoiceTerms(
            accelerator, hardware, memories, strict, self.options, search.quick_budget, self.policy.explains
        )

    def choice(self, entry: WorkloadEntry, mapping_entry: MappingEntry) -> Choice:
        """For one layer."""
        from onnx2zz.mapping.undeclared import with_undeclared

        found = self._as_declared(entry, mapping_entry)
        return with_undeclared(found, entry, mapping_entry, self.terms) if self.policy.explains else found

    def _as_declared(self, entry: WorkloadEntry, mapping_entry: MappingEntry) -> Choice:
        search = self.policy.search
        if search.kind == "auto":
            from onnx2zz.mapping.choice import choose

            return choose(entry, mapping_entry, self.terms)
        from onnx2zz.mapping.optimal.choice import choose_optimal

        return choose_optimal(entry, mapping_entry, self.terms, search.gap, search.budget)


def _chosen(
    mapped: Sequence[tuple[WorkloadEntry, MappingEntry]], ground: _Ground, price_cache: PriceCache
) -> dict[str, Choice]:
    distinct: dict[str, tuple[WorkloadEntry, MappingEntry]] = {}
    for entry, mapping_entry in mapped:
        distinct.setdefault(layer_key(entry, mapping_entry), (entry, mapping_entry))
    found: dict[str, Choice] = {}
    for key, (entry, mapping_entry) in distinct.items():
        ground.policy.watch(len(found), len(distinct), layer_name(entry))
        known = price_cache.value("choice", ground.asked(key))
        if known is not None:
            found[key] = read_as(Choice, known)
            continue
        found[key] = ground.choice(entry, mapping_entry)
        price_cache.keep("choice", ground.asked(key), asdict(found[key]))
    ground.policy.watch(len(distinct), len(distinct), "")
    return found


def mapped_by_choice(entry: WorkloadEntry, base: MappingEntry, choice: Choice) -> MappingEntry:
    """How a layer is mapped; where nothing may be chosen, as the mapping file has it."""
    if choice.best is None:
        return mapped_as(entry, base, None)
    mapped = mapped_as(entry, base, choice.best.unrolling)
    return mapped if choice.best.ordering is None else replace(mapped, temporal_ordering=choice.best.ordering)
