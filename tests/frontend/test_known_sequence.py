"""Sequences known by name, against Python's lists."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.frontend.known_sequence import KnownSequence


@given(st.lists(st.text("abc", min_size=1, max_size=2), max_size=4), st.data())
def test_a_sequence_grows_and_shrinks_as_a_list_does(begun: list[str], data: st.DataObject) -> None:
    known, plain = KnownSequence.of(begun), list(begun)
    for step in range(data.draw(st.integers(0, 8))):
        if plain and data.draw(st.booleans()):
            at = data.draw(st.integers(-len(plain), len(plain) - 1))
            known = known.erased(at)
            del plain[at]
        else:
            at = data.draw(st.integers(-len(plain), len(plain)))
            known = known.inserted(at, f"new{step}")
            plain.insert(at, f"new{step}")
        assert known.length == len(plain)
        assert list(known.items()) == plain
    assert bool(known.first) == bool(plain)
