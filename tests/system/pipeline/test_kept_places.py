"""Frames whose transfers wait for places kept for them: nothing at a time when it may not be."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from onnx2zz.system.order import Overfull, ordered
from onnx2zz.system.pipeline.circle import whole
from onnx2zz.system.pipeline.repeating import NoTimeError, loads, repeating
from onnx2zz.system.pipeline.residency import constants, settle
from onnx2zz.system.schedule import Schedule
from tests.system.pipeline.test_levelling import levelling
from tests.system.tiny_systems import drawn_tiny


def meet_in_no_interval(taken: Iterable[tuple[float, float]], interval: float) -> bool:
    """Whether times lie apart in each repetition; told moment by moment, in 64ths of a cycle."""
    day = round(interval * 64)
    moments = [moment % day for start, end in taken for moment in range(round(start * 64), round(end * 64))]
    return len(moments) == len(set(moments))


def is_right(found: Schedule, interval: float) -> None:
    plan = found.plan
    for tile in plan.tiles:
        start = found.tiles[tile.number][0]
        come = [found.transfers[one.number][1] for one in tile.needs.values() if not one.setup and not one.partial]
        assert start >= max([*come, *(found.tiles[number][1] for number in tile.follows)], default=0.0)
    sent = [one for one in plan.transfers if not one.setup]
    for one in sent:
        assert one.of is None or found.transfers[one.number][0] >= found.tiles[one.of.number][1]
    for core in {tile.core for tile in plan.tiles}:
        assert meet_in_no_interval((found.tiles[t.number] for t in plan.tiles if t.core == core), interval)
    of_link: dict[str, list[tuple[float, float]]] = {}
    for one in sent:
        for link in found.routes[one.number].links:
            of_link.setdefault(link.id, []).append(found.transfers[one.number])
    assert all(meet_in_no_interval(times, interval) for times in of_link.values())


def test_transfers_at_kept_places_have_times_that_may_be(tmp_path: Path) -> None:
    made = 0
    for seed in range(16):
        search = levelling(drawn_tiny(seed), tmp_path)
        rng = np.random.default_rng(seed)
        most = {layer: max(own, key=lambda way: way.cores) for layer, own in enumerate(search.ways)}
        places = {layer: tuple(rng.permutation(search.cores)[: way.cores].tolist()) for layer, way in most.items()}
        system = search.search.system
        plan = search.search.planned(search.level({n: (way, places[n]) for n, way in most.items()}).choice)
        settle(plan, frozenset(one.number for one in constants(plan)))
        order = ordered(plan, {core.id: float(core.capacity) for core in system.cores})
        if isinstance(order, Overfull):
            continue
        cycles = search.search.cycles_of(plan)
        for factor in (1.0, 1.2):
            interval = whole(max(loads(plan, cycles, system).values()) * factor)
            try:
                found = repeating(plan, order, cycles, system, interval, packed=False, keeps_places=True)
            except NoTimeError:
                continue
            if found is not None:
                is_right(found, interval)
                made += 1
    assert made > 8
