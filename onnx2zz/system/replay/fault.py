"""What is wrong with a schedule: a sentence, with its place and time."""

from dataclasses import dataclass

from onnx2zz.system.elements import Elements, count, runs

EPS = 1e-6
"""Cycles and bits below which two numbers are the same."""
TOLD = 3
"""Runs of positions that a sentence names before the rest is left out."""


@dataclass(frozen=True)
class Fault:
    """`where`: a tile, a transfer, a core, a link or a layer; `cycle`: when it shows, None where that means nothing."""

    where: str
    what: str
    cycle: float | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def cycles(time: float) -> str:
    """A time as a sentence names it."""
    return f"{time:.10g}"


def elements_told(pieces: list[Elements], indices: tuple[str, ...]) -> str:
    """How many elements some sets have, and where the first of them lie: `12 elements (oy 3..5, ox 0, 2)`."""
    number = sum(map(count, pieces))
    first = ", ".join(f"{index.lower()} {_told(axis)}" for index, axis in zip(indices, pieces[0], strict=True))
    more = " and elsewhere" if len(pieces) > 1 else ""
    place = f" ({first}{more})" if first else ""
    return f"{number:,} element{'s' if number > 1 else ''}{place}"


def _told(axis: int) -> str:
    found = runs(axis)
    parts = [
        f"{at}" if length == 1 else f"{at}..{at + step * (length - 1)}{f' by {step}' if step > 1 else ''}"
        for at, length, step in found[:TOLD]
    ]
    return ", ".join(parts) + (" ..." if len(found) > TOLD else "")
