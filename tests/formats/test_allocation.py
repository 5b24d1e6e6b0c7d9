"""Lists of words that are allocations."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.files.document import Value
from onnx2zz.formats.allocation import DIRECTIONS, OPERANDS, joined, with_joined_allocations
from tests.checks.test_families import ACCELERATOR

PAIRS = st.lists(st.tuples(st.sampled_from(OPERANDS), st.sampled_from(DIRECTIONS)), min_size=1, max_size=6)


@given(PAIRS)
def test_words_pairs_and_texts_say_the_same(pairs: list[tuple[str, str]]) -> None:
    meant = [f"{operand}, {direction}" for operand, direction in pairs]
    in_words = f"[{', '.join(word for pair in pairs for word in pair)}]"
    in_pairs = f"[{', '.join(f'[{operand}, {direction}]' for operand, direction in pairs)}]"
    unspaced = [f"{operand},{direction}" for operand, direction in pairs]
    for written in (yaml.safe_load(in_words), yaml.safe_load(in_pairs), unspaced, meant):
        assert joined(written) == meant


@pytest.mark.parametrize("written", [["I1"], ["I1", "up"], ["tl", "I1"], [], None, [{"I1": "tl"}], ["H, tl"], 3])
def test_what_cannot_be_meant_stays_as_it_is(written: Value) -> None:
    assert joined(written) is written


def test_an_accelerator_in_words_is_the_one_in_texts() -> None:
    in_words = yaml.safe_load(ACCELERATOR.replace('"', ""))
    assert in_words != yaml.safe_load(ACCELERATOR)
    assert with_joined_allocations(in_words) == yaml.safe_load(ACCELERATOR)
    ships = yaml.safe_load(ACCELERATOR)
    assert with_joined_allocations(ships) is ships
