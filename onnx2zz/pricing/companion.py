"""What works beside an array that computes in memory: the layers that ZigZag prices on no such array."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entry_for
from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator, sidecar
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import PricedWorkload, PricingInputs, load_inputs
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.pricing.task import NOT_IN_MEMORY, PricingTerms, Task, Unit
from onnx2zz.zigzag.layer_price import PriceOptions, Search

if TYPE_CHECKING:
    from onnx2zz.sidecar.figures import Sidecar


@dataclass(frozen=True)
class Companion:
    """An accelerator and the mapping for what it takes."""

    accelerator: Found
    mapping: Found


@dataclass(frozen=True)
class Beside:
    """A companion, read and checked, and the terms on which it is asked. `clock_mhz` as its own sidecar has it, None
    where it works at the array's clock."""

    name: str
    mapping: tuple[MappingEntry, ...]
    terms: PricingTerms
    inputs: PricingInputs
    clock_mhz: float | None

    def takes(self, entry: WorkloadEntry) -> bool:
        """Whether a layer is its work."""
        return entry["operator_type"] in NOT_IN_MEMORY

    def task(self, task: Task) -> Task:
        """The task as the companion is asked for it, mapped by its file and with its own memories; the work of the
        array as it is."""
        if not self.takes(task.entry):
            return task
        mapped = mapping_entry_for(task.entry, self.mapping)
        # Levels that locality found are indices into the array's memories, and mean nothing here.
        return Task(layer_key(task.entry, mapped), task.entry, mapped, None)


def beside_array(
    asked: Companion, workload: PricedWorkload, how: tuple[PriceOptions, Search], price_cache: PriceCache
) -> Beside:
    """The companion ready to price layers of a workload. Raises InputError with all that is wrong with its files."""
    from onnx2zz.sidecar.reading import sidecar_of

    found = load_inputs(workload, asked.accelerator, asked.mapping, price_cache, as_start=True)
    own = sidecar_of(asked.accelerator, found.accelerator.hierarchy)
    terms = PricingTerms(found.accelerator, found.hardware.in_memory, *how)
    return Beside(asked.accelerator.name, found.mapping, terms, found, own.clock_mhz if own else None)


def unit_of(task: Task, terms: PricingTerms, beside: Beside | None) -> Unit:
    """A task where it is priced."""
    # A folded layer is the array's: the companion's tasks are never folded.
    here = beside.terms if beside is not None and beside.takes(task.entry) else terms
    return Unit(task, here if task.fold is None else here.on_folded(task.fold))


def companion_of(said: "Sidecar | None", accelerator: Found) -> Companion | None:
    """The companion that a sidecar names: a file beside it, or the name of what ships. Raises InputError."""
    if said is None or said.companion is None:
        return None
    # Beside the sidecar, not beside the accelerator: for one of ZigZag's the sidecar is ours, and so is the companion.
    beside = sidecar(accelerator).with_name(said.companion)
    found = Found(beside.stem, beside) if beside.is_file() else find_accelerator(said.companion)
    return Companion(found, _mapping(found))


def _mapping(companion: Found) -> Found:
    """NAME.mapping.yaml beside the companion; else what is chosen for any accelerator."""
    own = Path(companion.path).with_name(f"{companion.path.stem}.mapping.yaml")
    return Found(own.stem, own) if own.is_file() else choose_mapping(None, companion)
