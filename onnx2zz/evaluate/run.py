"""Evaluate a workload: price each distinct layer once, give every layer its price, add up."""

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Protocol

from onnx2zz import __version__
from onnx2zz.errors import raise_if_any
from onnx2zz.evaluate.accounted import HostNode, host_nodes, lost_work, stand_ins
from onnx2zz.evaluate.beyond import NOTHING, Beyond
from onnx2zz.evaluate.breakdown import Target, breakdown
from onnx2zz.evaluate.distinct import layer_key, mapping_entry_for
from onnx2zz.evaluate.graph import Edge, execution_order, further_edges
from onnx2zz.evaluate.inputs import Inputs, Workload, load_inputs
from onnx2zz.evaluate.remembered import Memory, NoMemory, Remembered
from onnx2zz.evaluate.result import Evaluation, LayerResult, Total
from onnx2zz.evaluate.roofline import busiest_port, operand_bits, ports_reached, roofline
from onnx2zz.evaluate.room import without_room
from onnx2zz.evaluate.task import Outcome, Task, Terms, Unit, layer_name, price_task
from onnx2zz.evaluate.weights_home import weights_with_room
from onnx2zz.evaluate.workers import Crew, outcomes_of_workers, worker, worth_workers
from onnx2zz.shipped_files import Found
from onnx2zz.workload_entry import Entry, operations
from onnx2zz.zigzag import tested
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions, Search
from onnx2zz.zigzag.levels import KeptLevels
from onnx2zz.zigzag.talk import talk_goes_to

MAC_TYPES = ("Conv", "Gemm", "Conv_downsample")


class Elsewhere(Protocol):
    """Where units are priced instead of here."""

    def outcomes(
        self, units: Sequence[Unit], begun: Callable[[Unit], None]
    ) -> Generator[tuple[Unit, Outcome], None, None]:
        """Each unit with its outcome, as they come; `begun` is told of each."""
        ...


@dataclass(frozen=True)
class Means:
    """How the numbers are come by, which they do not depend on. `watch` is told of each distinct layer before it is
    priced (how many are done, of how many, its name), `tell` what the user must know. With `jobs` > 1 worker processes
    share the work, if there is enough of it. A layer that takes longer than `layer_timeout` seconds is given up; since
    that needs a process that can be ended, there are workers then in any case. With `elsewhere` none of this machine's
    processes prices anything."""

    search: Search = "fast"
    memory: Memory = NoMemory()  # noqa: RUF009 - it has no state
    jobs: int = 1
    watch: Callable[[int, int, str], None] = lambda done, total, layer: None
    tell: Callable[[str], None] = lambda sentence: None
    layer_timeout: float | None = None
    elsewhere: Elsewhere | None = None


def evaluate(
    workload: Workload,
    accelerator: Found,
    mapping: Found,
    options: PriceOptions,
    log: Path,
    locality: bool = False,
    means: Means = Means(),
    beyond: Beyond = NOTHING,
) -> Evaluation:
    """Price `workload` on `accelerator` under `mapping`; whatever ZigZag says meanwhile goes to `log`.

    `locality` keeps data in lower memories between layers; arrays that compute in memory and mixed spatial mappings
    always do, as in ZigZag (api.py:79).
    `beyond` adds numbers of our own beside ZigZag's.
    Raises InputError if the three files do not fit together. A layer that cannot be priced is part of the result.
    """
    remembered = Remembered(means.memory, trusting=means.search == "fast")
    ready = prepare(
        workload, accelerator, mapping, options, log, remembered, locality, means.search, beyond, means.tell
    )
    with talk_goes_to(log, anew=False):
        outcomes = list(priced([Unit(task, ready.terms) for task in ready.unknown], remembered, means, log))
        found = {unit.task.key: outcome for unit, outcome in outcomes}
        if means.layer_timeout is None:  # the smallest memory that would do takes many prices to find
            found |= without_room([(unit.task, outcome) for unit, outcome in outcomes], ready.terms)
    return ready.evaluation(found)


