"""A distinct layer to be mapped, as a unit of work: here, or in a worker process that was given the same terms."""

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.chosen import Choice
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import AcceleratorFile
from onnx2zz.pricing.price_cache import key_of
from onnx2zz.pricing.request import MappingSearch
from onnx2zz.pricing.task import layer_name, prime_factors
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.layer_price import PriceOptions

if TYPE_CHECKING:
    from onnx2zz.mapping.judge import ChoiceTerms

FORMAT = 7
"""Raise it when other candidates are found, refused or preferred: choices of earlier runs are then made anew."""
FACTOR_S = 5e-3
"""Seconds for each prime factor of a layer's loops: enough to tell long from short."""


@dataclass(frozen=True)
class ChoiceSetting:
    """What all choices of a network rest on. `mapping`: the accelerator's own; `explains`: somebody reads what the
    choice was compared with, and what wires would save that nobody declared."""

    accelerator: AcceleratorFile
    hardware: ArrayAndPorts
    mapping: tuple[MappingEntry, ...]
    options: PriceOptions
    search: MappingSearch
    wires: Wires
    explains: bool

    def __getstate__(self) -> dict[str, object]:
        """Without `terms`: another process makes its own, with an accelerator of its own."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def terms(self) -> "ChoiceTerms":
        """ZigZag is not needed where every choice is known."""
        from onnx2zz.mapping.interconnect import declared, shown_by
        from onnx2zz.mapping.judge import ChoiceTerms
        from onnx2zz.zigzag.accelerator import hierarchy

        accelerator, search = self.accelerator.built, self.search
        memories = hierarchy(accelerator)
        wires = shown_by(self.mapping, declared(memories, self.wires)) if search.rules == "strict" else None
        return ChoiceTerms(
            accelerator, self.hardware, memories, wires, self.options, search.quick_budget, self.explains
        )


@dataclass(frozen=True)
class ChoiceUnit:
    """A layer, and the mapping file's word on it."""

    entry: WorkloadEntry
    mapping_entry: MappingEntry
    setting: ChoiceSetting

    @property
    def name(self) -> str:
        return layer_name(self.entry)

    @property
    def seconds(self) -> float:
        """About how long it takes: the more factors there are, the more unrollings."""
        return FACTOR_S * sum(map(prime_factors, self.entry["loop_sizes"]))

    @cached_property
    def key(self) -> str:
        """Of everything that the choice depends on."""
        setting = self.setting
        rules = (asdict(setting.search), asdict(setting.wires), list(setting.mapping))
        told = () if setting.explains else ("without savings",)
        layer = layer_key(self.entry, self.mapping_entry)
        return key_of(("choice", (layer, setting.accelerator.document, setting.options, rules, FORMAT, *told)))


def choose_unit(unit: ChoiceUnit) -> Choice:
    """The mapping of a layer."""
    from onnx2zz.mapping.undeclared import with_undeclared

    found, terms = _as_declared(unit), unit.setting.terms
    return with_undeclared(found, unit.entry, unit.mapping_entry, terms) if unit.setting.explains else found


def _as_declared(unit: ChoiceUnit) -> Choice:
    setting = unit.setting
    if setting.search.kind == "auto":
        from onnx2zz.mapping.choice import choose

        return choose(unit.entry, unit.mapping_entry, setting.terms)
    from onnx2zz.mapping.optimal.choice import choose_optimal

    return choose_optimal(unit.entry, unit.mapping_entry, setting.terms, setting.search.gap, setting.search.budget)
