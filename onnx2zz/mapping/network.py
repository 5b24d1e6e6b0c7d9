"""The mapping of whole networks: each distinct layer is chosen for once, whatever network it belongs to."""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.plain_data import read_as
from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entries_for
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.choice_unit import ChoiceSetting, ChoiceUnit, choose_unit
from onnx2zz.mapping.chosen import Choice
from onnx2zz.mapping.mapping_file import mapped_as, mapping_entries
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import PricedWorkload, PricingInputs, load_inputs
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.pricing.request import MappingSearch
from onnx2zz.pricing.resources import ALONE, Resources
from onnx2zz.pricing.task import layer_name
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.talk import talk_goes_to


@dataclass(frozen=True)
class Policy:
    """How a mapping is chosen, and what the accelerator's sidecar says of wires. `explains`: somebody reads what the
    choice was compared with, and what wires would save that nobody declared."""

    search: MappingSearch = field(default_factory=MappingSearch)
    wires: Wires = field(default_factory=Wires)
    explains: bool = True


@dataclass(frozen=True)
class Network:
    """What mappings are chosen for: every layer of `workload`. `base` is the accelerator's own mapping file: one
    candidate for each layer, and the place where memory operand links and loop orders come from."""

    workload: PricedWorkload
    accelerator: Found
    base: Found
    options: PriceOptions
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True)
class NetworkChoice:
    """The plain mapping file, each layer's choice by its id, and how many distinct layers there are."""

    entries: tuple[MappingEntry, ...]
    choices: Mapping[int, Choice]
    distinct_layers: int


def choose_mappings(network: Network, log: Path, resources: Resources = ALONE) -> NetworkChoice:
    """Choose for one network, as `choose_networks` does."""
    (found,) = choose_networks([network], log, resources)
    return found


def choose_networks(networks: Sequence[Network], log: Path, resources: Resources) -> list[NetworkChoice]:
    """Choose for each; distinct layers are shared by worker processes, if there are, and asked for once. ZigZag's talk
    goes to `log`.

    Raises InputError if the files do not fit together, and where a worker process dies of a layer. Arrays that compute
    in memory keep `base`: their unrolling is ZigZag's own search, so that asking for the optimal one is an error.
    """
    price_cache = PriceCache(resources.store)
    with talk_goes_to(Path(os.devnull)):  # a run that does not start leaves nothing behind
        inputs = [_inputs(network, price_cache) for network in networks]
    mapped = [_units(network, one) for network, one in zip(networks, inputs, strict=True)]
    with talk_goes_to(log):
        found = _chosen([unit for one in mapped for unit in one.units.values()], resources, log)
    return [_with_file(network, one, of, found) for network, one, of in zip(networks, inputs, mapped, strict=True)]


def choices_of(
    mapped: Sequence[tuple[WorkloadEntry, MappingEntry]],
    inputs: PricingInputs,
    options: PriceOptions,
    policy: Policy,
    resources: Resources,
) -> dict[str, Choice]:
    """The choice for each distinct layer, by `layer_key`, given the mapping file's word on each. `inputs` say what is
    chosen for; the layers need not be those of their workload. All are chosen for in this process: few are asked for at
    a time."""
    setting = _setting(inputs, options, policy)
    units = {layer_key(entry, base): ChoiceUnit(entry, base, setting) for entry, base in reversed(mapped)}
    here = replace(resources, jobs=1, elsewhere=None)
    found = _chosen(list(units.values()), here, Path(os.devnull))
    return {key: found[id(unit)] for key, unit in units.items()}


def _inputs(network: Network, price_cache: PriceCache) -> PricingInputs:
    inputs = load_inputs(network.workload, network.accelerator, network.base, price_cache, as_start=True)
    if inputs.hardware.in_memory and network.policy.search.kind == "optimal":
        # For `auto` it is no error: the mapping file is kept, which is what auto would end with.
        what = "its array computes in memory: ZigZag's own search unrolls it, and nothing is proven of that"
        raise InputError(Problem(str(network.accelerator.path), what, "leave `--mapping optimal` out"))
    return inputs


