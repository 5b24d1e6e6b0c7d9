"""What a user is told when the input is at fault: one sentence a problem, all independent problems at once."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

from onnx2zz.printable import printable


@dataclass(frozen=True)
class Problem:
    """One fault of the input: where it is (file, node, line), what it is, and the way out."""

    where: str
    what: str
    way_out: str = ""

    def __str__(self) -> str:
        where, what, way_out = printable(self.where, 300), printable(self.what), printable(self.way_out)
        sentence = f"{where}: {what}" if where else what
        return f"{sentence}; {way_out}" if way_out else sentence


class InputError(Exception):
    """The input cannot be used (exit code 1). Carries every problem that was found before giving up."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type["InputError"], tuple[tuple[Problem, ...]]]:
        return InputError, (self.problems,)  # from a worker process it comes with its problems, not their text


class IncompleteResult(UserWarning):
    """A result lacks something: layers without a price, or multiply-accumulates that were left to the host."""


@contextmanager
def noted_in(problems: list[Problem]) -> Generator[None]:
    """Append the problems of an InputError to `problems` and go on after the block, to find the independent ones."""
    try:
        yield
    except InputError as error:
        problems.extend(error.problems)


def raise_if_any(problems: Iterable[Problem]) -> None:
    """Raise an InputError that carries `problems`, if there are any."""
    if found := tuple(problems):
        raise InputError(found)


class BrokenLawError(Exception):
    """A workload contradicts the graph that it was made from: a bug of onnx2zz, whatever the input."""
