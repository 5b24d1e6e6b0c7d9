"""No way to share layers between cores takes less than the bound on their work."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.system.bounds import work_bound

CYCLES = st.one_of(st.integers(1, 50).map(float), st.just(math.inf))


def shared(work: list[list[float]], parts: int) -> float:
    """The least time of the busiest core when each layer is cut in equal parts, every part put on every core."""
    cores = range(len(work[0]))
    best = math.inf
    for places in product(cores, repeat=len(work) * parts):
        loads = [0.0 for _ in cores]
        for number, core in enumerate(places):
            loads[core] += work[number // parts][core] / parts
        best = min(best, max(loads))
    return best


@given(
    st.integers(1, 3).flatmap(
        lambda cores: st.lists(st.lists(CYCLES, min_size=cores, max_size=cores), min_size=1, max_size=3)
    )
)
def test_no_placement_is_faster_than_the_bound(work: list[list[float]]) -> None:
    assert work_bound(work) <= shared(work, 2) * (1 + 1e-12)


def test_layers_that_only_one_core_may_run_are_its_load_whatever_the_others_could_do():
    only_first, anywhere = [90.0, math.inf, math.inf], [3.0, 6.0, 9.0]
    assert work_bound([only_first, anywhere]) == 90
    assert work_bound([only_first, only_first, anywhere]) == 180


def test_cores_that_may_all_run_everything_share_it():
    assert work_bound([[30.0, 30.0, 30.0], [15.0, 60.0, 15.0]]) == pytest.approx(15)
