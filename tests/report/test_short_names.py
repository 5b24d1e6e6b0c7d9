"""Names on a narrow screen: what tells them apart stays."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.report.short_names import short_names

WORD = st.sampled_from(["model", "layers", "attn", "qkv", "MatMul", "mlp", "0", "17"])
WORDS = st.lists(WORD, min_size=1, max_size=9)


def test_what_all_begin_with_goes_first_and_whole_words() -> None:
    names = ["L0_model.layers.0.attn.qkv", "L1_model.layers.0.attn.out", "L2_model.layers.0.mlp.up"]
    assert short_names(names, 20) == ["L0_…attn.qkv", "L1_…attn.out", "L2_…mlp.up"]


def test_a_name_that_fits_stays_as_it_is() -> None:
    assert short_names(["L0_model.layers.0.attn.qkv", "L1_relu"], 16) == ["L0_…s.0.attn.qkv", "L1_relu"]


def test_the_end_stays_where_common_words_are_not_enough() -> None:
    assert short_names(["L3_one.long.name.of.a.layer", "L4_another.name.altogether"], 12) == [
        "L3_….a.layer",
        "L4_…together",
    ]


@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(8, 40))
def test_no_name_is_wider_than_its_column_nor_shorter_than_need_be(words: list[list[str]], width: int) -> None:
    names = [f"L{number}_{'.'.join(one)}" for number, one in enumerate(words)]
    shown = short_names(names, width)
    assert all(len(one) <= width for one in shown)
    assert all(s == n for s, n in zip(shown, names, strict=True) if len(n) <= width)
    assert len(set(shown)) == len(names)
    assert all(s == n or n.endswith(s.split("…")[1]) for s, n in zip(shown, names, strict=True))


def test_a_name_that_is_what_all_begin_with_is_still_a_name() -> None:
    names = ["L0_model/layers/attention/", "L1_model/layers/attention/out"]
    assert short_names(names, 16) == ["L0_…s/attention/", "L1_…out"]
