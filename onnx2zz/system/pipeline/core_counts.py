"""Pipelines on few cores and on many: how many a network needs for its weights to stay, and what more of them buy."""

import math
from collections.abc import Sequence

from onnx2zz.pricing.front import on_front
from onnx2zz.pricing.system_result import CoreCount
from onnx2zz.system.least_work import constant_bits
from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.residency import constants
from onnx2zz.system.pipeline.search import Pipeline, PipelineSearch
from onnx2zz.system.pipeline.ways import counts
from onnx2zz.system.search import Search


def over_core_counts(search: Search, whole: Pipeline | None, frames: int | None = None) -> list[Pipeline]:
    """The best pipelines on several numbers of the cores, few in single steps, and where some weights come with every
    frame the best of which all stay, too. `whole`: the one on all cores; `frames`: how many come, if anybody says. The
    fewest cores on which all weights stay are among them, exactly for the ways that are looked at as long as no more
    cores have less room."""
    most = len(search.system.cores)
    # `few` looks at cores near the port alone; on all cores the pipeline is known, and not looked for again.
    found = {number: PipelineSearch(search, frames, few=number).best() for number in counts(most)[:-1]}
    found[most] = whole
    staying = {
        number: one if one and all_stay(one) else _where_all_stay(search, number) for number, one in found.items()
    }
    enough = min((number for number, one in staying.items() if one is not None), default=0)
    short = max((number for number in found if number < enough), default=0)
    fewest = _fewest(search, short, enough)
    if fewest and fewest not in staying:
        staying[fewest] = _where_all_stay(search, fewest)
    both = ((found.get(number), staying.get(number)) for number in sorted({*found, *staying}))
    return sorted((one for pair in both for one in _each(pair)), key=lambda one: (len(used(one)), one.interval))


def on_fewest(search: Search) -> Pipeline | None:
    """The best pipeline on as few cores as all weights stay on; None where they stay on no number of the cores that is
    looked at (each twice the one before, then the halves between)."""
    most, short = len(search.system.cores), cores_filled(search) - 1
    enough = min(most, short + 1)
    while not _may_all_stay(search, enough):
        if enough == most:
            return None
        short, enough = enough, min(most, 2 * enough)
    return _where_all_stay(search, _fewest(search, short, enough))


def cores_filled(search: Search) -> int:
    """Cores that the network's weights fill by their bits alone: on fewer they cannot stay."""
    weights = sum(constant_bits(told) for told in search.graph.layers)
    return max(1, math.ceil(weights / max(core.capacity for core in search.system.cores)))


def _fewest(search: Search, short: int, enough: int) -> int:
    """The fewest cores on which all weights stay, which is more than `short`, and `enough` or less."""
    while short + 1 < enough:
        middle = (short + enough) // 2
        enough, short = (middle, short) if _may_all_stay(search, middle) else (enough, middle)
    return enough


def _where_all_stay(search: Search, number: int) -> Pipeline | None:
    if number < cores_filled(search):
        return None
    return PipelineSearch(search, few=number, all_stay=True).best()


def _may_all_stay(search: Search, number: int) -> bool:
    return number >= cores_filled(search) and PipelineSearch(search, few=number, all_stay=True).fits()


def _each(pair: tuple[Pipeline | None, Pipeline | None]) -> list[Pipeline]:
    """Those that there are, each once."""
    first, second = pair
    return [one for one in (first, second if second is not first else None) if one is not None]


def all_stay(one: Pipeline) -> bool:
    """Whether no weights come with a frame."""
    return one.running.staying >= {sent.number for sent in constants(one.plan)}


def told(pipelines: Sequence[Pipeline]) -> tuple[CoreCount, ...]:
    """What is said of them, by their number of cores."""
    points = [(len(used(one)), one.interval, one.energy) for one in pipelines]
    front = set(on_front(points))
    return tuple(
        CoreCount(
            cores=cores,
            interval_cycles=interval,
            latency_cycles=one.running.latency,
            energy_pj=energy,
            setup_bits=sum(one.plan.transfers[number].bits for number in one.running.staying),
            stays=all_stay(one),
            on_front=number in front,
        )
        for number, (one, (cores, interval, energy)) in enumerate(zip(pipelines, points, strict=True))
    )


def used(one: Pipeline) -> set[CoreId]:
    """The cores that work in it."""
    return {tile.core for tile in one.plan.tiles}
