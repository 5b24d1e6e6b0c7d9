"""A sequence (or optional) whose elements are known by name, and how it grew.

A chain of SequenceInsert makes a sequence a node, each an element longer than the one before: they share what they have
in common, and only who reads elements writes them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownSequence:
    """Elements that stand from the beginning, or a sequence before and what became of it.

    `at`: the position where `item` comes in; without an item, the one that goes.
    """

    length: int
    begun: tuple[str, ...] = ()
    before: "KnownSequence | None" = None
    at: int = 0
    item: str = ""

    @staticmethod
    def of(items: Sequence[str]) -> "KnownSequence":
        """A sequence of tensors."""
        return KnownSequence(len(items), tuple(items))

    def inserted(self, at: int, item: str) -> "KnownSequence":
        """With an element before position `at`; a negative position counts from the end (ONNX page SequenceInsert)."""
        at = at + self.length if at < 0 else at
        return KnownSequence(self.length + 1, before=self, at=at, item=item)

    def erased(self, at: int) -> "KnownSequence":
        """Without the element at a position (ONNX page SequenceErase)."""
        return KnownSequence(self.length - 1, before=self, at=at % self.length)

    @property
    def first(self) -> str:
        """An element, whichever is found at once: all are of one type. "" if there is none."""
        one: KnownSequence | None = self
        while one is not None and self.length:
            if one.item or one.begun:
                return one.item or one.begun[0]
            one = one.before
        return ""

    def items(self) -> Sequence[str]:
        """The elements in order."""
        if self.before is None:
            return self.begun
        steps: list[KnownSequence] = []
        one = self
        while one.before is not None:
            steps.append(one)
            one = one.before
        items = list(one.begun)
        for step in reversed(steps):
            if step.item:
                items.insert(step.at, step.item)
            else:
                del items[step.at]
        return items
