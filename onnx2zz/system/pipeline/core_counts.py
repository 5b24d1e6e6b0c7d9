"""Pipelines on few cores and on many: how many a network needs for its weights to stay, and what more of them buy."""

from collections.abc import Sequence

from onnx2zz.pricing.front import on_front
from onnx2zz.pricing.system_result import CoreCount
from onnx2zz.system.least_work import constant_bits
from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.residency import constants
from onnx2zz.system.pipeline.search import Pipeline, PipelineSearch
from onnx2zz.system.pipeline.ways import counts
from onnx2zz.system.search import Search


def over_core_counts(search: Search, whole: Pipeline | None) -> list[Pipeline]:
    """The best pipelines on several numbers of the cores, few in single steps, and where some weights come with every
    frame the best of which all stay, too. `whole`: the one on all cores. The fewest cores on which all weights stay are
    among them, exactly for the ways that are looked at as long as no more cores have less room."""
    most = len(search.system.cores)
    # `few` looks at cores near the port alone; on all cores the pipeline is known, and not looked for again.
    found = {number: PipelineSearch(search, few=number).best() for number in counts(most)[:-1]}
    found[most] = whole
    staying = {
        number: one if one and all_stay(one) else _where_all_stay(search, number) for number, one in found.items()
    }
    enough = min((number for number, one in staying.items() if one is not None), default=0)
    short = max((number for number in found if number < enough), default=0)
    # Numbers are tried in growing steps, so between two the fewest cores on which all weights stay are found by
    # halving: what fits some cores fits more.
    while short + 1 < enough:
        middle = (short + enough) // 2
        staying[middle] = one = _where_all_stay(search, middle)
        enough, short = (middle, short) if one is not None else (enough, middle)
    both = ((found.get(number), staying.get(number)) for number in sorted({*found, *staying}))
    return sorted((one for pair in both for one in _each(pair)), key=lambda one: (len(used(one)), one.interval))


def _where_all_stay(search: Search, number: int) -> Pipeline | None:
    weights = sum(constant_bits(told) for told in search.graph.layers)
    room = number * max(core.capacity for core in search.system.cores)
    return PipelineSearch(search, few=number, all_stay=True).best() if weights < room else None


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
