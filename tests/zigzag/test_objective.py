"""The one list of objectives."""

import numpy as np
import pytest
from zigzag.stages.results import reduce_stages

from onnx2zz.zigzag.objective import LATENCY, NAMES, OBJECTIVES, Objective, objective


def test_the_names_are_those_of_the_list_and_the_first_is_the_default():
    assert tuple(one.name for one in OBJECTIVES) == NAMES == ("latency", "energy", "EDP") and NAMES[0] == LATENCY
    assert [objective(name) for name in NAMES] == list(OBJECTIVES)


@pytest.mark.parametrize("one", OBJECTIVES, ids=lambda one: one.name)
def test_each_is_minimised_by_a_stage_of_zigzag(one: Objective):
    assert issubclass(getattr(reduce_stages, one.reducer), reduce_stages.Stage) and one.unit


def test_numbers_and_arrays_are_combined_alike():
    energy, latency = np.array([3.0, 5.0]), np.array([7.0, 11.0])
    for one in OBJECTIVES:
        criteria = [values.tolist() for values in one.criteria(energy, latency)]
        assert list(zip(*criteria, strict=True)) == [one.criteria(3.0, 7.0), one.criteria(5.0, 11.0)]
    assert [one.value(3.0, 7.0) for one in OBJECTIVES] == [7.0, 3.0, 21.0]
    assert [one.is_latency for one in OBJECTIVES] == [True, False, False]