@dataclass(frozen=True)
class Prepared:
    """Inputs that fit together, the task of each layer, and the prices that are `known`; `unknown` are the distinct
    tasks that are left to be priced."""

    accelerator: str
    mapping: str
    inputs: Inputs
    terms: Terms
    edges: tuple[Edge, ...]
    tasks: tuple[Task, ...]
    known: Mapping[str, Outcome]
    beyond: Beyond

    @property
    def unknown(self) -> list[Task]:
        return [task for task in _distinct(self.tasks) if task.key not in self.known]

    def evaluation(self, found: Mapping[str, Outcome]) -> Evaluation:
        """The whole, given the outcome of each unknown task by its key."""
        workload, outcomes = self.inputs.workload, {**self.known, **found}
        hosts = host_nodes(workload.coverage)
        layers = tuple(
            _layer_result(task, outcomes[task.key], self.inputs, task.key in self.known, self.beyond)
            for task in self.tasks
        )
        return Evaluation(
            model=workload.model,
            accelerator=self.accelerator,
            zigzag=version("zigzag-dse"),
            onnx2zz=__version__,
            opt=self.terms.options.opt,
            total=_total(layers, hosts, self.inputs, self.beyond),
            layers=layers,
            distinct_layers=len(_distinct(self.tasks)),
            evaluated=sum(isinstance(found[task.key], LayerPrice) for task in self.unknown),
            edges_added=len(self.edges),
            sidecar=self.beyond.sidecar,
            events_from=self.beyond.events_from,
            host=hosts,
            approximate=stand_ins(workload.coverage),
            mapping=self.mapping,
            hardware=_target(self.inputs),
            extracted=self.inputs.accelerator.extracted,
        )


