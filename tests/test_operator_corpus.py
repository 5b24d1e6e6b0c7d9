"""ONNX's own tests of its operators: compiled, judged, and run where they are exact (scripts/correctness/corpus)."""

import pytest

from scripts.correctness.corpus.cases import Case, cases, folder_cases
from scripts.correctness.corpus.judge import judge

OPEN = {"simple/test_sequence_model8"}  # its input's shape is open


@pytest.mark.parametrize("case", list(folder_cases()), ids=lambda case: case.name)
def test_models_of_the_wheel(case: Case) -> None:
    verdict = judge(case)
    assert verdict.problems == ()
    assert (verdict.outcome == "refused") == (case.name in OPEN)


@pytest.mark.long
def test_every_form_of_every_operator() -> None:
    """Any error that is not an InputError's sentence ends the test."""
    verdicts = [judge(case) for case in cases()]
    assert [(v.case.label, v.problems) for v in verdicts if v.problems] == []
    refused = {verdict.case.name for verdict in verdicts if verdict.outcome == "refused"}
    grids = {name for name in refused if name.startswith("test_affine_grid_")}  # products of a shape that data decides
    # Their windows are values of inputs: there are no loops without them.
    windows = {name for name in refused if name.startswith(("test_col2im", "test_stft"))}
    assert refused - grids - windows == OPEN
    assert sum(verdict.outcome == "proven" for verdict in verdicts) > len(verdicts) / 2
