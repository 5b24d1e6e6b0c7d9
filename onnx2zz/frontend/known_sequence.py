"""A sequence (or optional) whose elements are known by name.

A chain of SequenceInsert makes a sequence a node, each an element longer than the one before. None may change those
before it, and none may be a copy: a chain of n nodes would hold n²/2 names. So a sequence is a tree whose branches it
shares with those that follow, balanced by weight (Adams, "Efficient sets: a balancing act", 1993): an element is found,
put in or taken out in as many steps as the tree is deep.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEAVIER = 3
"""A branch at most so many times as heavy as its sibling (the pair 3, 2 is proven to keep the balance)."""
TWICE = 2
"""Where the inner branch is so many times as heavy as the outer one, it becomes the root."""


@dataclass(frozen=True, slots=True)
class Tree:
    """An element, those before it and those after it."""

    item: str
    before: "Tree | None" = None
    after: "Tree | None" = None
    length: int = 1


@dataclass(frozen=True, slots=True)
class KnownSequence:
    """The names of the elements, in order."""

    root: Tree | None = None

    @staticmethod
    def of(items: Sequence[str]) -> "KnownSequence":
        """A sequence of tensors."""
        return KnownSequence(_grown(items, 0, len(items)))

    @property
    def length(self) -> int:
        """How many elements there are."""
        return _length(self.root)

    @property
    def first(self) -> str:
        """An element, whichever is at hand: all are of one type. "" if there is none."""
        return self.root.item if self.root else ""

    def inserted(self, at: int, item: str) -> "KnownSequence":
        """With an element before position `at`; a negative position counts from the end (ONNX page SequenceInsert)."""
        return KnownSequence(_inserted(self.root, at + self.length if at < 0 else at, item))

    def erased(self, at: int) -> "KnownSequence":
        """Without the element at a position (ONNX page SequenceErase)."""
        return KnownSequence(_erased(self.root, at % self.length))

    def item(self, at: int) -> str:
        """The element at a position; a negative one counts from the end. Raises IndexError."""
        if not -self.length <= at < self.length:
            raise IndexError(at)
        tree, at = self.root, at % self.length
        while tree is not None and at != (here := _length(tree.before)):
            tree, at = (tree.before, at) if at < here else (tree.after, at - here - 1)
        assert tree is not None, "a position inside has an element"
        return tree.item

    def items(self) -> Sequence[str]:
        """The elements in order."""
        return tuple(_items(self.root))


def _length(tree: Tree | None) -> int:
    return tree.length if tree else 0


def _tree(before: Tree | None, item: str, after: Tree | None) -> Tree:
    return Tree(item, before, after, _length(before) + 1 + _length(after))


def _grown(items: Sequence[str], begin: int, end: int) -> Tree | None:
    if begin == end:
        return None
    middle = (begin + end) // 2
    return _tree(_grown(items, begin, middle), items[middle], _grown(items, middle + 1, end))


def _items(tree: Tree | None) -> Iterator[str]:
    """In order; the trees whose elements before are on their way wait on a stack."""
    waiting: list[Tree] = []
    while tree is not None or waiting:
        while tree is not None:
            waiting.append(tree)
            tree = tree.before
        tree = waiting.pop()
        yield tree.item
        tree = tree.after


def _inserted(tree: Tree | None, at: int, item: str) -> Tree:
    if tree is None:
        return Tree(item)
    here = _length(tree.before)
    if at <= here:
        return _balanced(_inserted(tree.before, at, item), tree.item, tree.after)
    return _balanced(tree.before, tree.item, _inserted(tree.after, at - here - 1, item))


def _erased(tree: Tree | None, at: int) -> Tree | None:
    assert tree is not None, "a position inside has an element"
    here = _length(tree.before)
    if at < here:
        return _balanced(_erased(tree.before, at), tree.item, tree.after)
    if at > here:
        return _balanced(tree.before, tree.item, _erased(tree.after, at - here - 1))
    if tree.after is None:
        return tree.before
    follower = next(_items(tree.after))
    return _balanced(tree.before, follower, _erased(tree.after, 0))


def _balanced(before: Tree | None, item: str, after: Tree | None) -> Tree:
    """The tree of both branches, of which one may be an element heavier, or lighter, than it was in balance.

    The root goes over to the light side; what moves up into its place is the child of the heavy side, or that child's
    inner child where all the weight is there and would only change sides with it.
    """
    light, heavy = sorted((_length(before), _length(after)))
    if light + heavy <= 1 or heavy <= HEAVIER * light:
        return _tree(before, item, after)
    if after is not None and after.length == heavy:
        inner = after.before
        if inner is None or inner.length < TWICE * _length(after.after):
            return _tree(_tree(before, item, inner), after.item, after.after)
        return _tree(_tree(before, item, inner.before), inner.item, _tree(inner.after, after.item, after.after))
    assert before is not None, "the heavy side has elements"
    inner = before.after
    if inner is None or inner.length < TWICE * _length(before.before):
        return _tree(before.before, before.item, _tree(inner, item, after))
    return _tree(_tree(before.before, before.item, inner.before), inner.item, _tree(inner.after, item, after))
