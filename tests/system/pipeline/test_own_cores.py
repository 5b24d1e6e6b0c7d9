"""Layers on cores of their own: cuts against all numbers of parts, intervals against all combinations of cuts."""

import math
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.system.candidates import rounds
from onnx2zz.system.pipeline.own_cores import MOST_LOOPS, Cut, OwnCores, cuts_by_interval, fewest_cores, useful_numbers
from onnx2zz.system.tiling import Tiling
from tests.system.pipeline.test_hand_made import chain, of_cores, searched
from tests.system.pipeline.test_levelling import levelling
from tests.system.tiny_systems import drawn_tiny


@given(length=st.integers(1, 300))
def test_a_number_of_parts_is_useful_if_one_less_has_a_longer_part(length: int) -> None:
    every = [n for n in range(1, length + 1) if n == 1 or -(-length // n) < -(-length // (n - 1))]
    assert useful_numbers(length) == every


@pytest.mark.parametrize("units", [{}, {"K": 2}, {"OX": 3}])
@pytest.mark.parametrize("cores", [1, 5, 12])
def test_no_other_cut_on_as_many_cores_has_fewer_steps(cores: int, units: dict[str, int], tmp_path: Path) -> None:
    for told in searched(chain("conv", "1x1"), of_cores(2), tmp_path, None).layers.graph.layers:
        found = fewest_cores(told, cores, units)
        sizes = told.placed.layer.sizes
        loops = [loop for loop in told.placed.layer.output.loops if sizes[loop] > 1]
        steps: dict[int, float] = {}
        for numbers in product(*(range(1, min(cores, sizes[loop]) + 1) for loop in loops)):
            used, split = math.prod(numbers), tuple(zip(loops, numbers, strict=True))
            if used <= cores and sum(n > 1 for n in numbers) <= MOST_LOOPS:
                grain = tuple((loop, units[loop]) for loop, _ in split if loop in units)
                steps[used] = min(steps.get(used, math.inf), rounds(told, Tiling(split, (), grain), units))
        for used in range(1, cores + 1):
            least = min(steps[n] for n in steps if n <= used)
            assert min(cut.steps for cut in found if cut.cores <= used) == least
        assert [cut.cores for cut in found] == sorted({cut.cores for cut in found})
        assert [math.prod(n for _, n in cut.split) for cut in found] == [cut.cores for cut in found]


cuts = st.dictionaries(st.integers(1, 7), st.integers(1, 60), min_size=1, max_size=4).map(
    lambda found: [Cut((), cores, steps) for cores, steps in sorted(found.items())]
)


@given(of_layers=st.lists(cuts, min_size=1, max_size=4), cores=st.integers(1, 16), data=st.data())
def test_the_first_interval_is_the_shortest_of_all_combinations(
    of_layers: list[list[Cut]], cores: int, data: st.DataObject
) -> None:
    per_step = [data.draw(st.integers(1, 9)) / 4 for _ in of_layers]
    fit = [chosen for chosen in product(*of_layers) if sum(cut.cores for cut in chosen) <= cores]
    every = [max(cut.steps * cycles for cut, cycles in zip(chosen, per_step, strict=True)) for chosen in fit]
    found = cuts_by_interval(of_layers, per_step, cores)
    assert min(found, default=None) == min(every, default=None)
    for interval, chosen in found.items():
        assert tuple(chosen) in fit
        assert all(cut.steps * cycles <= interval for cut, cycles in zip(chosen, per_step, strict=True))


def test_layers_lie_beside_each_other_or_nowhere(tmp_path: Path) -> None:
    numbers: set[int] = set()
    for seed in range(12):
        tiny = drawn_tiny(seed)
        search = levelling(tiny, tmp_path)
        known = dict(enumerate(search.ways))
        found = OwnCores(search.search, search.cores, known).found(math.inf)
        for of_one in found:
            for chosen in of_one:
                used = [core for _, cores in chosen.values() for core in cores]
                assert len(used) == len(set(used))
                assert [way.cores for way, _ in chosen.values()] == [len(cores) for _, cores in chosen.values()]
        assert not found or len(search.ways) <= len(search.cores)
        numbers.add(len(found))
        assert OwnCores(search.search, search.cores, known).found(0.0) == []
    assert len(numbers) > 1
