"""A precision as users give it: a word, or bits by operand."""

import pytest

from onnx2zz.lowering.options import WIDTHS, Precision, as_precision


def test_the_operands_with_a_width_are_zigzags() -> None:
    assert WIDTHS == ("W", "I", "O", "O_final")


def test_a_word_stands_for_a_precision() -> None:
    assert as_precision("int8") == Precision(8, 8, 16, 8) and as_precision("native").native


def test_what_a_mapping_leaves_out_keeps_its_width() -> None:
    assert as_precision({"W": 4, "O_final": 9}) == Precision(W=4, I=8, O=16, O_final=9)


@pytest.mark.parametrize("given", ["int4", None, {"X": 4}, {"W": -1}, {"W": "4"}, {"native": True}])
def test_nothing_else_is_a_precision(given: object) -> None:
    with pytest.raises(ValueError):
        as_precision(given)
