"""What a schedule comes to, as the result of an evaluation tells it."""

import math
from dataclasses import replace

from onnx2zz.pricing.system_result import CoreKind, LayerUse, PipelineUse, PlacementUse, SystemResult
from onnx2zz.system.description import System
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.mesh_traffic import MeshTraffic, flows
from onnx2zz.system.outcome import SystemOutcome
from onnx2zz.system.spills import spills


def system_result(outcome: SystemOutcome, graph: LayerGraph, written: SystemOutcome) -> SystemResult:
    """The result of a schedule of one frame, or a frame's share of a batch; `written`: all frames of a pipeline."""
    total, bound = outcome.total, outcome.bounds
    return SystemResult(
        schedule=outcome.kind,
        latency_cycles=outcome.latency,
        bound_cycles=bound.latency,
        bound_by=bound.why,
        gap=outcome.latency / bound.latency if bound.latency else None,
        clock_mhz=outcome.system.clock_mhz,
        energy={
            # The static part is of an interval, and not of all that the schedule has.
            part: pj if part == "static_pj" else outcome.of_a_frame(pj)
            for part, pj in outcome.energy.items()
        },
        offchip_bits=outcome.of_a_frame(total["offchip_bits"]),
        noc_bit_hops=outcome.of_a_frame(total["noc_bit_hops"]),
        tiles=sum(not tile.frame for tile in outcome.tiles),
        transfers=sum(not one.frame for one in outcome.transfers),
        tried=outcome.tried,
        hulls=tuple(sorted(outcome.schedule.plan.hulls)),
        cores=tuple(
            replace(
                core,
                busy_cycles=outcome.of_a_frame(core.busy_cycles),
                energy_pj=outcome.of_a_frame(core.energy_pj),
            )
            for core in outcome.cores
        ),
        links=tuple(
            replace(
                link,
                bits=outcome.of_a_frame(link.bits),
                busy_cycles=outcome.of_a_frame(link.busy_cycles),
                energy_pj=outcome.of_a_frame(link.energy_pj),
            )
            for link in outcome.links
        ),
        layers=tuple(_layer(outcome, told.placed.id) for told in graph.layers),
        stacks=tuple(outcome.stacks),
        core_kinds=_kinds(outcome.system),
        spills=spills(outcome.schedule.plan),
        placement=_placement(outcome),
        pipeline=None if outcome.interval is None else _pipeline(outcome, outcome.interval, written),
    )


def _placement(outcome: SystemOutcome) -> PlacementUse | None:
    if outcome.system.mesh_width is None or len(outcome.system.kinds) > 1 or len(outcome.system.cores) == 1:
        return None
    traffic = MeshTraffic(outcome.system, flows(outcome.transfers))
    loads = traffic.loads(traffic.as_it_is)
    busiest = max(loads.values(), default=0)
    return PlacementUse(
        *map(outcome.of_a_frame, (sum(loads.values()), traffic.least_bit_hops, busiest, traffic.least_busiest))
    )


def _kinds(system: System) -> tuple[CoreKind, ...]:
    return tuple(CoreKind(name, file.document, file.sources) for name, file in system.accelerators.items())


def _pipeline(outcome: SystemOutcome, interval: float, written: SystemOutcome) -> PipelineUse:
    setup = [one for one in outcome.transfers if one.setup]
    energy = sum(outcome.link_energy[one.number] + outcome.offchip_energy[one.number] for one in setup)
    bound = outcome.bounds.interval
    own = len({tile.core for tile in outcome.tiles})
    return PipelineUse(
        frames=written.frames,
        interval_cycles=interval,
        interval_bound_cycles=bound,
        interval_bound_by=outcome.bounds.why,
        interval_gap=interval / bound if bound else None,
        in_flight=math.ceil(outcome.latency / interval),
        setup_cycles=outcome.setup_cycles,
        setup_bits=sum(one.bits for one in setup),
        setup_energy_pj=energy,
        all_cycles=outcome.setup_cycles + written.schedule.latency,
        all_energy_pj=energy + written.total["energy_pj"],
        own_cores=own,
        own_bound_cycles=outcome.own_bound if own < len(outcome.cores) else None,
        batch=outcome.batch,
    )


def _layer(outcome: SystemOutcome, layer: int) -> LayerUse:
    tiles = outcome.first_frame(layer)
    tiling = outcome.tilings[layer]
    start, end = outcome.span(layer)
    cores = tuple(sorted({tile.core for tile in tiles}))
    cut = {loop: len(tiling.cut(outcome.schedule.plan.layers[layer].placed.layer, loop)) for loop in tiling.loops}
    split = {loop: min(number, cut[loop]) for loop, number in tiling.split}  # whole steps of the array may be fewer
    turns = {loop: min(number, cut[loop]) for loop, number in tiling.turns}
    return LayerUse(layer, cores, len(tiles), split, turns, start, end)
