"""Runs the evaluation of a model on a system: prices its tiles, schedules them, adds up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from onnx2zz import __version__
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.formats.shipped_files import MAPPINGS, Found, choose_mapping, find_mapping, ours
from onnx2zz.installed import version
from onnx2zz.mapping.network import Policy
from onnx2zz.pricing.accounted import experts_of, host_nodes, lost_work, stand_ins
from onnx2zz.pricing.event_driven import Activities
from onnx2zz.pricing.graph import execution_order
from onnx2zz.pricing.inputs import PricedWorkload, PricingInputs, load_inputs
from onnx2zz.pricing.layer_result import MAC_TYPES, layer_result
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.pricing.request import MappingSearch, option_problems
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation, LayerResult, Total
from onnx2zz.pricing.schedule_kind import CoresChoice, ScheduleChoice
from onnx2zz.pricing.supplement import NOTHING, Supplement
from onnx2zz.pricing.task import PricingTerms, layer_name
from onnx2zz.sidecar.wires import Wires
from onnx2zz.system.best import Best
from onnx2zz.system.description import Core, System
from onnx2zz.system.energy import offchip_energy, static_energy
from onnx2zz.system.event_driven import EventDriven
from onnx2zz.system.fused.search import Fused
from onnx2zz.system.kinds import Chosen, scheduled
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.least_work import least_bounds, on_some_cores
from onnx2zz.system.network import CoreId
from onnx2zz.system.numbering import Numbering, canonical
from onnx2zz.system.outcome import SystemOutcome
from onnx2zz.system.pipeline.frames import in_frames
from onnx2zz.system.pipeline.residency import constants
from onnx2zz.system.pipeline.search import Pipeline
from onnx2zz.system.placement import Placed
from onnx2zz.system.prices import Prices, Wanted
from onnx2zz.system.schedule_options import frames_to_see
from onnx2zz.system.search import Search
from onnx2zz.system.system_result import system_result
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions
from onnx2zz.zigzag.layer_price import Search as TemporalSearch

GENERATED = "generated"
"""What a chosen mapping starts from on a core without one of its own: ZigZag's generator."""


@dataclass(frozen=True)
class SystemRequest:
    """Everything that the result depends on.

    `mapping`: a mapping file for all cores (None: each core's own, as the system says). `mapping_search`: mappings are
    chosen on cores that have none, or, with `choose_all`, on all of them. `placed`: layers (by id) that run where and
    as the user says. `schedule`: how cores take up the layers of `frames` frames (None: of any number in a pipeline,
    else of one); `cores`: on how many of them pipelines are looked for, if not on all. `activities`: what a run of the
    network has measured, if events count.

    Raises InputError with every option that there is not, or that does not go with another.
    """

    workload: PricedWorkload
    graph: LayerGraph
    system: System
    mapping: Found | None = None
    choose_all: bool = False
    mapping_search: MappingSearch = field(default_factory=MappingSearch)
    options: PriceOptions = field(default_factory=PriceOptions)
    search: TemporalSearch = "fast"
    placed: Mapping[int, Placed] = field(default_factory=dict[int, Placed])
    schedule: ScheduleChoice = "layers"
    frames: int | None = None
    cores: CoresChoice | None = None
    activities: Activities | None = None

    def __post_init__(self) -> None:
        raise_if_any(option_problems(self.options, self.search, self.mapping_search if self._chooses else None))

    @property
    def repeatable(self) -> bool:
        """Whether the same request has the same answer each time, so that prices may be kept and taken."""
        return self.options.repeatable

    @property
    def _chooses(self) -> bool:
        """Whether the mapping of any core's tiles is chosen."""
        if self.mapping is not None or self.choose_all:
            return self.choose_all
        return any(core.mapping is None for core in self.system.cores)


@dataclass(frozen=True)
class SystemEvaluation:
    """The result as of any evaluation, and the schedule behind it (None where there is none)."""

    evaluation: Evaluation
    outcome: SystemOutcome | None


def run(request: SystemRequest, folder: Path, resources: Resources) -> SystemEvaluation:
    """Price and schedule. Raises InputError if the files do not fit together; layers that can be scheduled nowhere are
    part of the result."""
    log = folder / "zigzag.log"
    prices = _prices(request, log, resources)
    numbering = canonical(request.system, request.placed)
    search = _search(request, prices, resources, numbering)
    chosen = scheduled(search, request.schedule, request.frames, request.cores)
    if chosen.of is not None and not search.confirm(chosen.of.schedule.plan.tiles):
        # Never seen: then ZigZag is asked for every tile, whatever our search has found.
        search = _search(request, prices, resources, numbering)
        chosen = scheduled(search, request.schedule, request.frames, request.cores)
    if chosen.of is None:
        if not numbering.is_the_users:  # what is said of cores is to name them as the user does
            search = _search(request, prices, resources, Numbering({core: core for core in request.system.by_id}))
            scheduled(search, "pipeline" if request.cores else "layers", None, request.cores)
        return SystemEvaluation(_without_schedule(request, search), None)
    numbering.tell(chosen.of.schedule, request.system.network)
    outcome = _outcome(request, prices, chosen.of)
    # The result is one frame's, and the schedule that is written has them all.
    written = outcome if outcome.interval is None else in_frames(outcome, request.frames or _frames_to_see(outcome))
    evaluation = _evaluation(request, prices, outcome, written, chosen)
    if request.activities is not None:
        evaluation = EventDriven(outcome, request.graph, prices, request.activities).beside(evaluation)
    return SystemEvaluation(evaluation, written)


