"""Sequences of names that grow and shrink without being copied, against Python's list."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.frontend.known_sequence import KnownSequence, Tree

CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=120)


def depth(tree: Tree | None) -> int:
    return 1 + max(depth(tree.before), depth(tree.after)) if tree else 0


@given(st.lists(st.text("ab", max_size=3), max_size=40), CHANGES)
def test_it_holds_what_a_list_holds_and_stays_shallow(begun: list[str], changes: list[tuple[bool, int]]) -> None:
    items, known = list(begun), KnownSequence.of(begun)
    kept: list[tuple[KnownSequence, list[str]]] = []
    for number, (grows, draw) in enumerate(changes):
        kept.append((known, list(items)))
        if grows or not items:
            at = draw % (2 * len(items) + 1) - len(items)
            items.insert(at, f"item{number}")
            known = known.inserted(at, f"item{number}")
        else:
            at = draw % (2 * len(items)) - len(items)
            del items[at]
            known = known.erased(at)
        assert known.length == len(items)
        assert [known.item(n) for n in range(-len(items), len(items))] == 2 * items
        assert (known.first in items) if items else known.first == ""
        assert 2 ** depth(known.root) <= 4 * (len(items) + 1) ** 2.5  # by weight: at most 2.41 log2 deep
    for before, held in kept:
        assert list(before.items()) == held


def test_a_chain_at_one_end_stays_shallow() -> None:
    known = KnownSequence()
    for number in range(5000):
        known = known.inserted(0, str(number))
    assert depth(known.root) < 20
    assert list(known.items()) == [str(number) for number in reversed(range(5000))]