def _setting(inputs: PricingInputs, options: PriceOptions, policy: Policy) -> ChoiceSetting:
    files = (inputs.accelerator, inputs.hardware, inputs.mapping)
    return ChoiceSetting(*files, options, policy.search, policy.wires, policy.explains)


@dataclass(frozen=True)
class _Units:
    """Of each layer its `layer_key` and what the mapping file says of it, and the distinct layers by key; none where
    that file is kept."""

    mapped: Sequence[tuple[str, MappingEntry]] = ()
    units: Mapping[str, ChoiceUnit] = field(default_factory=dict[str, ChoiceUnit])


def _units(network: Network, inputs: PricingInputs) -> _Units:
    if inputs.hardware.in_memory:
        return _Units()
    setting, found = _setting(inputs, network.options, network.policy), dict[str, ChoiceUnit]()
    mapped: list[tuple[str, MappingEntry]] = []
    layers = network.workload.layers
    for entry, base in zip(layers, mapping_entries_for(layers, inputs.mapping), strict=True):
        key = layer_key(entry, base)
        found.setdefault(key, ChoiceUnit(entry, base, setting))
        mapped.append((key, base))
    return _Units(mapped, found)


def _with_file(network: Network, inputs: PricingInputs, of: _Units, found: Mapping[int, Choice]) -> NetworkChoice:
    if inputs.hardware.in_memory:
        return NetworkChoice(inputs.mapping, {}, 0)
    chosen = {key: found[id(unit)] for key, unit in of.units.items()}
    # Layers of one key have the same loops, so that one word of the mapping file maps them alike.
    how = {
        (key, base.name): mapped_by_choice(of.units[key].entry, base, chosen[key])
        for key, base in {(key, base.name): (key, base) for key, base in of.mapped}.values()
    }
    layers = list(zip(network.workload.layers, of.mapped, strict=True))
    rows = [(layer_name(entry), entry["operator_type"], how[key, base.name]) for entry, (key, base) in layers]
    choices = {entry["id"]: chosen[key] for entry, (key, _) in layers}
    return NetworkChoice(mapping_entries(rows), choices, len(of.units))


def _chosen(units: Sequence[ChoiceUnit], resources: Resources, log: Path) -> dict[int, Choice]:
    """By the identity of each unit."""
    alike: dict[str, list[ChoiceUnit]] = {}
    for unit in units:
        alike.setdefault(unit.key, []).append(unit)
    found: dict[str, Choice] = {}
    for key in alike:
        known = resources.store.get(key)
        if known is not None:
            found[key] = read_as(Choice, known)

    def begun(unit: ChoiceUnit) -> None:
        resources.watch(len(found), len(alike), unit.name)

    asked = [same[0] for key, same in alike.items() if key not in found]
    # `layer_timeout` is the time for one price, and a mapping takes many.
    patient = replace(resources, layer_timeout=None)
    with closing(patient.outcomes(asked, choose_unit, log, begun)) as coming:
        for unit, choice in coming:
            if isinstance(choice, str):
                raise InputError(Problem(unit.name, f"no mapping was chosen: {choice}"))
            found[unit.key] = choice
            resources.store.put(unit.key, asdict(choice))
    resources.watch(len(alike), len(alike), "")
    return {id(unit): found[key] for key, same in alike.items() for unit in same}


def mapped_by_choice(entry: WorkloadEntry, base: MappingEntry, choice: Choice) -> MappingEntry:
    """How a layer is mapped; where nothing may be chosen, as the mapping file has it."""
    if choice.best is None:
        return mapped_as(entry, base, None)
    mapped = mapped_as(entry, base, choice.best.unrolling)
    return mapped if choice.best.ordering is None else replace(mapped, temporal_ordering=choice.best.ordering)