def _frames_to_see(outcome: SystemOutcome) -> int:
    assert outcome.interval is not None
    all_stay = all(one.setup for one in constants(outcome.schedule.plan))
    return frames_to_see(outcome.batch, outcome.interval < outcome.latency, all_stay)


def _search(
    request: SystemRequest, prices: Mapping[CoreId, Prices], resources: Resources, numbering: Numbering
) -> Search:
    return Search(
        numbering.system(request.system),
        request.graph,
        numbering.by_core(prices),
        request.options.opt,
        resources.watch,
        numbering.placed(request.placed),
    )


def _prices(request: SystemRequest, log: Path, resources: Resources) -> dict[CoreId, Prices]:
    """Prices by core; those of one kind share them."""
    layers = {
        told.placed.id: (told, entry) for told, entry in zip(request.graph.layers, request.graph.entries, strict=True)
    }
    found: dict[CoreId, Prices] = {}
    problems: list[Problem] = []
    for cores in request.system.kinds.values():
        core = cores[0]
        with noted_in(problems):
            inputs, chosen = _inputs(request, core, PriceCache(resources.store))
            beside = Supplement(activities=request.activities)
            raise_if_any(beside.problems(str(core.accelerator.path), inputs.hardware.in_memory))
            terms = PricingTerms(inputs.accelerator, inputs.hardware.in_memory, request.options, request.search)
            wires = core.sidecar.interconnect if core.sidecar else Wires()
            asked = request.mapping_search
            # No row of a system says how a tile is mapped, so that what it was compared with has no place to be told.
            policy = Policy(asked, wires, explains=False)
            prices = Prices(inputs, terms, asked if chosen else None, policy, layers, resources, log)
            found |= {one.id: prices for one in cores}
    raise_if_any(problems)
    return found


def _inputs(request: SystemRequest, core: Core, price_cache: PriceCache) -> tuple[PricingInputs, bool]:
    """A core's files, and whether mappings are chosen, starting from its mapping file.

    A core of which nobody says how it is mapped has the mapping that `evaluate` takes for it alone; where that is one
    for other arrays, what ZigZag generates. Raises InputError if the files do not fit together.
    """
    base = request.mapping or (find_mapping(core.mapping) if core.mapping is not None else None)
    if base is not None:
        inputs = load_inputs(request.workload, core.accelerator, base, price_cache, as_start=request.choose_all)
        return inputs, request.choose_all
    file = Found(core.name, core.accelerator.path)
    chosen = request.choose_all or file.name not in ours(MAPPINGS)
    # A mapping for the array of this very core, as `evaluate` would take it; it may not fit the layers, being one for
    # others.
    try:
        own = choose_mapping(None, file)
        return load_inputs(request.workload, core.accelerator, own, price_cache, as_start=chosen), chosen
    except InputError:
        return load_inputs(request.workload, core.accelerator, find_mapping(GENERATED), price_cache), True


def _outcome(request: SystemRequest, prices: Mapping[CoreId, Prices], best: Best | Fused | Pipeline) -> SystemOutcome:
    """The outcome of one frame, or of the batch of them that repeats."""
    timed = best.schedule
    interval = best.interval if isinstance(best, Pipeline) else None
    numbers = {entry["id"]: number for number, entry in enumerate(request.graph.entries)}
    # Added up in ZigZag's order of execution, as on one core: another order may differ in the last bit.
    in_order = [numbers[identity] for identity in execution_order(request.workload.layers)]
    tiles = [tile for layer in in_order for tile in timed.plan.by_layer[layer]]
    batch = best.running.batch if isinstance(best, Pipeline) else 1
    energy = {tile.number: prices[tile.core].energy((tile.layer, tile.box)) or 0.0 for tile in tiles}
    network = request.system.network
    links = {
        number: network.energy(timed.routes[number], timed.plan.transfers[number].bits) for number in timed.transfers
    }
    offchip = {number: offchip_energy(timed.plan.transfers[number], request.system) for number in timed.transfers}
    own = on_some_cores(request.system, {tile.core for tile in tiles})
    return SystemOutcome(
        request.workload.model,
        request.options.opt,
        request.system,
        timed,
        energy,
        links,
        offchip,
        static_energy(request.system, timed.latency if interval is None else interval),
        sum(told.placed.layer.macs for told in request.graph.layers),
        least_bounds(request.system, request.graph, prices, _may_stay(interval)),
        best.shared_out,
        best.tried,
        best.kind,
        best.stacks,
        frames=batch,
        interval=interval,
        setup_cycles=best.setup.cycles if isinstance(best, Pipeline) else 0.0,
        own_bound=least_bounds(own, request.graph, prices, _may_stay(interval)).interval,
        batch=batch,
    )


