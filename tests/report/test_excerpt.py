"""The caret stands below what a finding is about."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.report.excerpt import WIDEST, excerpt

NAMES = st.text(alphabet="abc_", min_size=1, max_size=9)


@given(st.lists(NAMES, min_size=1, max_size=40), st.data())
def test_the_caret_spans_the_word(words: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(words) - 1))
    line = ", ".join(words)
    column = len(", ".join(words[:number])) + (3 if number else 1)
    shown, caret = excerpt(f"first: 1\n{line}\n", 2, column)
    place, length = caret.index("^"), caret.count("^")
    pointed = shown[place : place + length]
    assert words[number].startswith(pointed) and pointed
    assert pointed == words[number] or len(shown) >= WIDEST
    assert len(shown) <= WIDEST + len("    2 | ")


def test_a_key_has_its_colon() -> None:
    assert excerpt("a:\n  size: 3\n", 2, 3) == ("    2 |   size: 3", "      |   ^^^^^")


def test_what_is_not_there_has_no_excerpt() -> None:
    assert excerpt("", 1, 1) == excerpt("a: 1", 3, 1) == excerpt("a: 1", 1, 9) == ()


def test_what_a_terminal_would_obey_is_shown_escaped() -> None:
    shown, caret = excerpt("\x1b[2J: x", 1, 7)
    assert "\x1b" not in shown
    assert shown[caret.index("^")] == "x"
