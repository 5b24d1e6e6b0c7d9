"""The task of each layer: its loops, its mapping entry, the memories that its operands reach, and a folded array."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entries_for
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.fold import fold_of, folded_entry, why_not
from onnx2zz.pricing.graph import Edge
from onnx2zz.pricing.inputs import PricingInputs
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.pricing.task import Task
from onnx2zz.pricing.weights_home import weights_with_room
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.levels import KeptLevels


def tasks_of(
    inputs: PricingInputs, edges: Sequence[Edge], locality: bool, price_cache: PriceCache, tell: Callable[[str], None]
) -> list[Task]:
    """A task for each layer, in the order of the workload; with `locality` each says how far its operands travel."""
    layers = inputs.workload.layers
    mapped = mapping_entries_for(layers, inputs.mapping)
    ids = [entry["id"] for entry in layers]
    levels = _levels(inputs, mapped, edges, price_cache, tell) if locality else dict.fromkeys(ids)
    return [_task(entry, how, levels[entry["id"]]) for entry, how in zip(layers, mapped, strict=True)]


def folded(task: Task, hierarchy: Hierarchy, tell: Callable[[str], None]) -> Task:
    """The task with one loop over two array dims as ZigZag can price it; what is done, or cannot be, is told."""
    fold = fold_of(task.entry, task.mapping_entry)
    if fold is None:
        return task
    why = why_not(fold, hierarchy)
    if why is not None:
        told = f"ZigZag leaves out a part of it, and the array cannot be folded: {why}"
        tell(f"{task.name}: {fold.name}: {told}")
        return task
    tell(f"{task.name}: {fold.name}: priced with {fold.across} folded onto {fold.onto}; stock ZigZag leaves it out")
    mapped = folded_entry(task.mapping_entry, fold)
    # The fold is part of the key: in one run the same entry may map a layer on the array as it is.
    kept = asdict(task.levels) if isinstance(task.levels, KeptLevels) else task.levels
    return Task(layer_key(task.entry, mapped, (kept, asdict(fold))), task.entry, mapped, task.levels, fold)


def _levels(
    inputs: PricingInputs,
    mapped: Sequence[MappingEntry],
    edges: Sequence[Edge],
    price_cache: PriceCache,
    tell: Callable[[str], None],
) -> Mapping[int, KeptLevels] | Mapping[int, str]:
    def found() -> Mapping[int, KeptLevels]:
        from onnx2zz.zigzag.locality import kept_levels

        return kept_levels(layers, mapped, edges, inputs.accelerator.built)

    layers = inputs.workload.layers
    try:
        asked = (inputs.accelerator.document, list(layers), [one.document() for one in mapped], list(edges))
        levels = price_cache.levels(asked, found)
    # Each layer gets the reason as its own: a run ends with a table that says why, and not with a traceback.
    except PricingError as failure:
        return {entry["id"]: str(failure) for entry in layers}
    kept, told = weights_with_room(levels, layers, mapped, inputs.accelerator.hierarchy.memories)
    if told is not None:
        tell(told)
    return kept


def _task(entry: WorkloadEntry, mapping_entry: MappingEntry, levels: KeptLevels | str | None) -> Task:
    kept = asdict(levels) if isinstance(levels, KeptLevels) else levels
    return Task(layer_key(entry, mapping_entry, kept), entry, mapping_entry, levels)