def prepare(
    workload: Workload,
    accelerator: Found,
    mapping: Found,
    options: PriceOptions,
    log: Path,
    remembered: Remembered,
    locality: bool = False,
    search: Search = "fast",
    beyond: Beyond = NOTHING,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Prepared:
    """Everything of `evaluate` that comes before the pricing; `tell` is told what the user must know of it. Raises
    InputError as `evaluate` does."""
    with talk_goes_to(Path(os.devnull)):  # a run that does not start leaves nothing behind
        inputs = load_inputs(workload, accelerator, mapping, remembered)
    in_memory = inputs.hardware.in_memory
    raise_if_any(beyond.problems(str(accelerator.path), in_memory))
    options = replace(options, mixed_spatial_mapping=options.mixed_spatial_mapping or in_memory)
    locality = locality or options.mixed_spatial_mapping
    terms = Terms(inputs.accelerator, in_memory, options, search)
    edges = further_edges(workload.layers, workload.coverage) if locality else ()
    with talk_goes_to(log):
        tasks = tuple(_tasks(inputs, edges, locality, remembered, tell))
        known = _known(_distinct(tasks), terms, remembered)
    return Prepared(accelerator.name, mapping.name, inputs, terms, edges, tasks, known, beyond)


def _tasks(
    inputs: Inputs, edges: Sequence[Edge], locality: bool, remembered: Remembered, tell: Callable[[str], None]
) -> list[Task]:
    layers = inputs.workload.layers
    mapped = [mapping_entry_for(entry, inputs.mapping) for entry in layers]
    ids = [entry["id"] for entry in layers]
    levels = _levels(inputs, mapped, edges, remembered, tell) if locality else dict.fromkeys(ids)
    return [_task(entry, how, levels[entry["id"]]) for entry, how in zip(layers, mapped, strict=True)]


def _levels(
    inputs: Inputs,
    mapped: Sequence[Entry],
    edges: Sequence[Edge],
    remembered: Remembered,
    tell: Callable[[str], None],
) -> Mapping[int, KeptLevels] | Mapping[int, str]:
    def found() -> Mapping[int, KeptLevels]:
        from onnx2zz.zigzag.locality import kept_levels

        return kept_levels(layers, mapped, edges, inputs.accelerator.built)

    layers = inputs.workload.layers
    try:
        levels = remembered.levels((inputs.accelerator.document, list(layers), list(mapped), list(edges)), found)
    except PricingError as failure:
        return {entry["id"]: str(failure) for entry in layers}
    kept, told = weights_with_room(levels, layers, mapped, inputs.accelerator.hierarchy.memories)
    if told is not None:
        tell(told)
    return kept


def _task(entry: Entry, mapping_entry: Entry, levels: KeptLevels | str | None) -> Task:
    kept = asdict(levels) if isinstance(levels, KeptLevels) else levels
    return Task(layer_key(entry, mapping_entry, kept), entry, mapping_entry, levels)


def _distinct(tasks: Sequence[Task]) -> list[Task]:
    first: dict[str, Task] = {}
    for task in tasks:
        first.setdefault(task.key, task)
    return list(first.values())


def _known(tasks: Sequence[Task], terms: Terms, remembered: Remembered) -> dict[str, Outcome]:
    prices = ((task.key, remembered.price(Unit(task, terms).asked)) for task in tasks)
    return {key: price for key, price in prices if price is not None}


def priced(
    units: Sequence[Unit], remembered: Remembered, means: Means, log: Path
) -> Generator[tuple[Unit, Outcome], None, None]:
    """Each unit with its outcome as they come; prices are kept at once."""
    done, doubt = 0, tested.doubt() if units else None
    if doubt:
        means.tell(doubt)

    def begun(unit: Unit) -> None:
        means.watch(done, len(units), unit.task.name)

    with closing(_outcomes(units, means, log, begun)) as coming:  # interrupted here, the workers end as well
        for unit, outcome in coming:
            done += 1
            if isinstance(outcome, LayerPrice):
                remembered.keep_price(unit.asked, outcome)
                for warning in outcome.warnings:
                    means.tell(f"{unit.task.name}: {warning}")
            yield unit, outcome
    means.watch(len(units), len(units), "")


def _outcomes(
    units: Sequence[Unit], means: Means, log: Path, begun: Callable[[Unit], None]
) -> Generator[tuple[Unit, Outcome], None, None]:
    if means.elsewhere is not None:
        yield from means.elsewhere.outcomes(units, begun)
        return
    if units and (means.layer_timeout is not None or (means.jobs > 1 and worth_workers(units))):
        crew = Crew(means.jobs, lambda: worker(log), means.tell, means.layer_timeout)
        yield from outcomes_of_workers(units, crew, begun)
        return
    for unit in units:
        begun(unit)
        yield unit, price_task(unit.task, unit.terms)


def _layer_result(task: Task, outcome: Outcome, inputs: Inputs, from_cache: bool, beyond: Beyond) -> LayerResult:
    entry = task.entry
    unpriced = LayerResult(entry["id"], layer_name(entry), entry["operator_type"])
    if isinstance(outcome, str):
        return replace(unpriced, error=f"{unpriced.name}: {outcome}")
    least = roofline(entry, task.mapping_entry, inputs.hardware)
    port = busiest_port(entry, task.mapping_entry, inputs.hardware)
    return replace(
        unpriced,
        energy_pj=outcome.energy_pj,
        latency_cycles=outcome.latency_cycles,
        macs=operations(entry) if entry["operator_type"] in MAC_TYPES else 0,
        spatial_utilization=outcome.spatial_utilization,
        spatial_mapping={array_dim: dict(unrolled) for array_dim, unrolled in outcome.spatial_mapping},
        roofline_cycles=least.cycles,
        bound_by=least.bound_by,
        below_roofline=outcome.latency_cycles < _reachable(task, inputs),
        from_cache=from_cache,
        physical=beyond.physical(outcome, entry, inputs.accelerator.hierarchy),
        events=beyond.events(outcome, entry),
        breakdown=breakdown(outcome, operations(entry), inputs.hardware.units, port, operand_bits(entry)),
    )


def _reachable(task: Task, inputs: Inputs) -> float:
    """The cycles of the roofline of what locality lets go as far as the highest memory."""
    hardware = inputs.hardware
    if isinstance(task.levels, KeptLevels):
        hardware = ports_reached(hardware, task.entry, task.levels, inputs.accelerator.hierarchy.memories)
    return roofline(task.entry, task.mapping_entry, hardware).cycles


def _target(inputs: Inputs) -> Target:
    memories = {memory.name: memory.size or 0 for memory in inputs.accelerator.hierarchy.memories}
    return Target(dict(inputs.hardware.array), inputs.hardware.units, memories)


def _total(layers: Sequence[LayerResult], hosts: Sequence[HostNode], inputs: Inputs, beyond: Beyond) -> Total:
    by_id = {layer.id: layer for layer in layers if layer.error is None}
    priced = [by_id[layer] for layer in execution_order(inputs.workload.layers) if layer in by_id]
    return Total(
        energy_pj=_added_up(layer.energy_pj for layer in priced),
        latency_cycles=_added_up(layer.latency_cycles for layer in priced),
        macs=sum(layer.macs or 0 for layer in priced),
        incomplete=len(priced) < len(layers) or bool(lost_work(hosts)),
        physical=beyond.total_physical([layer.physical for layer in priced if layer.physical], inputs.accelerator),
        events=beyond.total_events([layer.events for layer in priced if layer.events]),
    )


def _added_up(numbers: Iterable[float | None]) -> float:
    """Plain additions from the left as ZigZag makes them; since Python 3.12 `sum` compensates for rounding."""
    return reduce(add, (number or 0.0 for number in numbers), 0.0)
