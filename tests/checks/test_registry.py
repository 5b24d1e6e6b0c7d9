"""The checks as objects: every code once, every exception of ZigZag with one likeliest cause."""

from collections import Counter

import pytest

from onnx2zz.checks.check import Check, Predicts
from onnx2zz.checks.finding import SEVERITIES
from onnx2zz.checks.prediction import suspects_of
from onnx2zz.checks.registry import checks, rules
from onnx2zz.zigzag.predict import Raised
from tests.checks.test_families import BROKEN, SOUND, judged

CODES = {
    "old-schema", "memory-order", "missing-field", "unknown-field", "port-undeclared", "port-direction", "port-width",
    "no-common-level", "no-memory", "capacity", "served-dimension", "mapping-dim", "mapping-overfull",
    "low-utilization", "name-clash", "operand-order", "input-based-relation", "missing-padding", "size-mismatch",
    "bad-source", "unread-output", "not-in-model", "equation", "operator-type", "yaml", "many-heads",
    "cost", "value", "temporal-ordering", "recurrent-step",
}  # fmt: skip
"""Users and their scripts know them by these names."""


def test_no_code_is_lost_or_renamed() -> None:
    assert checks().keys() >= CODES


def test_every_code_is_found_by_a_rule_but_those_that_only_zigzag_knows() -> None:
    ruled = {code for codes in rules().values() for code in codes}
    assert checks().keys() - ruled == {"value", "many-heads"}


def test_an_exception_has_one_likeliest_cause() -> None:
    known = [(one.words, one.stage, one.likeliest) for check in checks().values() for one in check.exceptions]
    likeliest = Counter((words, stage) for words, stage, is_likeliest in known if is_likeliest)
    assert set(likeliest.values()) == {1}
    assert set(likeliest) == {(words, stage) for words, stage, _ in known}


@pytest.mark.parametrize(
    ("kind", "message", "stage", "codes"),
    [
        ("KeyError", "I1", "locality", ["input-based-relation", "no-memory", "operand-order"]),
        ("KeyError", "D3", "layer", ["mapping-dim"]),
        ("KeyError", "Z", "layer", ["equation", "mapping-dim", "missing-field", "size-mismatch", "temporal-ordering"]),
        ("ValueError", "factorial() not defined for negative values", "layer", ["temporal-ordering"]),
        ("OSError", "of no known words", "layer", ["capacity", "mapping-dim"]),
        ("OSError", "of no known words", "accelerator", ["missing-field"]),
    ],
)
def test_the_longest_known_words_of_an_exception_say_what_is_behind_it(
    kind: str, message: str, stage: str, codes: list[str]
) -> None:
    first, *others = [check.code for check in suspects_of(Raised(stage, kind, message))]
    assert [first, *sorted(others)] == codes


@pytest.mark.parametrize(("kind", "old", "new"), [broken[:3] for broken in BROKEN])
def test_no_rule_is_graver_than_its_check(kind: str, old: str, new: str) -> None:
    for one in judged(**{kind: SOUND[kind].replace(old, new, 1)}):
        assert SEVERITIES.index(one.severity) >= SEVERITIES.index(checks()[one.code].severity), one


def test_a_check_that_nothing_finds_cannot_be_made() -> None:
    with pytest.raises(AssertionError, match="nothing finds odd"):
        Check(code="odd", severity="note", meaning="", zigzag="", way_out="")


def test_an_exception_is_known_by_its_words_or_its_stage() -> None:
    with pytest.raises(AssertionError, match="by its words or by its stage"):
        Predicts("KeyError", stage="layer")
