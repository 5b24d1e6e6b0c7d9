"""Evaluate a workload: price each distinct layer once, give every layer its price, add up."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path

import networkx as nx

from onnx2zz import __version__
from onnx2zz.evaluate.distinct import layer_key, mapping_entry_for
from onnx2zz.evaluate.inputs import Inputs, Workload, load_inputs
from onnx2zz.evaluate.result import Evaluation, LayerResult, Total
from onnx2zz.evaluate.roofline import roofline_cycles
from onnx2zz.evaluate.tensors import Entry, operations
from onnx2zz.shipped_files import Found
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.price import LayerPrice, PriceOptions, price
from onnx2zz.zigzag.talk import talk_goes_to

MAC_TYPES = ("Conv", "Gemm", "Conv_downsample")
NOT_IN_MEMORY = ("Pooling", "Add")
"""Operator types that ZigZag skips on arrays that compute in memory (stages/workload_iterator.py:41-48)."""

Outcome = LayerPrice | str
"""A price, or the sentence why there is none."""

Watch = Callable[[int, int, str], None]
"""Told before each distinct layer: how many are done, of how many, and the name of the one at work."""


@dataclass(frozen=True)
class Task:
    """A distinct layer to price: the first layer of its kind and how it is mapped."""

    key: str
    entry: Entry
    mapping_entry: Entry

    @property
    def name(self) -> str:
        return layer_name(self.entry)


def evaluate(
    workload: Workload,
    accelerator: Found,
    mapping: Found,
    options: PriceOptions,
    log: Path,
    watch: Watch = lambda done, total, layer: None,
) -> Evaluation:
    """Price `workload` on `accelerator` under `mapping`; whatever ZigZag says meanwhile goes to `log`.

    Raises InputError if the three files do not fit together. A layer that cannot be priced is part of the result.
    """
    with talk_goes_to(Path(os.devnull)):  # a run that does not start leaves nothing behind
        inputs = load_inputs(workload, accelerator, mapping)
    with talk_goes_to(log):
        options = replace(options, mixed_spatial_mapping=inputs.hardware.in_memory)
        tasks = [_task(entry, inputs) for entry in workload.layers]
        outcomes = dict(_priced(_distinct(tasks), inputs, options, watch))
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
        edges_added=0,
    )


def layer_name(entry: Entry) -> str:
    """The layer's name, or the one that ZigZag gives it (parser/workload_factory.py:63)."""
    return str(entry.get("name") or f"Layer{entry['id']}")


def _task(entry: Entry, inputs: Inputs) -> Task:
    mapping_entry = mapping_entry_for(entry, inputs.mapping)
    return Task(layer_key(entry, mapping_entry), entry, mapping_entry)


def _distinct(tasks: Sequence[Task]) -> list[Task]:
    return list({task.key: task for task in reversed(tasks)}.values())[::-1]


def _priced(
    tasks: Sequence[Task], inputs: Inputs, options: PriceOptions, watch: Watch
) -> Iterator[tuple[str, Outcome]]:
    for done, task in enumerate(tasks):
        watch(done, len(tasks), task.name)
        yield task.key, _outcome(task, inputs, options)
    watch(len(tasks), len(tasks), "")


def _outcome(task: Task, inputs: Inputs, options: PriceOptions) -> Outcome:
    if inputs.hardware.in_memory and task.entry["operator_type"] in NOT_IN_MEMORY:
        kind = task.entry["operator_type"]
        return f"skipped: ZigZag prices no {kind} layer on an array that computes in memory"
    try:
        return price(task.entry, inputs.accelerator, task.mapping_entry, options)
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
    priced = [by_id[layer] for layer in _execution_order(entries) if layer in by_id]
    return Total(
        energy_pj=_added_up(layer.energy_pj for layer in priced),
        latency_cycles=_added_up(layer.latency_cycles for layer in priced),
        macs=sum(layer.macs or 0 for layer in priced),
        incomplete=len(priced) < len(layers),
    )


def _added_up(numbers: Iterable[float | None]) -> float:
    """Plain additions from the left as ZigZag makes them; since Python 3.12 `sum` compensates for rounding."""
    return reduce(add, (number or 0.0 for number in numbers), 0.0)


def _execution_order(entries: Sequence[Entry]) -> list[int]:
    """The order in which ZigZag runs and adds up the layers (workload/dnn_workload.py:22-37): with floats it shows."""
    graph = nx.DiGraph()
    for entry in entries:
        graph.add_node(entry["id"])
        sources = (entry.get("operand_source") or {}).values()
        graph.add_edges_from((source, entry["id"]) for source in sources if source != entry["id"])
    return list(nx.topological_sort(graph))