def _may_stay(interval: float | None) -> float:
    """Bits of weights that need not come with a frame."""
    # In a pipeline weights may stay, and what does not may come once for as many frames as are taken together: a bound
    # must count none of them with each frame.
    return math.inf if interval is not None else 0.0


def _evaluation(
    request: SystemRequest,
    prices: Mapping[CoreId, Prices],
    outcome: SystemOutcome,
    written: SystemOutcome,
    chosen: Chosen,
) -> Evaluation:
    layers = tuple(_layer(request, prices, outcome, number) for number in range(len(request.graph.layers)))
    hosts = host_nodes(request.workload.coverage)
    of_frame = system_result(outcome, request.graph, written)
    return Evaluation(
        model=request.workload.model,
        accelerator=request.system.name,
        zigzag=version("zigzag-dse"),
        onnx2zz=__version__,
        opt=request.options.opt,
        total=Total(
            energy_pj=outcome.of_a_frame(outcome.total["energy_pj"]),
            latency_cycles=outcome.latency,
            macs=sum(layer.macs or 0 for layer in layers),
            incomplete=bool(lost_work(hosts)),
        ),
        layers=layers,
        distinct_layers=len({prices[tile.core].key((tile.layer, tile.box)) for tile in outcome.tiles}),
        evaluated=sum(one.found_now for one in {id(p): p for p in prices.values()}.values()),
        edges_added=0,
        host=hosts,
        approximate=stand_ins(request.workload.coverage),
        experts=experts_of(request.workload.coverage),
        mapping=request.mapping.name if request.mapping else None,
        system=replace(of_frame, auto=chosen.tried, core_counts=chosen.core_counts, weights_fill=chosen.weights_fill),
    )


def _layer(request: SystemRequest, prices: Mapping[CoreId, Prices], outcome: SystemOutcome, number: int) -> LayerResult:
    """A layer that is one tile has all that it has on one core; of several, cycles are its span, energy their sum."""
    tiles = outcome.first_frame(number)
    first = prices[tiles[0].core]
    wanted = [(tile.layer, tile.box) for tile in tiles]
    price = first.outcome(wanted[0])
    assert isinstance(price, LayerPrice)
    task, cached = first.tasks[first.key(wanted[0])], first.key(wanted[0]) in first.from_cache
    whole = layer_result(task, price, first.inputs, cached, NOTHING)
    entry = request.graph.entries[number]
    named = replace(whole, id=entry["id"], name=layer_name(entry))
    if len(tiles) == 1:
        return named
    # Tiles differ, and run side by side: what describes one loop nest (roofline, breakdown) is not said of them
    # together.
    start, end = outcome.span(number)
    cycles = [prices[tile.core].cycles(want) or 0.0 for tile, want in zip(tiles, wanted, strict=True)]
    used = [_utilization(prices[tile.core], want) for tile, want in zip(tiles, wanted, strict=True)]
    return replace(
        named,
        energy_pj=sum(outcome.tile_energy[tile.number] for tile in tiles),
        latency_cycles=end - start,
        # Of the layer and not of its tiles: those that are recomputed would count twice.
        macs=request.graph.layers[number].placed.layer.macs if entry["operator_type"] in MAC_TYPES else 0,
        spatial_utilization=sum(u * c for u, c in zip(used, cycles, strict=True)) / sum(cycles),
        roofline_cycles=None,
        bound_by=None,
        below_roofline=False,
        breakdown=None,
        from_cache=all(prices[t.core].key(w) in prices[t.core].from_cache for t, w in zip(tiles, wanted, strict=True)),
    )


def _utilization(prices: Prices, wanted: Wanted) -> float:
    outcome = prices.outcome(wanted)
    return outcome.spatial_utilization if isinstance(outcome, LayerPrice) else 0.0


def _without_schedule(request: SystemRequest, search: Search) -> Evaluation:
    """What can be said where no schedule fits: no layer has a price, and why."""
    hosts = host_nodes(request.workload.coverage)
    why = search.unplaced[-1] if search.unplaced else "no schedule was found"
    layers = tuple(
        LayerResult(entry["id"], layer_name(entry), entry["operator_type"], error=f"{layer_name(entry)}: {why}")
        for entry in request.graph.entries
    )
    return Evaluation(
        model=request.workload.model,
        accelerator=request.system.name,
        zigzag=version("zigzag-dse"),
        onnx2zz=__version__,
        opt=request.options.opt,
        total=Total(0.0, 0.0, 0, True),
        layers=layers,
        distinct_layers=0,
        evaluated=0,
        edges_added=0,
        host=hosts,
        approximate=stand_ins(request.workload.coverage),
        experts=experts_of(request.workload.coverage),
        mapping=request.mapping.name if request.mapping else None,
    )
