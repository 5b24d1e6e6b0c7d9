"""verify objects to every wrong layer: a sample here, all with `make mutation` (the table in docs/verify.md)."""

import pytest

from scripts.correctness.mutation import outcomes
from scripts.correctness.mutation_models import models

EVERY = {"conv": 13, "max pool": 11, "softmax": 17, "branches": 71}
"""Models of which a sample takes a second, and one in how many of their mutants it has."""


def assert_none_escapes(name: str, every: int) -> None:
    found = list(outcomes(name, every))
    assert any(outcome.changes for outcome in found)
    assert [outcome for outcome in found if outcome.escaped] == []


@pytest.mark.parametrize("name", EVERY)
def test_a_sample_of_mutants(name: str) -> None:
    assert_none_escapes(name, EVERY[name])


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in models() if name != "lenet5"])  # which takes half of the time
def test_every_mutant(name: str) -> None:
    assert_none_escapes(name, 1)
