"""Repeated blocks are found by what the layers are."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.formats.blocks import Block, blocks_of, shown_once


def test_a_decoder_between_its_ends_is_found() -> None:
    kinds = [*"eabp", *"nqkkvsof" * 32, *"nh"]
    assert blocks_of(kinds) == (Block(4, 8, 32),)


def test_layers_of_a_kind_inside_a_block_are_part_of_it() -> None:
    assert blocks_of([*"aab" * 3]) == (Block(0, 3, 3),)


def test_several_stages_are_blocks_of_their_own() -> None:
    assert blocks_of([*"s", *"ab" * 3, *"t", *"cd" * 4, *"h"]) == (Block(1, 2, 3), Block(8, 2, 4))


def test_where_nothing_comes_again_there_is_no_block() -> None:
    assert blocks_of([*"abcdef"]) == () and blocks_of([*"aa"]) == () and blocks_of([]) == ()


def test_one_layer_three_times_is_a_block() -> None:
    assert blocks_of([*"xaaay"]) == (Block(1, 1, 3),)
    assert str(Block(1, 1, 3)) == "3 x block of 1 layer" and str(Block(0, 36, 32)) == "32 x block of 36 layers"


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_every_block_is_one_and_none_overlaps(kinds: list[str]) -> None:
    place = 0
    for block in blocks_of(kinds):
        assert block.first >= place and block.times > 1
        one = kinds[block.first : block.first + block.layers]
        assert kinds[block.first : block.end] == one * block.times
        place = block.end
    assert place <= len(kinds)


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_what_is_shown_once_stands_for_all(kinds: list[str]) -> None:
    told: list[str] = []
    for block, items in shown_once(kinds, blocks_of(kinds)):
        told += [*items] * (block.times if block else 1)
    assert told == kinds
