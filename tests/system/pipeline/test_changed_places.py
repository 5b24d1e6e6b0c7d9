"""Cores that change places: what links are told to carry then is what the moved plan comes to, and never more."""

from pathlib import Path

import numpy as np
import pytest

from onnx2zz.system.pipeline.changed_places import ChangedPlaces
from onnx2zz.system.transfer_ways import TransferWays
from tests.system.pipeline.test_levelling import levelling, whole_plan
from tests.system.tiny_systems import drawn_tiny


def test_what_links_carry_after_changes_is_what_the_moved_plan_comes_to(tmp_path: Path) -> None:
    less = 0
    for seed in range(16):
        search = levelling(drawn_tiny(seed), tmp_path)
        cores = tuple(search.cores)
        # Each layer in as many parts as it has ways for, wherever they happen to lie.
        rng = np.random.default_rng(seed)
        chosen = {
            layer: (way := max(own, key=lambda way: way.cores), tuple(rng.permutation(cores)[: way.cores].tolist()))
            for layer, own in enumerate(search.ways)
        }
        level = search.level(chosen)
        system = search.search.system
        number = {one: place for place, one in enumerate((*system.by_id, *system.network.by_id))}
        beside = {core: [one for one in cores if system.network.hops(core, one) == 1] for core in cores}
        transfers = [one for one in search.search.planned(level.choice).transfers if not one.setup]
        of_frames = [one for one in transfers if one.of is not None or one.is_input]
        places = ChangedPlaces(TransferWays(system), of_frames, number, beside, level.busy)
        places.improve(400)
        assert sorted(places.at) == sorted(places.at.values()) == list(cores)
        moved = search.level({n: (way, tuple(places.at[core] for core in own)) for n, (way, own) in chosen.items()})
        assert places.busy == pytest.approx(moved.busy)
        assert whole_plan(search, moved) == pytest.approx(sorted(moved.busy[moved.busy > 0].tolist(), reverse=True))
        links = [number[link.id] for link in system.network.links]
        before, after = level.busy[links].max(initial=0.0), moved.busy[links].max(initial=0.0)
        assert after <= before * 1.001
        less += bool(after < before)
    assert less
