"""One Python file while it is read: how far it has been followed, and where what was met stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from onnx2zz.conversion.python.values import Built, Function, Scope

MOST_STEPS = 200_000
DEEPEST_CALL = 30
Of = TypeVar("Of")


class RunBody(Protocol):
    """Reads the body of a function: statements.py."""

    def __call__(self, function: Function, scope: Scope, reading: "Reading") -> object: ...


@dataclass(eq=False)
class Reading:
    """One file as it is read: how much was done, how deep in calls, and who reads bodies."""

    run_body: RunBody
    steps: int = 0
    depth: int = 0
    met: list[Built] = field(default_factory=list[Built])
    lines: dict[int, tuple[object, int]] = field(default_factory=dict[int, tuple[object, int]])

    def step(self) -> bool:
        """Whether there may be another one: files that compute for ever are not followed for ever."""
        self.steps += 1
        return self.steps <= MOST_STEPS

    def deeper(self, read: Callable[[], Of]) -> Of:
        """What is read within one more call."""
        self.depth += 1
        try:
            return read()
        finally:
            self.depth -= 1

    def line_of(self, value: object, otherwise: int) -> int:
        """The line where a dictionary is written."""
        return self.lines.get(id(value), (value, otherwise))[1]
