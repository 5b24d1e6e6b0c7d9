"""Ties: the first of the best stays, as in ZigZag's reducers, also across chunks."""

from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zigzag.stages.results import reduce_stages
from zigzag.stages.stage import Stage

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.search.objective import Candidate, better, first_best

from .exhaustive import REDUCERS

prices = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=12)


class Evaluation(SimpleNamespace):
    """Has what the reducers look at."""


@pytest.mark.parametrize("objective", REDUCERS)
@given(prices=prices, cut=st.integers(0, 12))
def test_first_of_the_best(objective: ObjectiveName, prices: list[tuple[int, int]], cut: int) -> None:
    halves = [half for half in (range(len(prices))[:cut], range(len(prices))[cut:]) if half]
    winners = [_winner(objective, half, prices) for half in halves]
    best = winners[0]
    for winner in winners[1:]:
        best = winner if better(objective, winner, best) else best
    assert best.rank == _reduced(objective, prices)


def _winner(objective: ObjectiveName, ranks: range, prices: list[tuple[int, int]]) -> Candidate:
    energy, latency = np.array([prices[rank] for rank in ranks], dtype=float).T
    rank = ranks[first_best(objective, energy, latency)]
    return Candidate(rank, (), *prices[rank])


def _reduced(objective: ObjectiveName, prices: list[tuple[int, int]]) -> int:
    class Replay(Stage):
        def is_leaf(self) -> bool:
            return True

        def run(self) -> Generator[tuple[Any, None], None, None]:
            for rank, (energy, latency) in enumerate(prices):
                yield Evaluation(rank=rank, energy_total=energy, latency_total2=latency), None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reduce_stages, "CostModelEvaluation", Evaluation)
        ((best, _),) = REDUCERS[objective]([Replay]).run()
    assert isinstance(best, Evaluation)
    return best.rank
