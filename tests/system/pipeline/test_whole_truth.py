"""Intervals of tiny systems against every split and every placement of their layers.

No interval of a sharing is below the load of its busiest core, wire or port; the least of these loads over all sharings
is what the bound must not exceed, and what no interval of ours may be below.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice, product
from pathlib import Path
from statistics import median

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.least_work import least_bounds
from onnx2zz.system.pipeline.search import PipelineSearch
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.system.invented_prices import invented
from tests.system.tiny_systems import Tiny, drawn_tiny
from tests.system.whole_truth import Truth, sharings

PLENTY = 1 << 21
ALLOWANCE = 1 + 1e-9
WANTED = 1.01
"""The median interval over the least load that is asked for."""


@dataclass(frozen=True)
class Trial:
    """A drawn system with memories that hold everything: the bound, the least load of all sharings, our interval."""

    seed: int
    tiny: Tiny
    bound: float
    least: float
    interval: float


def least_load(tiny: Tiny) -> float:
    """Of all sharings the least load of the busiest resource, weights being there already."""
    truth = Truth(tiny)
    choices = [list(sharings(layer, tiny.system)) for layer in tiny.layers]
    own = [[truth.load_of_frame(n, tiles) for tiles in options] for n, options in enumerate(choices)]
    joint = [
        [[truth.load_between(n, a, b) for b in choices[n]] for a in choices[n - 1]] for n in range(1, len(choices))
    ]
    return min(
        max(
            sum(loads)
            for loads in zip(
                *(own[n][at] for n, at in enumerate(chosen)),
                *(joint[n - 1][chosen[n - 1]][chosen[n]] for n in range(1, len(chosen))),
                strict=True,
            )
        )
        for chosen in product(*(range(len(options)) for options in choices))
    )


def trial(seed: int, folder: Path) -> Trial:
    drawn = drawn_tiny(seed)
    tiny = replace(drawn, system=replace(drawn.system, capacity=PLENTY))
    system = read_system(find_accelerator(str(tiny.system.write(folder, f"drawn_{seed}"))))
    graph = graph_of_model(compile_model(tiny.model(), name="drawn"))
    prices = invented(system, graph, tiny.start, tiny.each)
    best = PipelineSearch(Search(system, graph, prices, "latency")).best()
    assert best is not None
    stays = sum(core.capacity for core in system.cores)
    bound = least_bounds(system, graph, prices, stays).interval
    return Trial(seed, tiny, bound, least_load(tiny), best.interval)


def seeds(layers: int) -> Iterator[int]:
    """Systems of which all sharings can be tried."""
    return (seed for seed in count() if len(drawn_tiny(seed).layers) == layers and drawn_tiny(seed).system.cores == 2)


def hold(trials: list[Trial]) -> None:
    for one in trials:
        assert one.bound <= one.least * ALLOWANCE, one
        assert one.least <= one.interval * ALLOWANCE, one
    ratios = [one.interval / one.least for one in trials]
    assert median(ratios) <= WANTED, sorted(ratios)


def test_bounds_and_intervals_stand_on_their_sides_of_the_least_load(tmp_path: Path) -> None:
    hold([trial(seed, tmp_path) for seed in [*islice(seeds(2), 5), *islice(seeds(3), 2)]])


@pytest.mark.long
def test_many_intervals_against_the_whole_truth(tmp_path: Path) -> None:
    hold([trial(seed, tmp_path) for seed in [*islice(seeds(2), 40), *islice(seeds(3), 20)]])
