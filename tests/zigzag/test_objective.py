"""The one list of objectives."""

import numpy as np
import pytest
from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.stages.results import reduce_stages
from zigzag.stages.stage import Stage

from onnx2zz.zigzag.objective import LATENCY, NAMES, OBJECTIVES, Objective, ObjectiveName, objective
from onnx2zz.zigzag.reducer import MinimalObjectiveStage, reducer


def test_the_names_are_those_of_the_list_and_the_first_is_the_default():
    assert tuple(one.name for one in OBJECTIVES) == NAMES == ("latency", "energy", "EDP") and NAMES[0] == LATENCY
    assert [objective(name) for name in NAMES] == list(OBJECTIVES)


@pytest.mark.parametrize("one", OBJECTIVES, ids=lambda one: one.name)
def test_each_is_minimised_by_a_stage_of_zigzag(one: Objective):
    stage = getattr(reduce_stages, one.reducer) if one.reducer else MinimalObjectiveStage
    assert reducer(one) is stage and issubclass(stage, Stage) and one.unit


def test_numbers_and_arrays_are_combined_alike():
    energy, latency = np.array([3.0, 5.0]), np.array([7.0, 11.0])
    for one in OBJECTIVES:
        criteria = [values.tolist() for values in one.criteria(energy, latency)]
        assert list(zip(*criteria, strict=True)) == [one.criteria(3.0, 7.0), one.criteria(5.0, 11.0)]
    assert [one.value(3.0, 7.0) for one in OBJECTIVES] == [7.0, 3.0, 21.0]
    assert [one.is_latency for one in OBJECTIVES] == [True, False, False]


@pytest.mark.parametrize("name", [one.name for one in OBJECTIVES if one.reducer])
def test_our_reducer_keeps_what_zigzags_keeps(name: ObjectiveName):
    """Energies and latencies with ties: the first of the least wins, or the one with less of the second quantity."""
    prices = [(5.0, 4.0), (4.0, 5.0), (2.0, 10.0), (4.0, 5.0), (10.0, 2.0), (2.0, 11.0), (11.0, 2.0)]

    class Priced(Stage):
        def run(self):
            for energy, latency in prices:
                evaluation = object.__new__(CostModelEvaluation)
                evaluation.energy_total, evaluation.latency_total2 = energy, latency
                yield evaluation, None

        def is_leaf(self) -> bool:
            return True

    ((expected, _),) = reducer(objective(name))([Priced], search_objective=name).run()
    ((found, others),) = MinimalObjectiveStage([Priced], search_objective=name).run()
    assert (found.energy_total, found.latency_total2) == (expected.energy_total, expected.latency_total2)
    assert others == []
