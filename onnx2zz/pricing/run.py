"""Evaluate a workload: price each distinct layer once, give every layer its price, add up."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz import __version__
from onnx2zz.errors import raise_if_any
from onnx2zz.formats.blocks import blocks_of
from onnx2zz.installed import version
from onnx2zz.pricing.accounted import HostNode, experts_of, host_nodes, lost_work, stand_ins
from onnx2zz.pricing.breakdown import BreakdownPart
from onnx2zz.pricing.companion import Beside, beside_array, unit_of
from onnx2zz.pricing.graph import Edge, execution_order, further_edges
from onnx2zz.pricing.inputs import AcceleratorFile, PricingInputs, load_inputs
from onnx2zz.pricing.layer_result import layer_result
from onnx2zz.pricing.layer_tasks import folded, tasks_of
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import ALONE, Resources
from onnx2zz.pricing.result import Evaluation, LayerResult, Total
from onnx2zz.pricing.supplement import Supplement
from onnx2zz.pricing.task import Answer, Outcome, PricingTerms, Task, Unit, layer_name, price_unit
from onnx2zz.zigzag import tested
from onnx2zz.zigzag.layer_price import LayerPrice, SearchedPrice
from onnx2zz.zigzag.talk import talk_goes_to

if TYPE_CHECKING:
    from onnx2zz.pricing.in_memory import InMemoryTotal
    from onnx2zz.pricing.physical import LayerPhysical
    from onnx2zz.zigzag.in_memory_array import InMemoryArray


def evaluate(request: EvaluationRequest, log: Path, resources: Resources = ALONE) -> Evaluation:
    """Price the layers as `request.mapping` has them; whatever ZigZag says meanwhile goes to `log`.

    Data stay in lower memories between layers where the request says so; arrays that compute in memory and mixed
    spatial mappings always keep them there, as in ZigZag (api.py:79).
    Raises InputError if the three files do not fit together, and where nothing can be priced because the accelerator is
    at fault. A layer that cannot be priced is part of the result.
    """
    # Whoever asks for ZigZag's own search doubts ours, and must not be answered by what ours has found before.
    price_cache = PriceCache(resources.store, trusting=request.search == "fast")
    ready = prepare(request, log, price_cache, resources.tell)
    with talk_goes_to(log, anew=False):
        outcomes = list(priced([ready.unit(task) for task in ready.unknown], price_cache, resources, log))
        found = {unit.task.key: outcome for unit, outcome in outcomes}
        if outcomes and resources.layer_timeout is None:  # the smallest memory that would do takes many prices to find
            from onnx2zz.pricing.room import without_room

            # By terms: on a companion, or on a folded array, other memories are too small.
            for terms in {id(unit.terms): unit.terms for unit, _ in outcomes}.values():
                found |= without_room([(unit.task, one) for unit, one in outcomes if unit.terms is terms], terms)
    # Where nothing at all could be priced the accelerator is the likeliest cause. One price, known or new, acquits it.
    if found and not ready.known and all(isinstance(outcome, str) for outcome in found.values()):
        from onnx2zz.pricing.accelerator_check import accelerator_faults

        accelerator = ready.inputs.accelerator
        raise_if_any(accelerator_faults(accelerator.path, accelerator.document))
    return ready.evaluation(found)


@dataclass(frozen=True)
class Prepared:
    """Inputs that fit together, the task of each layer, and the prices that are `known`; `unknown` are the distinct
    tasks that are left to be priced. `beside`: the companion of an array that computes in memory, `array` that array.
    """

    request: EvaluationRequest
    inputs: PricingInputs
    terms: PricingTerms
    edges: tuple[Edge, ...]
    tasks: tuple[Task, ...]
    known: Mapping[str, Outcome]
    beside: Beside | None = None
    array: "InMemoryArray | None" = None

    def unit(self, task: Task) -> Unit:
        """A task where it is priced: on the accelerator, or on its companion."""
        return unit_of(task, self.terms, self.beside)

    @property
    def unknown(self) -> list[Task]:
        return [task for task in _distinct(self.tasks) if task.key not in self.known]

    def evaluation(self, found: Mapping[str, Outcome]) -> Evaluation:
        """The whole, given the outcome of each unknown task by its key."""
        workload, outcomes = self.inputs.workload, {**self.known, **found}
        supplement = self.request.supplement
        hosts = host_nodes(workload.coverage)
        physical = self._physical(outcomes)
        layers = tuple(self._results(outcomes))
        if physical:
            layers = tuple(replace(one, physical=physical.get(one.id)) for one in layers)
        return Evaluation(
            model=workload.model,
            accelerator=self.request.accelerator.name,
            zigzag=version("zigzag-dse"),
            onnx2zz=__version__,
            opt=self.terms.options.opt,
            total=replace(_total(layers, hosts, self.inputs, supplement), in_memory=self._in_memory(layers)),
            layers=layers,
            distinct_layers=len(_distinct(self.tasks)),
            evaluated=sum(isinstance(found[task.key], LayerPrice) for task in self.unknown),
            edges_added=len(self.edges),
            sidecar=supplement.sidecar,
            events_from=supplement.events_from,
            host=hosts,
            approximate=stand_ins(workload.coverage),
            mapping=self.request.mapping.name,
            hardware=_target(self.inputs),
            extracted=self.inputs.accelerator.extracted,
            experts=experts_of(workload.coverage),
            blocks=blocks_of([task.key for task in self.tasks]),
        )

    def _physical(self, outcomes: Mapping[str, Outcome]) -> "Mapping[int, LayerPhysical]":
        """What the sidecar adds to each layer, by its id."""
        layers, supplement = self.inputs.workload.layers, self.request.supplement
        prices = {
            task.entry["id"]: outcome
            for task in self.tasks
            if isinstance(outcome := outcomes[task.key], LayerPrice)
        }  # fmt: skip
        # The sidecar's rules are about the array and its memories; of them a companion has none.
        on_array = {number: price for number, price in prices.items() if not self._is_beside(number)}
        physical = supplement.physical(layers, on_array, self.inputs.accelerator.hierarchy)
        if self.beside is None:
            return physical
        elsewhere = {number: price for number, price in prices.items() if number not in on_array}
        hierarchy = self.beside.inputs.accelerator.hierarchy
        return {**physical, **supplement.without_rules.physical(layers, elsewhere, hierarchy)}

    def _is_beside(self, number: int) -> bool:
        beside = self.beside
        return beside is not None and any(beside.takes(one.entry) for one in self.tasks if one.entry["id"] == number)

    def _results(self, outcomes: Mapping[str, Outcome]) -> Iterator[LayerResult]:
        """The result of each layer; layers that cost the same share what they have in common but events, which are
        counted for each."""
        supplement, first = self.request.supplement, dict[str, LayerResult]()
        for task in self.tasks:
            outcome, like = outcomes[task.key], first.get(task.key)
            # A failure is told with the name of its layer, so that every layer needs its own sentence.
            if like is None or isinstance(outcome, str):
                like = self._layer(task, outcome)
                first[task.key] = like
                yield like
            else:
                events = supplement.events(outcome, task.entry)
                yield replace(like, id=task.entry["id"], name=layer_name(task.entry), events=events)

    def _layer(self, task: Task, outcome: Outcome) -> LayerResult:
        known, supplement = task.key in self.known, self.request.supplement
        if self.beside is None or not self.beside.takes(task.entry):
            return layer_result(task, outcome, self.inputs, known, supplement)
        found = layer_result(task, outcome, self.beside.inputs, known, supplement)
        return replace(found, priced_on=self.beside.name)

    def _in_memory(self, layers: Sequence[LayerResult]) -> "InMemoryTotal | None":
        if self.array is None:
            return None
        from onnx2zz.pricing.in_memory import in_memory_total

        name = self.beside.name if self.beside else None
        clock = self.beside.clock_mhz if self.beside else None
        sidecar = self.request.supplement.sidecar
        return in_memory_total(self.array, layers, name, clock, sidecar.input_toggle if sidecar else None)


def prepare(
    request: EvaluationRequest,
    log: Path,
    price_cache: PriceCache,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Prepared:
    """Everything of `evaluate` that comes before the pricing; `tell` is told what the user must know of it. Raises
    InputError as `evaluate` does."""
    with talk_goes_to(Path(os.devnull)):  # a run that does not start leaves nothing behind
        inputs = load_inputs(request.workload, request.accelerator, request.mapping, price_cache)
        in_memory = inputs.hardware.in_memory
        array = _array_of(inputs.accelerator, price_cache) if in_memory else None
        asked = request.companion if in_memory else None
        beside = asked and beside_array(asked, request.workload, (request.options, request.search), price_cache)
    raise_if_any(request.supplement.problems(str(request.accelerator.path), in_memory))
    for note in request.supplement.notes(request.workload.layers):
        tell(note)
    # As ZigZag's own entry point sets it for such arrays (api.py:79).
    options = replace(request.options, mixed_spatial_mapping=request.options.mixed_spatial_mapping or in_memory)
    locality = request.locality or options.mixed_spatial_mapping
    terms = PricingTerms(inputs.accelerator, in_memory, options, request.search)
    edges = further_edges(request.workload.layers, request.workload.coverage) if locality else ()
    # The first thing that writes the log anew; from here on there is a run, and what it says is added.
    with talk_goes_to(log):
        tasks = tuple(tasks_of(inputs, edges, locality, price_cache, tell))
    tasks = tuple(
        beside.task(task) if beside and beside.takes(task.entry) else folded(task, inputs.accelerator.hierarchy, tell)
        for task in tasks
    )
    known = _known([unit_of(task, terms, beside) for task in _distinct(tasks)], price_cache)
    return Prepared(request, inputs, terms, edges, tasks, known, beside, array)


def _array_of(accelerator: AcceleratorFile, price_cache: PriceCache) -> "InMemoryArray":
    from onnx2zz.pricing.in_memory import array_of  # most arrays are none of these

    return array_of(accelerator, price_cache)


def _distinct(tasks: Sequence[Task]) -> list[Task]:
    first: dict[str, Task] = {}
    for task in tasks:
        first.setdefault(task.key, task)
    return list(first.values())


def _known(units: Sequence[Unit], price_cache: PriceCache) -> dict[str, Outcome]:
    prices = ((unit.task.key, price_cache.price(unit.asked)) for unit in units)
    return {key: price for key, price in prices if price is not None}


def priced(
    units: Sequence[Unit], price_cache: PriceCache, resources: Resources, log: Path
) -> Generator[tuple[Unit, Outcome], None, None]:
    """Each unit with its outcome as they come; prices are kept at once. Of none energy and cycles are enough."""
    with closing(answered(units, price_cache, resources, log)) as coming:
        for unit, answer in coming:
            assert not isinstance(answer, SearchedPrice), "nobody has said that energy and cycles are enough"
            yield unit, answer


def answered(
    units: Sequence[Unit], price_cache: PriceCache, resources: Resources, log: Path
) -> Generator[tuple[Unit, Answer], None, None]:
    """The same, energy and cycles alone where they are enough."""
    done, doubt = 0, tested.doubt() if units else None
    if doubt:
        resources.tell(doubt)

    def begun(unit: Unit) -> None:
        resources.watch(done, len(units), unit.name)

    # Closed where this is interrupted, so that the workers end as well.
    with closing(resources.outcomes(units, price_unit, log, begun)) as coming:
        for unit, outcome in coming:
            done += 1
            if isinstance(outcome, LayerPrice):
                price_cache.keep_price(unit.asked, outcome)
                for warning in outcome.warnings:
                    resources.tell(f"{unit.name}: {warning}")
            elif isinstance(outcome, SearchedPrice):
                price_cache.keep_searched(unit.asked, outcome)
            yield unit, outcome
    resources.watch(len(units), len(units), "")


def _target(inputs: PricingInputs) -> BreakdownPart:
    file, array = inputs.accelerator, inputs.hardware
    memories = {memory.name: memory.size or 0 for memory in file.hierarchy.memories}
    return BreakdownPart(dict(array.array), array.units, memories, file.document, file.sources)


def _total(
    layers: Sequence[LayerResult], hosts: Sequence[HostNode], inputs: PricingInputs, supplement: Supplement
) -> Total:
    # Added up in ZigZag's order of execution, not in the file's: sums of floats depend on it, and ours are compared
    # with its.
    by_id = {layer.id: layer for layer in layers if layer.error is None}
    priced = [by_id[layer] for layer in execution_order(inputs.workload.layers) if layer in by_id]
    return Total(
        energy_pj=_added_up(layer.energy_pj for layer in priced),
        latency_cycles=_added_up(layer.latency_cycles for layer in priced),
        macs=sum(layer.macs or 0 for layer in priced),
        incomplete=len(priced) < len(layers) or bool(lost_work(hosts)),
        physical=supplement.total_physical([layer.physical for layer in priced if layer.physical], inputs.accelerator),
        events=supplement.total_events([layer.events for layer in priced if layer.events]),
    )


def _added_up(numbers: Iterable[float | None]) -> float:
    """Plain additions from the left as ZigZag makes them; since Python 3.12 `sum` compensates for rounding."""
    return reduce(add, (number or 0.0 for number in numbers), 0.0)
