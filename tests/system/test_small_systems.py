"""Schedules and bounds against the whole truth: every split, placement and order of tiny systems.

What the truth is found with (whole_truth.py) knows nothing of our schedules; it is told which tiles one of them has
only to say how early these could have been done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from statistics import fmean, median

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.least_work import least_bounds
from onnx2zz.system.plan import Plan
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.system.invented_prices import invented
from tests.system.job_orders import TooManyError
from tests.system.tiny_systems import Tiny, TinyLayer, drawn_tiny
from tests.system.whole_truth import Sharing, Truth, TruthTile, sharings

WANTED = 1.02
"""The median latency over the optimum that is asked for."""
MOST_ORDERS, OF_OWN_TILES = 30_000, 2_000
"""Partial orders of one system after which it is given up; and of our tiles alone, after which a lower bound does."""
ALLOWANCE = 1 + 1e-9


@dataclass(frozen=True)
class Trial:
    """A drawn system: the bound, our schedule's latency (None: nothing fits), the shortest that its tiles allow, and
    the shortest of all splits (ours where none is shorter; infinite: none fits). `in_turns`: a core of ours has several
    tiles of a layer, which no split has; `among_splits`: our tiles are one of the splits that are tried."""

    seed: int
    tiny: Tiny
    bound: float
    latency: float | None
    of_own_tiles: float
    of_all_splits: float
    in_turns: bool = False
    among_splits: bool = False

    @property
    def optimum(self) -> float:
        return min(self.of_own_tiles, self.of_all_splits)

    @property
    def ratio(self) -> float:
        return 1.0 if self.latency is None else self.latency / self.optimum


def trial(seed: int, folder: Path) -> Trial | None:
    """One drawn system; None where there is too much to try."""
    tiny = drawn_tiny(seed)
    truth = Truth(tiny)
    system = read_system(find_accelerator(str(tiny.system.write(folder, f"drawn_{seed}"))))
    graph = graph_of_model(compile_model(tiny.model(), name="drawn"))
    prices = invented(system, graph, tiny.start, tiny.each)
    best = Search(system, graph, prices, "latency").best()
    bound = least_bounds(system, graph, prices).latency
    try:
        of_all_splits, _ = truth.optimum(MOST_ORDERS, float("inf") if best is None else best.latency)
    except TooManyError:
        return None
    if best is None:
        return Trial(seed, tiny, bound, None, float("inf"), of_all_splits)
    own = [shared(layer, best.schedule.plan, number) for number, layer in enumerate(tiny.layers)]
    in_turns = any(len({tile.core for tile in tiles}) < len(tiles) for tiles in own)
    splits = [{frozenset(one) for one in sharings(layer, tiny.system)} for layer in tiny.layers]
    among = all(frozenset(tiles) in known for tiles, known in zip(own, splits, strict=True))
    return Trial(seed, tiny, bound, best.latency, of_tiles(truth, own), of_all_splits, in_turns, among)


def shared(layer: TinyLayer, plan: Plan, number: int) -> Sharing:
    """The tiles of a layer in a plan of ours, as boxes of its output."""
    found: list[TruthTile] = []
    for tile in plan.by_layer[number]:
        ranges = dict(tile.box.ranges)
        channels = ranges.get("K", ranges.get("G", (0, layer.channels)))
        box = channels, ranges.get("OY", (0, layer.height)), ranges.get("OX", (0, layer.width))
        found.append(TruthTile(tile.core, box, tile.turn))
    return tuple(found)


def of_tiles(truth: Truth, tiles: Sequence[Sharing]) -> float:
    """The shortest latency of given tiles; where there are too many orders, one that none is below."""
    try:
        return truth.shortest(tiles, float("inf"), OF_OWN_TILES)[0]
    except TooManyError:
        return truth.at_least(tiles)


def hold(found: Iterable[Trial]) -> None:
    trials = list(found)
    for one in trials:
        assert one.bound <= one.optimum * ALLOWANCE, one
        if one.latency is None:
            assert one.of_all_splits == float("inf"), one
            continue
        assert one.of_own_tiles <= one.latency * ALLOWANCE, one
        assert one.in_turns or one.among_splits, one
    ratios = [one.ratio for one in trials]
    worst = max(trials, key=lambda one: one.ratio)
    assert median(ratios) <= WANTED, (median(ratios), fmean(ratios), worst)


def drawn(folder: Path, number: int, largest: int) -> list[Trial]:
    """So many trials; `largest`: cores and layers together. No more than one in twenty is too much to try."""
    seeds = (seed for seed in count() if size_of(drawn_tiny(seed)) <= largest)
    tried = islice(seeds, number + number // 20)
    found = [one for seed in tried if (one := trial(seed, folder)) is not None]
    assert len(found) >= number, "too many are given up"
    return found[:number]


def size_of(tiny: Tiny) -> int:
    return tiny.system.cores + len(tiny.layers)


def test_bounds_and_schedules_stand_on_their_sides_of_the_optimum(tmp_path: Path) -> None:
    hold(drawn(tmp_path, 5, largest=5))


@pytest.mark.long
def test_two_hundred_systems_against_the_whole_truth(tmp_path: Path) -> None:
    hold(drawn(tmp_path, 200, largest=6))


def test_layers_lie_on_different_cores_where_memory_is_short_and_no_memory_is_behind(tmp_path: Path) -> None:
    """Two 1x1 layers on three cores of 456 bit: on cores that hold both none of their splits fits."""
    found = trial(75, tmp_path)
    assert found is not None and found.latency is not None
    assert found.bound <= found.optimum <= found.latency
