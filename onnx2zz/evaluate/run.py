"""Evaluate a workload: price each distinct layer once, give every layer its price, add up."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path

from onnx2zz import __version__
from onnx2zz.evaluate.distinct import layer_key, mapping_entry_for
from onnx2zz.evaluate.graph import Edge, execution_order, further_edges
from onnx2zz.evaluate.inputs import Inputs, Workload, load_inputs
from onnx2zz.evaluate.result import Evaluation, LayerResult, Total
from onnx2zz.evaluate.roofline import roofline_cycles
from onnx2zz.evaluate.tensors import Entry, operations
from onnx2zz.shipped_files import Found
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions, Search
from onnx2zz.zigzag.locality import KeptLevels, kept_levels
from onnx2zz.zigzag.price import price
from onnx2zz.zigzag.talk import talk_goes_to

MAC_TYPES = ("Conv", "Gemm", "Conv_downsample")
NOT_IN_MEMORY = ("Pooling", "Add")
"""Operator types that ZigZag skips on arrays that compute in memory (stages/workload_iterator.py:41-48)."""

Outcome = LayerPrice | str
"""A price, or the sentence why there is none."""


@dataclass(frozen=True)
class Means:
    """How the numbers are come by, which they do not depend on. `watch` is told of each distinct layer before it is
    priced (how many are done, of how many, its name), `tell` what the user must know."""

    search: Search = "fast"
    watch: Callable[[int, int, str], None] = lambda done, total, layer: None
    tell: Callable[[str], None] = lambda sentence: None


@dataclass(frozen=True)
class Task:
    """A layer to price: how it is mapped, and which memories its data may do without (a sentence if ZigZag could not
    find that out)."""

    key: str
    entry: Entry
    mapping_entry: Entry
    levels: KeptLevels | str | None

    @property
    def name(self) -> str:
        return layer_name(self.entry)


def evaluate(
    workload: Workload,
    accelerator: Found,
    mapping: Found,
    options: PriceOptions,
    log: Path,
    locality: bool = False,
    means: Means = Means(),
) -> Evaluation:
    """Price `workload` on `accelerator` under `mapping`; whatever ZigZag says meanwhile goes to `log`.

    `locality` keeps data in lower memories between layers; arrays that compute in memory always do, as in ZigZag.
    Raises InputError if the three files do not fit together. A layer that cannot be priced is part of the result.
    """
    with talk_goes_to(Path(os.devnull)):  # a run that does not start leaves nothing behind
        inputs = load_inputs(workload, accelerator, mapping)
    in_memory = inputs.hardware.in_memory
    options = replace(options, mixed_spatial_mapping=in_memory)
    edges = further_edges(workload.layers, workload.coverage) if locality or in_memory else ()
    with talk_goes_to(log):
        tasks = _tasks(inputs, edges, locality or in_memory)
        outcomes = _priced(_distinct(tasks), inputs, options, means)
    layers = tuple(_layer_result(task, outcomes[task.key], inputs) for task in tasks)
    return Evaluation(
        model=workload.model,
        accelerator=accelerator.name,
        zigzag=version("zigzag-dse"),
        onnx2zz=__version__,
        opt=options.opt,
        total=_total(layers, workload.layers),
        layers=layers,
        distinct_layers=len(outcomes),
        evaluated=sum(isinstance(outcome, LayerPrice) for outcome in outcomes.values()),
        edges_added=len(edges),
    )


def layer_name(entry: Entry) -> str:
    """The layer's name, or the one that ZigZag gives it (parser/workload_factory.py:63)."""
    return str(entry.get("name") or f"Layer{entry['id']}")


def _tasks(inputs: Inputs, edges: Sequence[Edge], locality: bool) -> list[Task]:
    layers = inputs.workload.layers
    mapped = [mapping_entry_for(entry, inputs.mapping) for entry in layers]
    levels = _levels(inputs, mapped, edges) if locality else dict.fromkeys(entry["id"] for entry in layers)
    return [_task(entry, how, levels[entry["id"]]) for entry, how in zip(layers, mapped, strict=True)]


def _levels(
    inputs: Inputs, mapped: Sequence[Entry], edges: Sequence[Edge]
) -> Mapping[int, KeptLevels] | Mapping[int, str]:
    layers = inputs.workload.layers
    try:
        return kept_levels(layers, mapped, edges, inputs.accelerator)
    except PricingError as failure:
        return {entry["id"]: str(failure) for entry in layers}


def _task(entry: Entry, mapping_entry: Entry, levels: KeptLevels | str | None) -> Task:
    kept = asdict(levels) if isinstance(levels, KeptLevels) else levels
    return Task(layer_key(entry, mapping_entry, kept), entry, mapping_entry, levels)


def _distinct(tasks: Sequence[Task]) -> list[Task]:
    first: dict[str, Task] = {}
    for task in tasks:
        first.setdefault(task.key, task)
    return list(first.values())


def _priced(tasks: Sequence[Task], inputs: Inputs, options: PriceOptions, means: Means) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    for task in tasks:
        means.watch(len(outcomes), len(tasks), task.name)
        outcome = outcomes[task.key] = _outcome(task, inputs, options, means.search)
        for warning in outcome.warnings if isinstance(outcome, LayerPrice) else ():
            means.tell(f"{task.name}: {warning}")
    means.watch(len(tasks), len(tasks), "")
    return outcomes


def _outcome(task: Task, inputs: Inputs, options: PriceOptions, search: Search) -> Outcome:
    if inputs.hardware.in_memory and task.entry["operator_type"] in NOT_IN_MEMORY:
        kind = task.entry["operator_type"]
        return f"skipped: ZigZag prices no {kind} layer on an array that computes in memory"
    if isinstance(task.levels, str):
        return task.levels
    try:
        return price(task.entry, inputs.accelerator, task.mapping_entry, options, task.levels, search)
    except PricingError as failure:
        return str(failure)


def _layer_result(task: Task, outcome: Outcome, inputs: Inputs) -> LayerResult:
    entry = task.entry
    unpriced = LayerResult(entry["id"], layer_name(entry), entry["operator_type"])
    if isinstance(outcome, str):
        return replace(unpriced, error=f"{unpriced.name}: {outcome}")
    return replace(
        unpriced,
        energy_pj=outcome.energy_pj,
        latency_cycles=outcome.latency_cycles,
        macs=operations(entry) if entry["operator_type"] in MAC_TYPES else 0,
        spatial_utilization=outcome.spatial_utilization,
        spatial_mapping={array_dim: dict(unrolled) for array_dim, unrolled in outcome.spatial_mapping},
        roofline_cycles=roofline_cycles(entry, task.mapping_entry, inputs.hardware),
    )


def _total(layers: Sequence[LayerResult], entries: Sequence[Entry]) -> Total:
    by_id = {layer.id: layer for layer in layers if layer.error is None}
    priced = [by_id[layer] for layer in execution_order(entries) if layer in by_id]
    return Total(
        energy_pj=_added_up(layer.energy_pj for layer in priced),
        latency_cycles=_added_up(layer.latency_cycles for layer in priced),
        macs=sum(layer.macs or 0 for layer in priced),
        incomplete=len(priced) < len(layers),
    )


def _added_up(numbers: Iterable[float | None]) -> float:
    """Plain additions from the left as ZigZag makes them; since Python 3.12 `sum` compensates for rounding."""
    return reduce(add, (number or 0.0 for number in numbers), 0.0)
